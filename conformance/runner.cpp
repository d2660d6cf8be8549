#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fnmatch.h>
#include <nlohmann/json.hpp>

#include "compare.hpp"
#include "language_cases.hpp"
#include "wapc/conformance/suite.hpp"
#include "wapc/providers/builtin.hpp"

// The program wapc_conformance: runs the suite on an engine, or shows how another host differs.

namespace wapc::conformance {
namespace {

using nlohmann::json;

struct Options {
  std::string engine;
  std::string filter = "*";
  std::string guests;
  std::string command;
  std::chrono::milliseconds patience{3000};
  bool list = false;
  bool as_json = false;
};

/// A case, and where its guests come from.
struct Chosen {
  const Case* test;
  GuestSource guests;
};

std::vector<Chosen> chosen(const Options& options) {
  std::vector<Chosen> all;
  const auto add = [&](const Case& test, const GuestSource& guests) {
    if (::fnmatch(options.filter.c_str(), test.name.c_str(), 0) == 0) {
      all.push_back({&test, guests});
    }
  };
  for (const auto& test : cases()) add(test, webassembly_guest);
  if (options.guests.empty()) return all;
  const auto guests = guests_in(options.guests);
  for (const auto& test : language_cases()) {
    if (guests(test.guest)) add(test, guests);  // What is not built there is not meant.
  }
  return all;
}

void print(const json& rows) {
  std::printf("%s\n", rows.dump(2).c_str());
}

int list(const Options& options) {
  auto rows = json::array();
  for (const auto& [test, guests] : chosen(options)) {
    if (options.as_json) {
      rows.push_back({{"case", test->name}, {"row", test->row}, {"guest", test->guest}});
    } else {
      std::printf("%-60s %s\n", test->name.c_str(), test->row.c_str());
    }
  }
  if (options.as_json) print(rows);
  return 0;
}

/// Runs the cases on one engine; whether none failed.
bool run_on(const Engine& engine, const Options& options, json& rows) {
  Totals totals;
  for (const auto& [test, guests] : chosen(options)) {
    const auto outcome = run(*test, engine, guests);
    ++(outcome.verdict == Verdict::passed   ? totals.passed
       : outcome.verdict == Verdict::failed ? totals.failed
                                            : totals.skipped);
    const std::string verdict{to_string(outcome.verdict)};
    if (options.as_json) {
      rows.push_back({{"engine", engine.info().name},
                      {"case", test->name},
                      {"row", test->row},
                      {"verdict", verdict},
                      {"reason", outcome.reason}});
    } else if (outcome.verdict != Verdict::passed) {
      std::printf("%s: %s: %s: %s\n", engine.info().name.c_str(), test->name.c_str(),
                  verdict.c_str(), outcome.reason.c_str());
    }
  }
  if (!options.as_json) {
    std::printf("%s: %zu passed, %zu failed, %zu skipped\n", engine.info().name.c_str(),
                totals.passed, totals.failed, totals.skipped);
  }
  return totals.failed == 0;
}

int run_engines(const Options& options) {
  auto rows = json::array();
  bool good = true;
  bool any = false;
  for (const auto& builtin : builtin_engines()) {
    if (!options.engine.empty() && builtin.name != options.engine) continue;
    any = true;
    const auto engine = builtin.make();
    if (!engine) throw std::runtime_error{engine.error().message()};
    good = run_on(**engine, options, rows) && good;
  }
  if (!any) throw std::runtime_error{make_builtin_engine(options.engine).error().message()};
  if (options.as_json) print(rows);
  return good ? 0 : 1;
}

/// Cases that differ in the same way stand together.
void print_table(const std::map<std::string, std::vector<std::string>>& by_difference) {
  for (const auto& [difference, names] : by_difference) {
    std::printf("%s\n", difference.c_str());
    for (const auto& name : names) std::printf("    %s\n", name.c_str());
  }
}

int compare_all(const Options& options) {
  auto rows = json::array();
  std::map<std::string, std::vector<std::string>> by_difference;
  std::size_t same = 0;
  std::size_t different = 0;
  std::size_t not_comparable = 0;
  for (const auto& [test, guests] : chosen(options)) {
    const auto compared = compare(*test, options.command, guests, options.patience);
    ++(!compared.not_comparable.empty() ? not_comparable
       : compared.differences.empty()   ? same
                                        : different);
    for (const auto& difference : compared.differences) {
      by_difference[difference].push_back(test->name);
    }
    rows.push_back({{"case", test->name},
                    {"row", test->row},
                    {"differences", compared.differences},
                    {"not_comparable", compared.not_comparable}});
  }
  if (options.as_json) {
    print(rows);
    return 0;
  }
  print_table(by_difference);
  std::printf("%zu the same, %zu different, %zu not comparable\n", same, different, not_comparable);
  return 0;
}

int run_program(int argc, char** argv) {
  CLI::App app{
      "Holds an engine to the waPC protocol, or shows how another host differs.\n"
      "Example: wapc_conformance --engine wasm3 --filter 'host_call_*'"};
  Options options;
  std::size_t patience = 3000;
  app.add_option("--engine", options.engine, "Run on this engine only");
  app.add_option("--filter", options.filter, "Only cases whose name matches this pattern");
  app.add_option("--guests", options.guests,
                 "Also the guests of other languages, from this directory");
  app.add_option("--command", options.command,
                 "Compare with the host behind this command (conformance/peers/README.md)");
  app.add_option("--patience", patience, "Milliseconds to wait for an answer of that host");
  app.add_flag("--list", options.list, "List the cases");
  app.add_flag("--json", options.as_json, "Print JSON");
  CLI11_PARSE(app, argc, argv);
  options.patience = std::chrono::milliseconds{patience};
  if (chosen(options).empty()) {
    std::fprintf(stderr, "wapc_conformance: no case matches --filter '%s'\n",
                 options.filter.c_str());
    return 2;
  }
  if (options.list) return list(options);
  return options.command.empty() ? run_engines(options) : compare_all(options);
}

}  // namespace
}  // namespace wapc::conformance

int main(int argc, char** argv) {
  try {
    return wapc::conformance::run_program(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "wapc_conformance: %s\n", e.what());
    return 2;
  }
}
