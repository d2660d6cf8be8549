#include <array>

#include "cases.hpp"

// Pointers and lengths that leave the guest's memory, in every pointer parameter of every import.

namespace wapc::conformance {
namespace {

constexpr std::string_view kRow = "pointer or length outside the memory, read or written";

/// A pointer that is no good, with a length for parameters that have one.
struct Bad {
  std::string_view name;
  std::uint32_t pointer;
  std::uint32_t length;
};

/// For what is read: the length is the guest's.
constexpr std::array<Bad, 5> kBadReads{{
    {"past_the_end", kPuppetBytes + 1, 1},
    {"one_byte_at_the_end", kPuppetBytes, 1},
    {"across_the_end", kPuppetBytes - 4, 5},
    {"wrapping_around", 0xFFFF'FFFF, 2},
    {"of_4_gib", 1, 0xFFFF'FFFF},
}};

/// For what is written: the length is that of what the host has, 2 bytes at least.
constexpr std::array<Bad, 3> kBadWrites{{
    {"at_the_end", kPuppetBytes, 0},
    {"across_the_end", kPuppetBytes - 1, 0},
    {"wrapping_around", 0xFFFF'FFFF, 0},
}};

Case refused(std::string name, std::string_view import, const Script& script,
             std::vector<SeenCall> calls = {}) {
  auto expected = mentioning(breaks(Errc::protocol_violation),
                             {std::string{import}, "outside the guest's memory"});
  return one_call(std::move(name), kRow, script, calling(std::move(expected), std::move(calls)));
}

std::string named(std::string_view parameter, const Bad& bad) {
  return std::string{parameter} + "_" + std::string{bad.name};
}

void add_reads(Cases& cases) {
  struct Import {
    std::string_view parameter;
    std::string_view name;
    Verb verb;
  };

  constexpr std::array<Import, 3> kImports{{
      {"guest_response", "__guest_response", Verb::guest_response},
      {"guest_error", "__guest_error", Verb::guest_error},
      {"console_log", "__console_log", Verb::console_log},
  }};
  for (const auto& import : kImports) {
    for (const auto& bad : kBadReads) {
      cases.push_back(
          refused(named(import.parameter, bad), import.name,
                  Script{}.response("dropped").say(import.verb, {bad.pointer, bad.length})));
    }
  }
}

void add_host_calls(Cases& cases) {
  constexpr std::array<std::string_view, 4> kParts{"binding", "namespace", "operation", "payload"};
  for (std::size_t part = 0; part < kParts.size(); ++part) {
    for (const auto& bad : kBadReads) {
      std::array<std::uint32_t, 8> a{kScratchAt, 4, kScratchAt, 4, kScratchAt, 4, kScratchAt, 4};
      a.at(2 * part) = bad.pointer;
      a.at(2 * part + 1) = bad.length;
      // The handler is not asked: no call is seen.
      cases.push_back(
          refused("host_call_" + named(kParts.at(part), bad), "__host_call",
                  Script{}
                      .put(kScratchAt, "echo")
                      .say(Verb::host_call, {a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]})
                      .response("dropped")));
    }
  }
}

void add_writes(Cases& cases) {
  for (const auto& bad : kBadWrites) {
    cases.push_back(
        refused(named("guest_request_operation", bad), "__guest_request",
                Script{}.say(Verb::guest_request, {bad.pointer, kScratchAt}).response("dropped")));
    cases.push_back(
        refused(named("guest_request_payload", bad), "__guest_request",
                Script{}.say(Verb::guest_request, {kScratchAt, bad.pointer}).response("dropped")));
    cases.push_back(refused(named("host_response", bad), "__host_response",
                            Script{}
                                .host_call("b", "n", "echo", "1234")
                                .say(Verb::host_response, {bad.pointer})
                                .response("dropped"),
                            {{"b", "n", "echo", "1234"}}));
    cases.push_back(refused(named("host_error", bad), "__host_error",
                            Script{}
                                .host_call("b", "n", "error", "1234")
                                .say(Verb::host_error, {bad.pointer})
                                .response("dropped"),
                            {{"b", "n", "error", "1234"}}));
  }
}

void add_aborts(Cases& cases) {
  struct BadText {
    std::string_view name;
    std::uint32_t pointer;
  };

  // The length of a text stands in the 4 bytes before it.
  constexpr std::array<BadText, 5> kBadTexts{{
      {"past_the_end", kPuppetBytes + 1},
      {"at_the_last_address", 0xFFFF'FFFF},
      {"below_its_length", 3},
      {"of_4_gib", kScratchAt + 4},
      {"across_the_end", kPuppetBytes},
  }};
  for (const auto& bad : kBadTexts) {
    for (const bool message : {true, false}) {
      const auto script =
          Script{}
              .put(kScratchAt, "\xFF\xFF\xFF\xFF")
              .put(kPuppetBytes - 4, std::string_view{"\2\0\0\0", 4})
              .say(Verb::abort, {message ? bad.pointer : 0, message ? 0 : bad.pointer, 1, 1});
      auto test =
          refused(std::string{message ? "abort_message_" : "abort_file_"} + std::string{bad.name},
                  "abort", script);
      test.guest = "puppet_abort";
      cases.push_back(std::move(test));
    }
  }
}

}  // namespace

void add_bounds_cases(Cases& cases) {
  add_reads(cases);
  add_host_calls(cases);
  add_writes(cases);
  add_aborts(cases);
  cases.push_back(one_call("up_to_the_last_byte_is_inside", kRow,
                           Script{}.put(kPuppetBytes - 4, "last").respond_from(kPuppetBytes - 4, 4),
                           answers("last")));
}

}  // namespace wapc::conformance
