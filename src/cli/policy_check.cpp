#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/policy_file.hpp"
#include "cli/text.hpp"

// wapc policy check FILE

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"--(Examples:
  wapc policy check policy.toml
  wapc policy check policy.toml --json | jq -r '.faults[] | "\(.line): \(.message)"')--";

struct Arguments {
  std::string file;
  bool json = false;
};

std::string_view denial_name(OnDenial denial) {
  return denial == OnDenial::end_call ? "end_call" : "error";
}

std::string describe(const Policy& policy, const std::string& path) {
  auto text = fmt::format("{}: {}\n", printable(path), counted(policy.guests.size(), "guest"));
  for (const auto& guest : policy.guests) {
    text += fmt::format("  {}: {} to allow, {} to deny; at a denial: {}\n", in_quotes(guest.guest),
                        counted(guest.allow.size(), "rule"), guest.deny.size(),
                        denial_name(guest.on_denial));
  }
  return text;
}

nlohmann::json to_json(const Policy& policy) {
  auto guests = nlohmann::json::array();
  for (const auto& guest : policy.guests) {
    guests.push_back({{"guest", guest.guest},
                      {"on_denial", denial_name(guest.on_denial)},
                      {"allow", guest.allow.size()},
                      {"deny", guest.deny.size()},
                      {"directories", guest.wasi.directories.size()}});
  }
  return {{"ok", true}, {"guests", std::move(guests)}};
}

nlohmann::json to_json(const Problem& problem, const std::vector<PolicyFault>& faults) {
  auto list = nlohmann::json::array();
  for (const auto& fault : faults) {
    list.push_back({{"line", fault.line}, {"column", fault.column}, {"message", fault.message}});
  }
  return {{"ok", false}, {"error", cli::to_json(problem)}, {"faults", std::move(list)}};
}

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  const auto text = read_policy_file(arguments.file);
  if (!text) {
    if (!arguments.json) return std::unexpected{text.error()};
    WAPC_CHECK(streams.out(json_text(to_json(text.error(), {}))));
    return text.error().exit;
  }
  const auto policy = parse_policy(*text, arguments.file);
  if (policy) {
    WAPC_CHECK(streams.out(arguments.json ? json_text(to_json(*policy))
                                          : describe(*policy, arguments.file)));
    return ExitCode::ok;
  }
  auto said = problem(policy.error());
  if (!arguments.json) return std::unexpected{std::move(said)};
  WAPC_CHECK(streams.out(json_text(to_json(said, faults_in_policy(*text)))));
  return said.exit;
}

}  // namespace

Command policy_check_command(CLI::App& policy) {
  auto* app = policy.add_subcommand("check", "Tell what is wrong in a policy");
  const auto arguments = std::make_shared<Arguments>();
  app->add_option("FILE", arguments->file, "The policy")->required()->type_name("");
  app->add_flag("--json", arguments->json, "Print one JSON object");
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app,
          .run = [arguments](Streams& streams) { return run(*arguments, streams); },
          .json = [arguments] { return arguments->json; }};
}

}  // namespace wapc::cli
