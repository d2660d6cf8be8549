#include "cases.hpp"

// Handlers that misbehave, and programs that call a guest which is answering already.

namespace wapc::conformance {
namespace {

Script call(std::string_view operation, std::string_view payload = {}) {
  return Script{}.host_call("b", "n", operation, payload);
}

SeenCall seen(std::string operation, std::string payload = {}) {
  return {"b", "n", std::move(operation), std::move(payload)};
}

void add_throwing(Cases& cases) {
  constexpr std::string_view kRow = "handler throws";
  cases.push_back(
      one_call("a_handler_that_throws_an_exception", kRow,
               call("throw", "out of paper").respond_with_host_error(12),
               logging(calling(answers("out of paper"), {seen("throw", "out of paper")}),
                       {{LogSource::host, "the host handler threw: out of paper"}})));
  cases.push_back(one_call("a_handler_that_throws_an_int", kRow,
                           call("throw_int").respond_with_host_error(22),
                           logging(calling(answers("the host handler threw"), {seen("throw_int")}),
                                   {{LogSource::host, "the host handler threw"}})));
  cases.push_back(
      one_call("the_call_goes_on_after_a_handler_threw", kRow,
               call("throw", "a").host_call("b", "n", "echo", "fine").respond_with_host_response(4),
               logging(calling(answers("fine"), {seen("throw", "a"), seen("echo", "fine")}),
                       {{LogSource::host, "the host handler threw: a"}})));
  cases.push_back(with({.log = false}, one_call("a_handler_that_throws_with_nobody_to_tell", kRow,
                                                call("throw", "a").respond_with_host_error(1),
                                                calling(answers("a"), {seen("throw", "a")}))));
}

void add_calling_again(Cases& cases) {
  constexpr std::string_view kRow = "a handler calls the same guest again";
  const auto refused = [](std::string_view operation) {
    return calling(answers("busy"), {seen(std::string{operation})});
  };
  cases.push_back(one_call("a_handler_that_calls_its_own_guest", kRow,
                           call("own_call").respond_with_host_response(4), refused("own_call")));
  cases.push_back(one_call("a_call_from_another_thread_meanwhile", kRow,
                           call("own_call_elsewhere").respond_with_host_response(4),
                           refused("own_call_elsewhere")));
  cases.push_back(one_call("a_handler_that_replaces_its_own_guest", kRow,
                           call("own_replace").respond_with_host_response(4),
                           refused("own_replace")));
  cases.push_back(
      one_call("the_outer_call_goes_on_after_busy", kRow,
               call("own_call").host_call("b", "n", "echo", "outer").respond_with_host_response(5),
               calling(answers("outer"), {seen("own_call"), seen("echo", "outer")})));
}

void add_deadlines(Cases& cases) {
  constexpr std::string_view kRow = "deadlines travel: the handler sees the time left";
  cases.push_back(one_call("a_handler_sees_the_deadline", kRow,
                           call("deadline").respond_with_host_response(3),
                           calling(answers("yes"), {seen("deadline")})));
  cases.push_back(
      {.name = "a_deadline_that_passes_in_a_host_call",
       .row = "deadline_exceeded: in a host call",
       .guest = "puppet",
       .steps = {{.action = Invoke{.operation = "script",
                                   .payload = call("wait").response("late").bytes(),
                                   .timeout = kShort},
                  .expected = calling(runs_out(Errc::deadline_exceeded), {seen("wait")})}}});
  cases.push_back({.name = "cancelled_in_a_host_call",
                   .row = "cancelled: in a host call",
                   .guest = "puppet",
                   .steps = {{.action = Invoke{.operation = "script",
                                               .payload = call("cancel").response("late").bytes(),
                                               .stop = Stop::offered},
                              .expected = calling(runs_out(Errc::cancelled), {seen("cancel")})}}});
}

}  // namespace

void add_handler_cases(Cases& cases) {
  add_throwing(cases);
  add_calling_again(cases);
  add_deadlines(cases);
}

}  // namespace wapc::conformance
