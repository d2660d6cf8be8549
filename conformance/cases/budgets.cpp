#include "cases.hpp"

// Guests that do not come to an end by themselves. What is asserted is how they end, never when.

namespace wapc::conformance {
namespace {

/// Calls the puppet with `script`, which has to end within a short deadline.
Step runs_for_ever(const Script& script) {
  return {.action = Invoke{.operation = "script", .payload = script.bytes(), .timeout = kShort},
          .expected = runs_out(Errc::deadline_exceeded)};
}

void add_deadlines(Cases& cases) {
  constexpr std::string_view kRow = "deadline_exceeded: in guest code";
  const auto add = [&](std::string name, Step step) {
    cases.push_back({.name = std::move(name),
                     .row = std::string{kRow},
                     .guest = "puppet",
                     .steps = {std::move(step)}});
  };
  add("a_loop_that_calls_nothing", runs_for_ever(Script{}.say(Verb::loop)));
  add("a_loop_after_the_response", runs_for_ever(Script{}.response("dropped").say(Verb::loop)));
  add("a_loop_that_calls_the_host",
      runs_for_ever(Script{}.say(Verb::host_response_length).say(Verb::again)));
  add("a_loop_that_grows_memory", runs_for_ever(Script{}.say(Verb::grow, {1}).say(Verb::again)));
  add("a_loop_that_responds_again_and_again",
      runs_for_ever(Script{}.respond_from(0, kPageBytes).say(Verb::again)));
  cases.push_back({.name = "a_deadline_that_passed_before_the_call",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .steps = {{.action = Invoke{.operation = "script",
                                               .payload = Script{}.say(Verb::loop).bytes(),
                                               .timeout = std::chrono::milliseconds{0}},
                              .expected = runs_out(Errc::deadline_exceeded)}}});
  cases.push_back(with({.call_timeout = kShort},
                       one_call("the_deadline_that_the_host_sets", kRow, Script{}.say(Verb::loop),
                                runs_out(Errc::deadline_exceeded))));
  cases.push_back({.name = "one_calls_deadline_does_not_disturb_the_next",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .steps = {runs_for_ever(Script{}.say(Verb::loop)),
                             does(Script{}.response("alive"), answers("alive")),
                             runs_for_ever(Script{}.say(Verb::loop)),
                             does(Script{}.response("alive"), answers("alive"))}});
}

void add_cancelling(Cases& cases) {
  constexpr std::string_view kRow = "cancelled: in guest code";
  cases.push_back({.name = "cancelled_before_the_call",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .steps = {{.action = Invoke{.operation = "script",
                                               .payload = Script{}.say(Verb::loop).bytes(),
                                               .stop = Stop::used_before},
                              .expected = fails(Errc::cancelled, "the call was cancelled")}}});
  const auto script = Script{}.host_call("b", "n", "cancel_elsewhere", "");
  const auto cancelled = [](const Script& endless) -> Step {
    return {
        .action = Invoke{.operation = "script", .payload = endless.bytes(), .stop = Stop::offered},
        .expected =
            calling(runs_out(Errc::cancelled), {{"b", "n", "cancel_elsewhere", "", "script"}})};
  };
  cases.push_back({.name = "cancelled_by_another_thread",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .steps = {cancelled(Script{script}.say(Verb::loop))}});
  cases.push_back({.name = "one_calls_cancelling_does_not_disturb_the_next",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .steps = {cancelled(Script{script}.say(Verb::loop)),
                             does(Script{}.response("alive"), answers("alive")),
                             cancelled(Script{script}.say(Verb::loop))}});
  cases.push_back({.name = "a_stop_token_that_is_not_used",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .steps = {{.action = Invoke{.operation = "script",
                                               .payload = Script{}.response("ok").bytes(),
                                               .stop = Stop::offered},
                              .expected = answers("ok")}}});
}

}  // namespace

void add_budget_cases(Cases& cases) {
  add_deadlines(cases);
  add_cancelling(cases);
}

}  // namespace wapc::conformance
