#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "wapc/base/error.hpp"

namespace wapc {

/// What one call came to.
struct CallStats {
  std::chrono::nanoseconds waiting{0};  ///< For an instance, its start included.
  std::chrono::nanoseconds running{0};  ///< Of the guest, host calls included.
  std::uint64_t host_calls = 0;
  std::size_t memory_bytes = 0;  ///< Of the instance afterwards; 0 when the call spent it.
  std::uint64_t guest_id = 0;    ///< 0 when it got no instance.
  std::uint32_t version = 0;     ///< Which answered: 1, and one more with each swap; or 0.
};

/// What a pool has done since it was started, and what it has now. A value.
struct PoolStats {
  std::uint64_t calls = 0;  ///< That have ended, in whatever way.
  std::array<std::uint64_t, std::to_underlying(Errc::internal) + 1> failures_by_code{};

  [[nodiscard]] std::uint64_t failures(Errc code) const {
    return failures_by_code[static_cast<std::size_t>(code)];
  }

  std::uint64_t waits = 0;  ///< Calls that found no idle instance.
  std::chrono::nanoseconds waiting{0};

  /// Of guests, host calls included. Each call is timed in steps of some milliseconds, so that only
  /// the sum of many means something.
  std::chrono::nanoseconds running{0};

  std::uint64_t host_calls = 0;

  std::uint64_t started = 0;        ///< Instances that were started.
  std::uint64_t failed_starts = 0;  ///< Instances that were not.
  std::uint64_t spent = 0;          ///< Instances that a call spent.
  std::uint64_t recycled = 0;       ///< Instances that made way as `Recycling` says.
  std::uint64_t dropped_idle = 0;   ///< Instances that nobody called for long.

  std::size_t instances = 0;  ///< Of all versions, those that are being started included.
  std::size_t idle = 0;
  std::size_t running_now = 0;
  std::size_t waiting_now = 0;   ///< Callers in the queue.
  std::size_t memory_bytes = 0;  ///< Of all guests; of each as it was looked at last.

  std::uint32_t version = 0;  ///< That takes calls: 1, and one more with each swap.
};

/// How the last swap stands.
struct SwapStatus {
  enum class Phase : std::uint8_t { none, on_trial, took_over, rolled_back };

  Phase phase = Phase::none;
  std::uint32_t version = 0;      ///< The new one, whatever became of it; 0: there was no swap.
  std::uint64_t trial_calls = 0;  ///< That it has taken while on trial.
  std::string reason = {};        ///< Why it was rolled back.
};

}  // namespace wapc
