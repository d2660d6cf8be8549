#pragma once

#include <cstddef>
#include <cstdint>

namespace wapc {

/// What a guest may do in one call; counted anew for each (the start functions of an instance
/// together are one). Beyond a limit the call ends with `limit_exceeded`, which names it, and the
/// instance is spent; an error's text is cut instead. All bytes.
struct CallLimits {
  /// Of the guest's response.
  std::size_t response_bytes = 128U << 20U;

  /// Of the guest's error; what comes after is left out.
  std::size_t error_bytes = 1U << 20U;

  /// Of the payload of one host call.
  std::size_t host_call_bytes = 128U << 20U;

  /// Of a host call's binding, namespace and operation, each.
  std::size_t name_bytes = 64U << 10U;

  /// How many host calls.
  std::uint64_t host_calls = 1'000'000;

  /// Of all that goes to the log: the console, and standard output and error where they go there.
  std::size_t log_bytes = 16U << 20U;

  /// How many lines go to the log.
  std::uint64_t log_lines = 100'000;
};

}  // namespace wapc
