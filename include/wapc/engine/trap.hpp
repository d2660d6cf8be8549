#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wapc/base/error.hpp"

namespace wapc {

/// Why WebAssembly code stopped itself, in the terms of the core specification.
enum class Trap : std::uint8_t {
  unreachable,
  memory_out_of_bounds,
  table_out_of_bounds,    ///< A table instruction past the end of its table.
  undefined_element,      ///< `call_indirect` past the end of its table.
  uninitialized_element,  ///< `call_indirect` of an element that is null.
  indirect_call_type_mismatch,
  integer_overflow,
  integer_division_by_zero,
  invalid_conversion_to_integer,
  null_reference,
  stack_exhausted,
  unaligned_atomic,
  other,  ///< What the engine has no finer word for.
};

/// The specification's words for it, such as `integer divide by zero`; the same on every engine.
[[nodiscard]] std::string_view to_string(Trap trap) noexcept;

/// The error of a call that ended in `trap`: code `trapped`, and the guest's frames.
[[nodiscard]] Error trapped(Trap trap, std::string backtrace = {});

}  // namespace wapc
