#include "providers/wasm3/errors.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "wapc/engine/trap.hpp"

namespace wapc::wasm3 {
namespace {

Trap reason_for(M3Result trap) {
  const std::array reasons{
      std::pair{m3Err_trapOutOfBoundsMemoryAccess, Trap::memory_out_of_bounds},
      std::pair{m3Err_trapDivisionByZero, Trap::integer_division_by_zero},
      std::pair{m3Err_trapIntegerOverflow, Trap::integer_overflow},
      std::pair{m3Err_trapIntegerConversion, Trap::invalid_conversion_to_integer},
      std::pair{m3Err_trapIndirectCallTypeMismatch, Trap::indirect_call_type_mismatch},
      std::pair{m3Err_trapTableIndexOutOfRange, Trap::undefined_element},
      std::pair{m3Err_trapTableElementIsNull, Trap::uninitialized_element},
      std::pair{m3Err_trapTableOutOfBounds, Trap::table_out_of_bounds},
      std::pair{m3Err_trapNullReference, Trap::null_reference},
      std::pair{m3Err_trapNullFunctionRef, Trap::null_reference},
      std::pair{m3Err_trapUnreachable, Trap::unreachable},
      std::pair{m3Err_trapStackOverflow, Trap::stack_exhausted},
  };
  const auto* const row = std::ranges::find(reasons, trap, &std::pair<M3Result, Trap>::first);
  return row != reasons.end() ? row->second : Trap::other;
}

bool out_of_memory(M3Result why) {
  return why == m3Err_mallocFailed || why == m3Err_mallocFailedCodePage;
}

}  // namespace

Error trapped_by(M3Result trap, std::string backtrace) {
  return trapped(reason_for(trap), std::move(backtrace));
}

Error no_instance(M3Result why) {
  if (out_of_memory(why)) {
    return {Errc::limit_exceeded, std::string{"no room for an instance: wasm3: "} + why};
  }
  return {Errc::internal, std::string{"wasm3: "} + why};
}

Error cannot_run(M3Result why) {
  if (why == m3Err_mallocFailed) {
    return {Errc::limit_exceeded, "no memory to compile the module"};
  }
  const std::string_view reason =
      why == m3Err_mallocFailedCodePage ? "its compiled code would be too large" : why;
  return {Errc::invalid_module, "wasm3 cannot run this module: " + std::string{reason}};
}

}  // namespace wapc::wasm3
