#pragma once

#include <atomic>
#include <cstdint>

// After `fork` the child has the parent's memory and none of its threads but one. What stands on a
// thread of its own, such as a ticker, finds that out here.

namespace wapc {

namespace fork_impl {

extern constinit std::atomic<std::uint32_t> forks_so_far;

}  // namespace fork_impl

/// How many forks lie between this process and the one in which they were first watched. Costs a
/// load.
[[nodiscard]] inline std::uint32_t forks() noexcept {
  return fork_impl::forks_so_far.load(std::memory_order_relaxed);
}

/// Watches them from now on, if that has not begun; how many there were.
[[nodiscard]] std::uint32_t watch_forks() noexcept;

}  // namespace wapc
