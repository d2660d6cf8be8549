#include <array>

#include "cases.hpp"

// Guests that end themselves, and the two modules that WASI is imported from. The rest of WASI is
// tested with WASI.

namespace wapc::conformance {
namespace {

constexpr std::array<std::string_view, 4> kStarts{"section", "_start", "_initialize", "wapc_init"};

struct Edition {
  std::string_view name;  // In names of cases.
  std::string_view guest;
};

constexpr std::array<Edition, 2> kEditions{{
    {"preview1", "puppet_wasi"},
    {"unstable", "puppet_wasi_unstable"},
}};

std::vector<SeenCall> asked_up_to(std::string_view last) {
  std::vector<SeenCall> calls;
  for (const auto start : kStarts) {
    calls.push_back({"puppet", "start", std::string{start}, "", std::nullopt});
    if (start == last) break;
  }
  return calls;
}

/// `_start` becomes `start`, `_initialize` `initialize`.
std::string_view as_name(std::string_view start) {
  return start.starts_with('_') ? start.substr(1) : start;
}

Case exiting(const Edition& edition, std::string_view start, std::uint32_t code,
             Expected expected) {
  expected.host_calls = asked_up_to(expected.failure ? start : "wapc_init");
  return {.name = "proc_exit_" + std::to_string(code) + "_from_" + std::string{as_name(start)} +
                  "_" + std::string{edition.name},
          .row = code == 0 ? "`proc_exit(0)` from `_start`"
                           : "`proc_exit(n)`, n not 0, from a start function",
          .guest = std::string{edition.guest},
          .setup = {.scripts = {{std::string{start}, Script{}.say(Verb::exit, {code}).bytes()}}},
          .start = std::move(expected)};
}

Case in_a_call(const Edition& edition, std::string name, std::string row, const Script& script,
               Expected expected) {
  return {.name = std::move(name) + "_" + std::string{edition.name},
          .row = std::move(row),
          .guest = std::string{edition.guest},
          .start = {.host_calls = asked_up_to("wapc_init")},
          .steps = {does(script, std::move(expected))}};
}

}  // namespace

void add_wasi_cases(Cases& cases) {
  for (const auto& edition : kEditions) {
    for (const auto start : {"_start", "_initialize", "wapc_init"}) {
      cases.push_back(exiting(edition, start, 0, {}));
      cases.push_back(
          exiting(edition, start, 3,
                  mentioning(fails(Errc::init_failed), {start, "the guest exited with code 3"})));
    }
    // Without an instance there is nothing that could go on.
    cases.push_back(
        exiting(edition, "section", 3,
                mentioning(fails(Errc::init_failed), {"the guest exited with code 3"})));
    for (const auto code : {0U, 7U}) {
      cases.push_back(in_a_call(
          edition, "proc_exit_" + std::to_string(code) + "_in_a_call", "`proc_exit` during a call",
          Script{}.response("dropped").say(Verb::exit, {code}),
          breaks(Errc::trapped, "the guest exited with code " + std::to_string(code))));
    }
    cases.push_back(in_a_call(edition, "standard_output_is_logged",
                              "`wasi_unstable` as well as `wasi_snapshot_preview1`",
                              Script{}.print("one\ntwo\n").print("three").response("ok"),
                              logging(answers("ok"), {{LogSource::standard_output, "one"},
                                                      {LogSource::standard_output, "two"},
                                                      {LogSource::standard_output, "three"}})));
    auto printing = in_a_call(
        edition, "printed_lines_beyond_the_limit", "what is printed counts with what is logged",
        Script{}.log("1").print("2\n"),
        logging(breaks(Errc::limit_exceeded, "the guest logged more than 1 lines in one call"),
                {{LogSource::console, "1"}}));
    printing.setup.call_limits.log_lines = 1;
    cases.push_back(std::move(printing));
  }
}

}  // namespace wapc::conformance
