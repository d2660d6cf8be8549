#include "cases.hpp"

// Text that is not UTF-8 where text is due, and the guest's log.

namespace wapc::conformance {
namespace {

constexpr std::string_view kRow = "text that is not UTF-8 (names, error, log)";

// A lone continuation byte, a character cut short, one that is no character, and a byte that never
// occurs; and what becomes of them.
constexpr std::string_view kBad =
    "a\x80"
    "b\xE2\x82"
    "c\xED\xA0\x80"
    "d\xFF";
constexpr std::string_view kReplaced =
    "a\xEF\xBF\xBD"
    "b\xEF\xBF\xBD"
    "c\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
    "d\xEF\xBF\xBD";

void add_not_utf8(Cases& cases) {
  const std::string replaced{kReplaced};
  cases.push_back(one_call("a_binding_that_is_not_utf8", kRow,
                           Script{}.host_call(kBad, "n", "echo", "x").response("ok"),
                           calling(answers("ok"), {{replaced, "n", "echo", "x"}})));
  cases.push_back(one_call("a_namespace_that_is_not_utf8", kRow,
                           Script{}.host_call("b", kBad, "echo", "x").response("ok"),
                           calling(answers("ok"), {{"b", replaced, "echo", "x"}})));
  cases.push_back(one_call("an_operation_that_is_not_utf8", kRow,
                           Script{}.host_call("b", "n", kBad, "x").response("ok"),
                           calling(answers("ok"), {{"b", "n", replaced, "x"}})));
  cases.push_back(one_call("an_error_that_is_not_utf8", kRow,
                           Script{}.error(kBad).say(Verb::give, {0}),
                           fails(Errc::guest_error, kReplaced)));
  cases.push_back(one_call("an_error_that_is_not_utf8_before_a_trap", kRow,
                           Script{}.error(kBad).trap(PuppetTrap::unreachable),
                           mentioning(breaks(Errc::trapped), {replaced})));
  cases.push_back(one_call("a_log_line_that_is_not_utf8", kRow, Script{}.log(kBad).response("ok"),
                           logging(answers("ok"), {{LogSource::console, replaced}})));
  cases.push_back(one_call("payloads_are_bytes_and_not_text", kRow,
                           Script{}
                               .host_call("b", "n", "echo", kBad)
                               .respond_with_host_response(std::uint32_t{kBad.size()}),
                           calling(answers(kBad), {{"b", "n", "echo", std::string{kBad}}})));
  // Half a surrogate pair in AssemblyScript's UTF-16.
  cases.push_back(one_call("an_abort_text_with_half_a_character", kRow,
                           Script{}
                               .put(kScratchAt, std::string_view{"\4\0\0\0\x3D\xD8x\0", 8})
                               .say(Verb::abort, {kScratchAt + 4, 0, 0, 0}),
                           mentioning(breaks(Errc::trapped), {"\xEF\xBF\xBDx"}), "puppet_abort"));
}

void add_log(Cases& cases) {
  constexpr std::string_view kLog = "__console_log";
  cases.push_back(one_call("lines_of_the_log_in_their_order", kLog,
                           Script{}.log("one").log("").log("th\xC3\xA9\nee").response("ok"),
                           logging(answers("ok"), {{LogSource::console, "one"},
                                                   {LogSource::console, ""},
                                                   {LogSource::console, "th\xC3\xA9\nee"}})));
  cases.push_back(
      with({.log = false}, one_call("a_log_line_that_nobody_wants", kLog,
                                    Script{}.log("one").response("ok"), answers("ok"))));
  cases.push_back(one_call("a_log_line_before_a_trap", kLog,
                           Script{}.log("last words").trap(PuppetTrap::unreachable),
                           logging(breaks(Errc::trapped), {{LogSource::console, "last words"}})));
}

}  // namespace

void add_text_cases(Cases& cases) {
  add_not_utf8(cases);
  add_log(cases);
}

}  // namespace wapc::conformance
