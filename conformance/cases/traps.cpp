#include <array>
#include <utility>

#include "cases.hpp"
#include "wapc/engine/trap.hpp"

// Every way to trap: the same code and the same words on every engine.

namespace wapc::conformance {

void add_trap_cases(Cases& cases) {
  constexpr std::string_view kRow = "trap in a call, and the next call";
  constexpr std::array<std::pair<PuppetTrap, Trap>, 8> kTraps{{
      {PuppetTrap::unreachable, Trap::unreachable},
      {PuppetTrap::memory_out_of_bounds, Trap::memory_out_of_bounds},
      {PuppetTrap::undefined_element, Trap::undefined_element},
      {PuppetTrap::uninitialized_element, Trap::uninitialized_element},
      {PuppetTrap::indirect_call_type_mismatch, Trap::indirect_call_type_mismatch},
      {PuppetTrap::integer_overflow, Trap::integer_overflow},
      {PuppetTrap::integer_division_by_zero, Trap::integer_division_by_zero},
      {PuppetTrap::invalid_conversion_to_integer, Trap::invalid_conversion_to_integer},
  }};
  constexpr std::array<std::string_view, 8> kNames{
      "unreachable",           "memory_out_of_bounds",        "undefined_element",
      "uninitialized_element", "indirect_call_type_mismatch", "integer_overflow",
      "division_by_zero",      "invalid_conversion"};
  for (std::size_t i = 0; i < kTraps.size(); ++i) {
    cases.push_back(one_call("trap_" + std::string{kNames.at(i)}, kRow,
                             Script{}.trap(kTraps.at(i).first),
                             breaks(Errc::trapped, to_string(kTraps.at(i).second))));
  }
  cases.push_back(one_call("trap_stack_exhausted", "guests that recurse",
                           Script{}.say(Verb::recurse),
                           breaks(Errc::trapped, to_string(Trap::stack_exhausted))));
  cases.push_back(
      {.name = "trap_table_out_of_bounds",
       .row = std::string{kRow},
       .guest = "table_trap",
       // wasmtime has one code for this and for an undefined element.
       .steps = {{.action = Invoke{.operation = "x"}, .expected = breaks(Errc::trapped)}},
       .needs = {.webassembly = true, .features = {Feature::reference_types}},
       .counts_calls = false});
  cases.push_back(
      {.name = "the_call_after_a_trap_meets_fresh_memory",
       .row = std::string{kRow},
       .guest = "puppet",
       .steps = {
           does(Script{}.put(kScratchAt + 64, "old").response("ok"), answers("ok")),
           does(Script{}.say(Verb::grow, {5}).trap(PuppetTrap::unreachable), breaks(Errc::trapped)),
           does(Script{}.respond_from(kScratchAt + 64, 3), answers(std::string_view{"\0\0\0", 3})),
           does(Script{}.respond_from(kPuppetBytes, 1), breaks(Errc::protocol_violation))}});
  cases.push_back(
      {.name = "traps_one_after_the_other",
       .row = std::string{kRow},
       .guest = "puppet",
       .steps = {does(Script{}.trap(PuppetTrap::unreachable), breaks(Errc::trapped)),
                 does(Script{}.say(Verb::recurse), breaks(Errc::trapped)),
                 does(Script{}.trap(PuppetTrap::integer_overflow), breaks(Errc::trapped)),
                 does(Script{}.response("alive"), answers("alive"))}});
}

}  // namespace wapc::conformance
