#include "wapc/engine/trap.hpp"

#include <utility>

namespace wapc {

std::string_view to_string(Trap trap) noexcept {
  switch (trap) {
    case Trap::unreachable: return "unreachable executed";
    case Trap::memory_out_of_bounds: return "out of bounds memory access";
    case Trap::table_out_of_bounds: return "out of bounds table access";
    case Trap::undefined_element: return "undefined element";
    case Trap::uninitialized_element: return "uninitialized element";
    case Trap::indirect_call_type_mismatch: return "indirect call type mismatch";
    case Trap::integer_overflow: return "integer overflow";
    case Trap::integer_division_by_zero: return "integer divide by zero";
    case Trap::invalid_conversion_to_integer: return "invalid conversion to integer";
    case Trap::null_reference: return "null reference";
    case Trap::stack_exhausted: return "call stack exhausted";
    case Trap::unaligned_atomic: return "unaligned atomic";
    case Trap::other: return "trap";
  }
  std::unreachable();
}

Error trapped(Trap trap, std::string backtrace) {
  return {Errc::trapped, std::string{to_string(trap)}, std::move(backtrace)};
}

}  // namespace wapc
