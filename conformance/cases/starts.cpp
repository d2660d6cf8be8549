#include <array>
#include <utility>

#include "cases.hpp"

// The start section and the start functions: in which order, what they may do, and how they fail.

namespace wapc::conformance {
namespace {

constexpr std::array<std::string_view, 4> kStarts{"section", "_start", "_initialize", "wapc_init"};
constexpr auto kAt = kScratchAt + 0x5000;

using Scripts = std::vector<std::pair<std::string, Bytes>>;

SeenCall asking(std::string_view start) {
  return {"puppet", "start", std::string{start}, "", std::nullopt};
}

/// What is seen of start functions up to the one called `last`, each asking for its script.
std::vector<SeenCall> asked_up_to(std::string_view last) {
  std::vector<SeenCall> calls;
  for (const auto start : kStarts) {
    calls.push_back(asking(start));
    if (start == last) break;
  }
  return calls;
}

std::string as_name(std::string_view start) {
  return start == "section"       ? "the_start_section"
         : start == "_start"      ? "start"
         : start == "_initialize" ? "initialize"
                                  : "wapc_init";
}

/// A guest whose start function `start` does `script`, and that fails; host calls of the script
/// itself stand in `expected`.
Case failing(std::string name, std::string row, std::string_view start, const Script& script,
             Expected expected) {
  const auto calls = asked_up_to(start);
  expected.host_calls.insert(expected.host_calls.begin(), calls.begin(), calls.end());
  return {.name = std::move(name) + as_name(start),
          .row = std::move(row),
          .guest = "puppet_starts",
          .setup = {.scripts = {{std::string{start}, script.bytes()}}},
          .start = std::move(expected)};
}

/// A guest whose start functions do `scripts` and succeed.
Case starting(std::string name, std::string_view row, Scripts scripts, std::vector<Step> steps,
              std::vector<SeenCall> calls = asked_up_to("wapc_init")) {
  return {.name = std::move(name),
          .row = std::string{row},
          .guest = "puppet_starts",
          .setup = {.scripts = std::move(scripts)},
          .start = {.host_calls = std::move(calls)},
          .steps = std::move(steps)};
}

void add_good(Cases& cases) {
  constexpr std::string_view kRow = "host call from the start section or a start function";
  cases.push_back(starting("start_functions_run_in_their_order", "called in this order", {}, {}));
  cases.push_back(
      with({.handler = false}, {.name = "start_functions_without_a_handler",
                                .row = "no handler",
                                .guest = "puppet_starts",
                                .steps = {does(Script{}.response("ok"), answers("ok"))}}));
  for (const auto start : kStarts) {
    auto calls = asked_up_to("wapc_init");
    for (auto call = calls.begin(); call != calls.end(); ++call) {
      if (call->operation != start) continue;
      calls.insert(call + 1, SeenCall{"b", "n", "echo", "early", std::nullopt});
      break;
    }
    const auto script =
        Script{}.host_call("b", "n", "echo", "early").say(Verb::host_response, {kAt}).log("awake");
    auto test =
        starting("a_host_call_from_" + as_name(start), kRow, {{std::string{start}, script.bytes()}},
                 {does(Script{}.respond_from(kAt, 5), answers("early"))}, std::move(calls));
    test.start.log = {{LogSource::console, "awake"}};
    cases.push_back(std::move(test));

    cases.push_back(starting(
        "a_request_from_" + as_name(start) + "_writes_nothing", "`__guest_request` outside a call",
        {{std::string{start},
          Script{}.put(kAt, "untouched").say(Verb::guest_request, {kAt, kAt}).bytes()}},
        {does(Script{}.respond_from(kAt, 9), answers("untouched"))}));
  }
  cases.push_back(starting(
      "a_response_before_the_first_call_is_not_its_answer", "the slots do not last",
      {{"_start", Script{}.response("stale").error("stale").bytes()}},
      {does(Script{}, fails(Errc::protocol_violation, "the guest gave neither response nor error")),
       does(Script{}.say(Verb::give, {0}),
            fails(Errc::protocol_violation, "the guest failed and gave no reason"))}));
  cases.push_back(
      starting("a_request_outside_a_call_is_not_checked", "`__guest_request` outside a call",
               {{"_start", Script{}.say(Verb::guest_request, {0xFFFF'FFFF, 0xFFFF'FFFF}).bytes()}},
               {does(Script{}.response("ok"), answers("ok"))}));
  cases.push_back(
      starting("memory_grown_in_a_start_function", "memory that grows during a call",
               {{"_start", Script{}.say(Verb::grow, {2}).put(kPuppetBytes + 8, "grown").bytes()}},
               {does(Script{}.respond_from(kPuppetBytes + 8, 5), answers("grown"))}));
}

void add_spent(Cases& cases) {
  auto test = starting(
      "a_fresh_instance_after_a_trap_is_started_as_the_first_one",
      "trap in a call, and the next call", {{"_start", Script{}.put(kAt, "started").bytes()}},
      {does(Script{}.put(kAt, "changed").trap(PuppetTrap::unreachable), breaks(Errc::trapped)),
       does(Script{}.respond_from(kAt, 7), answers("started"))});
  cases.push_back(std::move(test));
}

void add_bad(Cases& cases) {
  const std::string row = "init_failed: a start function or the start section trapped";
  for (const auto start : kStarts) {
    const std::string named{start == "section" ? "instantiate" : start};
    cases.push_back(failing("a_trap_in_", row, start, Script{}.trap(PuppetTrap::unreachable),
                            mentioning(fails(Errc::init_failed), {named, "unreachable executed"})));
    cases.push_back(failing("endless_recursion_in_", row, start, Script{}.say(Verb::recurse),
                            mentioning(fails(Errc::init_failed), {named, "stack exhausted"})));
    cases.push_back(
        failing("a_pointer_outside_memory_in_", "pointer or length outside the memory", start,
                Script{}.say(Verb::guest_response, {kPuppetBytes, 1}),
                mentioning(fails(Errc::init_failed), {named, "outside the guest's memory"})));

    auto endless = failing("a_deadline_in_", "deadline_exceeded: in a start function", start,
                           Script{}.say(Verb::loop), fails(Errc::deadline_exceeded));
    endless.setup.start_timeout = kShort;
    cases.push_back(std::move(endless));

    auto stopped = failing(
        "cancelled_in_", "cancelled: in a start function", start,
        Script{}.host_call("b", "n", "cancel_elsewhere", "").say(Verb::loop),
        calling(fails(Errc::cancelled), {{"b", "n", "cancel_elsewhere", "", std::nullopt}}));
    stopped.setup.stop_start = Stop::offered;
    cases.push_back(std::move(stopped));
  }
}

}  // namespace

void add_start_cases(Cases& cases) {
  add_good(cases);
  add_spent(cases);
  add_bad(cases);
}

}  // namespace wapc::conformance
