#include "cases.hpp"

// Calls of the guest on the host: what the program sees, and how the answer gets back.

namespace wapc::conformance {
namespace {

constexpr std::string_view kLength = "_len before any host call; answer fetched twice or late";
constexpr std::string_view kEmpty = "empty operation, payload, response, error, name";
constexpr auto kAt = kScratchAt + 0x5000;  // Above what the script's own texts take.

Script call(std::string_view operation, std::string_view payload) {
  return Script{}.host_call("b", "n", operation, payload);
}

SeenCall seen(std::string operation, std::string payload = {}) {
  return {"b", "n", std::move(operation), std::move(payload)};
}

void add_ways_there(Cases& cases) {
  constexpr std::string_view kRow = "__host_call";
  cases.push_back(one_call("the_program_sees_all_parts_of_a_host_call", kRow,
                           Script{}
                               .host_call("the binding", "the namespace", "echo", "the payload")
                               .respond_with_host_response(11),
                           calling(answers("the payload"), {{"the binding", "the namespace", "echo",
                                                             "the payload", "script"}})));
  cases.push_back(one_call("a_host_call_that_is_answered_returns_one", kRow,
                           call("echo", "x").say(Verb::save, {kAt}).respond_from(kAt, 4),
                           calling(answers(little_endian(1)), {seen("echo", "x")})));
  cases.push_back(one_call("a_host_call_that_fails_returns_zero", kRow,
                           call("error", "x").say(Verb::save, {kAt}).respond_from(kAt, 4),
                           calling(answers(little_endian(0)), {seen("error", "x")})));
  cases.push_back(one_call("the_text_of_an_error_reaches_the_guest", kRow,
                           call("error", "not today").respond_with_host_error(9),
                           calling(answers("not today"), {seen("error", "not today")})));
  cases.push_back(one_call(
      "many_host_calls_in_one_call", kRow,
      call("echo", "1")
          .host_call("b", "n", "error", "2")
          .host_call("b", "n", "echo", "three")
          .respond_with_host_response(5),
      calling(answers("three"), {seen("echo", "1"), seen("error", "2"), seen("echo", "three")})));
  cases.push_back(one_call("a_host_call_with_nothing_in_it", kEmpty,
                           Script{}.host_call("", "", "", "").respond_with_host_error(24),
                           calling(answers("no such host operation: "), {{"", "", ""}})));
  cases.push_back(with({.handler = false},
                       one_call("no_handler", "no handler",
                                call("echo", "x")
                                    .say(Verb::save, {kAt})
                                    .put(kAt + 4, "................................")
                                    .say(Verb::host_error, {kAt + 4})
                                    .respond_from(kAt, 36),
                                answers(little_endian(0) + "Missing host callback function!."))));
}

void add_nothing_yet(Cases& cases) {
  cases.push_back(one_call("lengths_before_any_host_call", kLength,
                           Script{}
                               .say(Verb::host_response_length)
                               .say(Verb::save, {kAt})
                               .say(Verb::host_error_length)
                               .say(Verb::save, {kAt + 4})
                               .respond_from(kAt, 8),
                           answers(little_endian(0) + little_endian(0))));
  cases.push_back(one_call("answers_before_any_host_call_write_nothing", kLength,
                           Script{}
                               .put(kAt, "untouched")
                               .say(Verb::host_response, {kAt})
                               .say(Verb::host_error, {kAt})
                               .respond_from(kAt, 9),
                           answers("untouched")));
  cases.push_back(one_call("nothing_is_checked_where_there_is_nothing_to_write", kLength,
                           Script{}
                               .say(Verb::host_response, {0xFFFF'FFFF})
                               .say(Verb::host_error, {0xFFFF'FFFF})
                               .response("ok"),
                           answers("ok")));
}

void add_lengths(Cases& cases) {
  cases.push_back(
      one_call("the_length_of_an_answer_and_no_error", kLength,
               call("echo", "12345")
                   .say(Verb::host_response_length)
                   .say(Verb::save, {kAt})
                   .say(Verb::host_error_length)
                   .say(Verb::save, {kAt + 4})
                   .respond_from(kAt, 8),
               calling(answers(little_endian(5) + little_endian(0)), {seen("echo", "12345")})));
  cases.push_back(one_call("the_length_of_an_error_and_no_answer", kLength,
                           call("echo", "an answer before")
                               .host_call("b", "n", "error", "1234567")
                               .say(Verb::host_response_length)
                               .say(Verb::save, {kAt})
                               .say(Verb::host_error_length)
                               .say(Verb::save, {kAt + 4})
                               .respond_from(kAt, 8),
                           calling(answers(little_endian(0) + little_endian(7)),
                                   {seen("echo", "an answer before"), seen("error", "1234567")})));
  cases.push_back(one_call(
      "an_answer_clears_the_error_before_it", kLength,
      call("error", "an error before")
          .host_call("b", "n", "echo", "x")
          .say(Verb::host_error_length)
          .say(Verb::save, {kAt})
          .respond_from(kAt, 4),
      calling(answers(little_endian(0)), {seen("error", "an error before"), seen("echo", "x")})));
}

void add_fetching(Cases& cases) {
  cases.push_back(one_call("an_answer_fetched_twice", kLength,
                           call("echo", "twice")
                               .say(Verb::host_response, {kAt})
                               .say(Verb::host_response, {kAt + 5})
                               .respond_from(kAt, 10),
                           calling(answers("twicetwice"), {seen("echo", "twice")})));
  cases.push_back(one_call("an_error_fetched_twice", kLength,
                           call("error", "twice")
                               .say(Verb::host_error, {kAt})
                               .say(Verb::host_error, {kAt + 5})
                               .respond_from(kAt, 10),
                           calling(answers("twicetwice"), {seen("error", "twice")})));
  cases.push_back(
      one_call("an_empty_answer", kEmpty,
               call("empty", "x")
                   .say(Verb::save, {kAt})
                   .say(Verb::host_response_length)
                   .say(Verb::save, {kAt + 4})
                   .respond_from(kAt, 8),
               calling(answers(little_endian(1) + little_endian(0)), {seen("empty", "x")})));
  cases.push_back(one_call("an_empty_error", kEmpty,
                           call("error", "")
                               .say(Verb::save, {kAt})
                               .say(Verb::host_error_length)
                               .say(Verb::save, {kAt + 4})
                               .respond_from(kAt, 8),
                           calling(answers(little_endian(0) + little_endian(0)), {seen("error")})));
}

void add_later_calls(Cases& cases) {
  const auto fetched_late = Script{}
                                .say(Verb::host_response_length)
                                .say(Verb::save, {kAt})
                                .say(Verb::host_error_length)
                                .say(Verb::save, {kAt + 4})
                                .put(kAt + 8, "none")
                                .say(Verb::host_response, {kAt + 8})
                                .say(Verb::host_error, {kAt + 8})
                                .respond_from(kAt, 12);
  const auto nothing = little_endian(0) + little_endian(0) + "none";
  cases.push_back({.name = "an_answer_is_gone_after_a_later_guest_call",
                   .row = std::string{kLength},
                   .guest = "puppet",
                   .steps = {does(call("echo", "kept?").response("ok"),
                                  calling(answers("ok"), {seen("echo", "kept?")})),
                             does(fetched_late, answers(nothing))}});
  cases.push_back({.name = "an_error_is_gone_after_a_later_guest_call",
                   .row = std::string{kLength},
                   .guest = "puppet",
                   .steps = {does(call("error", "kept?").response("ok"),
                                  calling(answers("ok"), {seen("error", "kept?")})),
                             does(fetched_late, answers(nothing))}});
}

void add_growing(Cases& cases) {
  constexpr std::string_view kRow = "memory that grows during a call";
  constexpr auto kNew = kPuppetBytes + 100;
  cases.push_back(
      one_call("a_response_from_memory_grown_in_the_call", kRow,
               Script{}.say(Verb::grow, {3}).put(kNew, "from new memory").respond_from(kNew, 15),
               answers("from new memory")));
  cases.push_back(one_call("a_host_call_from_memory_grown_in_the_call", kRow,
                           Script{}
                               .say(Verb::grow, {1})
                               .put(kNew, "echo")
                               .say(Verb::host_call, {kNew, 4, kNew, 4, kNew, 4, kNew, 4})
                               .say(Verb::host_response, {kNew + 4})
                               .respond_from(kNew, 8),
                           calling(answers("echoecho"), {{"echo", "echo", "echo", "echo"}})));
  cases.push_back(one_call("memory_grown_between_a_host_call_and_its_answer", kRow,
                           call("echo", "an answer")
                               .say(Verb::grow, {40})
                               .say(Verb::host_response, {kNew})
                               .respond_from(kNew, 9),
                           calling(answers("an answer"), {seen("echo", "an answer")})));
  cases.push_back(one_call("a_request_fetched_into_memory_grown_in_the_call", kRow,
                           Script{}
                               .say(Verb::grow, {1})
                               .say(Verb::guest_request, {kNew, kNew + 100})
                               .respond_from(kNew, 6),
                           answers("script")));
  cases.push_back(one_call("memory_grown_after_the_response", kRow,
                           Script{}.response("still there").say(Verb::grow, {40}),
                           answers("still there")));
}

}  // namespace

void add_host_call_cases(Cases& cases) {
  add_ways_there(cases);
  add_nothing_yet(cases);
  add_lengths(cases);
  add_fetching(cases);
  add_later_calls(cases);
  add_growing(cases);
}

}  // namespace wapc::conformance
