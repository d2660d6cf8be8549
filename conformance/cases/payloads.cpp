#include "cases.hpp"

// What is carried into the guest and out of it: nothing at all, much, and all kinds of bytes.

namespace wapc::conformance {
namespace {

Step echo(Bytes payload, std::size_t padding = 0) {
  return {.action = Invoke{.operation = "echo", .payload = std::move(payload), .padding = padding},
          .expected = {.echoes = true}};
}

Bytes every_byte() {
  Bytes bytes(256);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

constexpr std::string_view kEmpty = "empty operation, payload, response, error, name";
constexpr std::string_view kZeroLength =
    "null pointer with length 0; pointer = memory size with length 0";

void add_zero_lengths(Cases& cases) {
  for (const bool null : {true, false}) {
    const auto pointer = null ? 0 : kPuppetBytes;
    const std::string at = null ? "_of_nothing_at_null" : "_of_nothing_at_the_end";
    const auto add = [&](const std::string& import, const Script& script, Expected expected) {
      cases.push_back(one_call(import + at, kZeroLength, script, std::move(expected)));
    };
    add("a_response", Script{}.say(Verb::guest_response, {pointer, 0}), answers(""));
    add("an_error", Script{}.say(Verb::guest_error, {pointer, 0}).say(Verb::give, {0}),
        fails(Errc::guest_error));
    add("a_log_line", Script{}.say(Verb::console_log, {pointer, 0}).response("ok"),
        logging(answers("ok"), {{LogSource::console, ""}}));
    add("a_host_call",
        Script{}
            .put(kScratchAt, "empty")
            .say(Verb::host_call, {pointer, 0, pointer, 0, kScratchAt, 5, pointer, 0})
            .say(Verb::host_response, {pointer})
            .response("ok"),
        calling(answers("ok"), {{"", "", "empty"}}));
    add("an_empty_host_error",
        Script{}
            .put(kScratchAt, "error")
            .say(Verb::host_call, {pointer, 0, pointer, 0, kScratchAt, 5, pointer, 0})
            .say(Verb::host_error, {pointer})
            .response("ok"),
        calling(answers("ok"), {{"", "", "error"}}));
    // Operation and payload of the call that does this are both empty.
    cases.push_back(
        {.name = "a_request" + at,
         .row = std::string{kZeroLength},
         .guest = "puppet",
         .steps = {
             does(Script{}
                      .store(Script{}.say(Verb::guest_request, {pointer, pointer}).response("ok"))
                      .response("stored"),
                  answers("stored")),
             {.action = Invoke{.operation = ""}, .expected = answers("ok")}}});
  }
}

}  // namespace

void add_payload_cases(Cases& cases) {
  constexpr std::size_t kHundredMiB = 100U << 20U;
  cases.push_back({.name = "a_payload_of_no_bytes",
                   .row = std::string{kEmpty},
                   .guest = "puppet",
                   .steps = {echo({})}});
  cases.push_back({.name = "a_payload_of_every_byte",
                   .row = "payload",
                   .guest = "puppet",
                   .steps = {echo(every_byte())}});
  cases.push_back({.name = "payloads_of_many_sizes",
                   .row = "payload",
                   .guest = "puppet",
                   .steps = {echo(Bytes(1)), echo({}, kPageBytes), echo(Bytes(3)),
                             echo({}, kPageBytes + 1), echo({}, 1U << 20U), echo({})}});
  cases.push_back({.name = "a_payload_of_100_mib",
                   .row = "payloads of 100 MiB",
                   .guest = "puppet",
                   .steps = {echo({}, kHundredMiB)}});
  cases.push_back({.name = "an_empty_operation",
                   .row = std::string{kEmpty},
                   .guest = "puppet",
                   .steps = {{.action = Invoke{.operation = "", .payload = bytes_of("x")},
                              .expected = fails(Errc::guest_error, "no such operation")}}});
  cases.push_back({.name = "an_operation_that_does_not_exist",
                   .row = "operations that do not exist",
                   .guest = "puppet",
                   .steps = {{.action = Invoke{.operation = "no/such:operation"},
                              .expected = fails(Errc::guest_error, "no such operation")}}});
  cases.push_back({.name = "an_operation_of_4_kib",
                   .row = "operations that do not exist",
                   .guest = "puppet",
                   .steps = {{.action = Invoke{.operation = std::string(4096, 'o')},
                              .expected = fails(Errc::guest_error, "no such operation")}}});
  constexpr std::string_view kName = "überall/\xE2\x82\xAC";
  cases.push_back(
      {.name = "an_operation_in_utf8_arrives_byte_by_byte",
       .row = "the operation being UTF-8, its length in bytes",
       .guest = "puppet",
       .steps = {{.action = Invoke{.operation = std::string{kName}},
                  .expected = fails(Errc::guest_error, "no such operation")},
                 does(Script{}.respond_from(kOperationAt, 12), answers("scriptll/\xE2\x82\xAC"))}});
  cases.push_back(one_call(
      "a_request_fetched_twice", "answer fetched twice",
      Script{}.say(Verb::guest_request, {kScratchAt, kScratchAt + 64}).respond_from(kScratchAt, 6),
      answers("script")));
  cases.push_back(one_call("an_empty_response", kEmpty, Script{}.response(""), answers("")));
  add_zero_lengths(cases);
}

}  // namespace wapc::conformance
