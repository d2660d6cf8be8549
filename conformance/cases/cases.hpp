#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wapc/base/budget.hpp"
#include "wapc/conformance/case.hpp"
#include "wapc/conformance/puppet.hpp"

// Words in which cases are written, and the tables they stand in, by theme.

namespace wapc::conformance {

using Cases = std::vector<Case>;

void add_outcome_cases(Cases& cases);
void add_payload_cases(Cases& cases);
void add_host_call_cases(Cases& cases);
void add_handler_cases(Cases& cases);
void add_bounds_cases(Cases& cases);
void add_text_cases(Cases& cases);
void add_start_cases(Cases& cases);
void add_wasi_cases(Cases& cases);
void add_trap_cases(Cases& cases);
void add_budget_cases(Cases& cases);
void add_limit_cases(Cases& cases);
void add_module_cases(Cases& cases);
void add_replace_cases(Cases& cases);

/// Short enough for tests; what it is meant for never ends by itself, so it cannot be too short.
inline constexpr std::chrono::milliseconds kShort{30};

[[nodiscard]] inline Bytes bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

/// `number` as the guest stores it.
[[nodiscard]] inline std::string little_endian(std::uint32_t number) {
  std::string text;
  for (auto shift = 0U; shift < 32; shift += 8) text += static_cast<char>(number >> shift);
  return text;
}

[[nodiscard]] inline Expected answers(std::string_view text) {
  return {.answer = bytes_of(text)};
}

/// The call fails, and the instance goes on.
[[nodiscard]] inline Expected fails(Errc code, std::string_view message = {}) {
  return {.failure = code, .message = std::string{message}};
}

/// The call fails, and the instance is spent.
[[nodiscard]] inline Expected breaks(Errc code, std::string_view message = {}) {
  return {.failure = code, .message = std::string{message}, .instance = InstanceAfter::spent};
}

[[nodiscard]] inline Expected mentioning(Expected expected, std::vector<std::string> parts) {
  expected.mentions = std::move(parts);
  return expected;
}

[[nodiscard]] inline Expected calling(Expected expected, std::vector<SeenCall> calls) {
  expected.host_calls = std::move(calls);
  return expected;
}

[[nodiscard]] inline Expected logging(Expected expected, std::vector<SeenLine> lines) {
  expected.log = std::move(lines);
  return expected;
}

/// What a deadline that passed, or a stop token that was used, comes to.
[[nodiscard]] inline Expected runs_out(Errc code) {
  return breaks(code, budget_spent(code).message());
}

/// Has the puppet do `script`.
[[nodiscard]] inline Step does(const Script& script, Expected expected) {
  return {.action = Invoke{.operation = "script", .payload = script.bytes()},
          .expected = std::move(expected)};
}

/// A case of one call on the puppet.
[[nodiscard]] inline Case one_call(std::string name, std::string_view row, const Script& script,
                                   Expected expected, std::string guest = "puppet") {
  return {.name = std::move(name),
          .row = std::string{row},
          .guest = std::move(guest),
          .steps = {does(script, std::move(expected))}};
}

/// A case of one call, with its own set-up.
[[nodiscard]] inline Case with(Setup setup, Case test) {
  test.setup = std::move(setup);
  return test;
}

}  // namespace wapc::conformance
