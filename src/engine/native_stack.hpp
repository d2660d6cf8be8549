#pragma once

#include <cstddef>
#include <cstdint>

// Engines run guest code on the calling thread's own stack and stop it at a limit that is theirs.
// Whether the thread has that much is for us to look at first: guest code that meets the end of the
// thread's stack before the engine's limit takes the whole program with it.

namespace wapc {

/// The lowest address that the calling thread's stack may grow down to; null where that is not
/// known: on systems without a way to ask, and on a stack that the thread did not start with, such
/// as a fiber's. Asked of the system once for each thread.
[[nodiscard]] const void* native_stack_low() noexcept;

namespace native_stack_impl {

struct Bounds {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;  // 0: not known, and then nothing lies within.
  bool asked = false;
};

// A cache of what the system says, for it takes microseconds (the main thread's is read from a
// file of the kernel's).
extern constinit thread_local Bounds own_bounds;

/// The same where the cache does not say it.
[[nodiscard]] std::size_t left_below(std::uintptr_t frame) noexcept;

}  // namespace native_stack_impl

/// Bytes between the caller's frame and `native_stack_low()`; the largest number where that is not
/// known.
[[nodiscard]] inline std::size_t native_stack_left() noexcept {
  // The frame's address and not a local's: AddressSanitizer may keep locals on a heap of its own.
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto& bounds = native_stack_impl::own_bounds;
  if (frame - bounds.low < bounds.high - bounds.low) [[likely]] {
    return frame - bounds.low;
  }
  return native_stack_impl::left_below(frame);
}

}  // namespace wapc
