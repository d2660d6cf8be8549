#pragma once

#include <cstddef>

// Engines run guest code on the calling thread's own stack and stop it at a limit that is theirs.
// Whether the thread has that much is for us to look at first: guest code that meets the end of the
// thread's stack before the engine's limit takes the whole program with it.

namespace wapc {

/// The lowest address that the calling thread's stack may grow down to; null where that is not
/// known: on systems without a way to ask, and on a stack that the thread did not start with, such
/// as a fiber's. Asked of the system once for each thread.
[[nodiscard]] const void* native_stack_low() noexcept;

/// Bytes between the caller's frame and `native_stack_low()`; the largest number where that is not
/// known.
[[nodiscard]] std::size_t native_stack_left() noexcept;

}  // namespace wapc
