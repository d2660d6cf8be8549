#pragma once

#include <chrono>

#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime is POSIX's.

#include "wapc/base/budget.hpp"

namespace wapc {

/// The time, late by up to a tick of the kernel (4 to 10 ms), for a fifth of what reading the clock
/// costs: 5 ns in place of 25, which is as much as entering a guest. The exact time where the
/// system has no such reading.
[[nodiscard]] inline Budget::Clock::time_point coarse_now() noexcept {
#ifdef CLOCK_MONOTONIC_COARSE
  timespec time{};
  if (clock_gettime(CLOCK_MONOTONIC_COARSE, &time) == 0) {
    return Budget::Clock::time_point{std::chrono::seconds{time.tv_sec} +
                                     std::chrono::nanoseconds{time.tv_nsec}};
  }
#endif
  return Budget::Clock::now();
}

}  // namespace wapc
