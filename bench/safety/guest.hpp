#pragma once

#include <cstddef>
#include <string_view>

#include "files.hpp"
#include "wapc/wapc.hpp"

// What guest.wat does, and how it is asked for that.

namespace wapc::bench {

/// By the length of the operation.
enum class Does : std::size_t {
  echo = 1,
  host_call,
  error,
  nothing,
  unreachable,
  out_of_bounds,
  null_element,
  recursion,
  bad_pointer,
  log_flood,
  host_call_flood,
  growth,
  loop,
  bulk_loop,
};

/// The operation that has the guest do it.
inline std::string_view operation(Does what) {
  return std::string_view{"................"}.substr(0, static_cast<std::size_t>(what));
}

}  // namespace wapc::bench
