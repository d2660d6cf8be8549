#include "cases.hpp"

// What a call comes to, given what the guest returns, responds and complains of.

namespace wapc::conformance {
namespace {

constexpr std::string_view kNoReason = "the guest failed and gave no reason";
constexpr std::string_view kNeither = "the guest gave neither response nor error";

void add_returns(Cases& cases) {
  cases.push_back(one_call("returns_zero_without_an_error", "returns 0 without an error",
                           Script{}.say(Verb::give, {0}),
                           fails(Errc::protocol_violation, kNoReason)));
  cases.push_back(one_call("returns_zero_with_a_response_and_no_error",
                           "returns 0 without an error",
                           Script{}.response("dropped").say(Verb::give, {0}),
                           fails(Errc::protocol_violation, kNoReason)));
  cases.push_back(one_call("returns_zero_with_an_empty_error", "returns 0 with an empty error",
                           Script{}.error("").say(Verb::give, {0}), fails(Errc::guest_error)));
  cases.push_back(one_call("returns_zero_with_an_error", "returns 0 with an error",
                           Script{}.error("no luck").say(Verb::give, {0}),
                           fails(Errc::guest_error, "no luck")));
  cases.push_back(one_call("returns_zero_with_error_and_response", "error and response, returns 0",
                           Script{}.response("dropped").error("no luck").say(Verb::give, {0}),
                           fails(Errc::guest_error, "no luck")));
  cases.push_back(one_call("neither_response_nor_error",
                           "returns 1 with neither response nor error", Script{},
                           fails(Errc::protocol_violation, kNeither)));
  cases.push_back(one_call("returns_two_with_a_response", "returns 2, or -1, with a response",
                           Script{}.response("fine").say(Verb::give, {2}), answers("fine")));
  cases.push_back(one_call("returns_minus_one_with_a_response", "returns 2, or -1, with a response",
                           Script{}.response("fine").say(Verb::give, {0xFFFF'FFFF}),
                           answers("fine")));
  cases.push_back(one_call("returns_two_with_nothing", "returns 2, or -1, with a response",
                           Script{}.say(Verb::give, {2}),
                           fails(Errc::protocol_violation, kNeither)));
  cases.push_back(
      one_call("error_and_response_returns_one", "error and response, returns 1",
               Script{}.error("a doubt").response("fine"),
               logging(answers("fine"),
                       {{LogSource::host, "the guest answered, and dropped its error: a doubt"}})));
  cases.push_back(one_call("error_only_returns_one", "error only, returns 1",
                           Script{}.error("no luck"), fails(Errc::guest_error, "no luck")));
  cases.push_back(one_call("empty_error_only_returns_one", "error only, returns 1",
                           Script{}.error(""), fails(Errc::guest_error)));
}

void add_slots(Cases& cases) {
  cases.push_back(one_call("two_responses_the_last_counts", "two responses",
                           Script{}.response("the first").response("last"), answers("last")));
  cases.push_back(one_call("an_empty_response_after_a_full_one", "two responses",
                           Script{}.response("the first").response(""), answers("")));
  cases.push_back(one_call("two_errors_the_last_counts", "two responses",
                           Script{}.error("the first").error("last").say(Verb::give, {0}),
                           fails(Errc::guest_error, "last")));
  cases.push_back(one_call("the_response_is_copied_at_once", "copied at once",
                           Script{}
                               .put(kScratchAt, "as it was")
                               .respond_from(kScratchAt, 9)
                               .put(kScratchAt, "AS IT IS!"),
                           answers("as it was")));
  cases.push_back(one_call("the_error_is_copied_at_once", "copied at once",
                           Script{}
                               .put(kScratchAt, "as it was")
                               .say(Verb::guest_error, {kScratchAt, 9})
                               .put(kScratchAt, "AS IT IS!")
                               .say(Verb::give, {0}),
                           fails(Errc::guest_error, "as it was")));
  cases.push_back({.name = "an_earlier_response_is_gone",
                   .row = "the slots do not last",
                   .guest = "puppet",
                   .steps = {does(Script{}.response("old"), answers("old")),
                             does(Script{}, fails(Errc::protocol_violation, kNeither))}});
  cases.push_back(
      {.name = "an_earlier_error_is_gone",
       .row = "the slots do not last",
       .guest = "puppet",
       .steps = {does(Script{}.error("old").say(Verb::give, {0}), fails(Errc::guest_error, "old")),
                 does(Script{}.say(Verb::give, {0}), fails(Errc::protocol_violation, kNoReason)),
                 does(Script{}.response("no line of the log"), answers("no line of the log"))}});
  cases.push_back(
      {.name = "an_error_before_a_trap_is_gone_in_the_next_call",
       .row = "the slots do not last",
       .guest = "puppet",
       .steps = {does(Script{}.error("old").trap(PuppetTrap::unreachable),
                      mentioning(breaks(Errc::trapped), {"old"})),
                 does(Script{}.say(Verb::give, {0}), fails(Errc::protocol_violation, kNoReason))}});
  cases.push_back({.name = "memory_lasts_from_call_to_call",
                   .row = "memory and globals of the guest last from call to call",
                   .guest = "puppet",
                   .steps = {does(Script{}.put(kScratchAt + 64, "kept").response(""), answers("")),
                             does(Script{}.respond_from(kScratchAt + 64, 4), answers("kept"))}});
}

void add_aborts(Cases& cases) {
  constexpr std::string_view kRow = "error, then a trap (AssemblyScript's abort)";
  auto with_frames =
      mentioning(breaks(Errc::trapped), {"index out of range", "unreachable executed"});
  with_frames.backtrace = true;
  cases.push_back(one_call("error_then_a_trap", kRow,
                           Script{}.error("index out of range").trap(PuppetTrap::unreachable),
                           std::move(with_frames)));
  cases.push_back(one_call("response_then_a_trap", kRow,
                           Script{}.response("dropped").trap(PuppetTrap::unreachable),
                           breaks(Errc::trapped, "unreachable executed")));
  // "hi" and "ab.ts" as AssemblyScript keeps text: UTF-16, behind the number of its bytes.
  constexpr std::string_view kMessage{"\4\0\0\0h\0i\0", 8};
  constexpr std::string_view kFile{"\12\0\0\0a\0b\0.\0t\0s\0", 14};
  constexpr auto kMessageAt = kScratchAt + 0x5000;  // Above what the script's own texts take.
  constexpr auto kFileAt = kMessageAt + 64;
  const auto texts = [&] { return Script{}.put(kMessageAt, kMessage).put(kFileAt, kFile); };
  constexpr std::string_view kAbort = "env.abort";
  auto aborted = mentioning(breaks(Errc::trapped), {"hi", "ab.ts:12:5"});
  aborted.backtrace = true;
  cases.push_back(one_call("abort_with_a_text", kAbort,
                           texts().say(Verb::abort, {kMessageAt + 4, kFileAt + 4, 12, 5}),
                           std::move(aborted), "puppet_abort"));
  cases.push_back(one_call("abort_without_texts", kAbort, Script{}.say(Verb::abort, {0, 0, 0, 0}),
                           breaks(Errc::trapped), "puppet_abort"));
  cases.push_back(one_call("abort_after_an_error", kRow,
                           texts().error("first").say(Verb::abort, {kMessageAt + 4, 0, 0, 0}),
                           mentioning(breaks(Errc::trapped), {"first", "hi"}), "puppet_abort"));
}

}  // namespace

void add_outcome_cases(Cases& cases) {
  add_returns(cases);
  add_slots(cases);
  add_aborts(cases);
}

}  // namespace wapc::conformance
