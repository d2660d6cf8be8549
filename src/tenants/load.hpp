#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stop_token>

#include "wapc/base/budget.hpp"
#include "wapc/base/error.hpp"

namespace wapc::tenants {

/// One load of a tenant, for all who wait for it. Under the lock, but for `stop`.
struct Load {
  std::optional<Result<>> outcome;  // None until it has ended.
  std::condition_variable_any ended;
  std::stop_source stop;
  std::size_t waiting = 0;
  const Load* awaits = nullptr;  // Another one, whose end its thread waits for.

  /// Until it has ended or `budget` is spent; whether it has ended.
  [[nodiscard]] bool wait(std::unique_lock<std::mutex>& lock, const Budget& budget) {
    const auto has_ended = [this] { return outcome.has_value(); };
    if (budget.deadline == Budget::Clock::time_point::max()) {
      return ended.wait(lock, budget.stop, has_ended);
    }
    return ended.wait_until(lock, budget.stop, budget.deadline, has_ended);
  }
};

/// Why a tenant was not loaded, the last time, and how long it is left alone for that.
struct FailedLoad {
  Error error;
  std::chrono::nanoseconds wait;
  Budget::Clock::time_point next;
};

/// A failure after `before`: it is left alone for `first`, and twice as long each time that it
/// fails again, up to `most`.
[[nodiscard]] inline FailedLoad failed_again(const std::optional<FailedLoad>& before,
                                             const Error& error, std::chrono::nanoseconds first,
                                             std::chrono::nanoseconds most,
                                             Budget::Clock::time_point now) {
  const auto wait = before ? std::min(before->wait * 2, most) : first;
  return {error, wait, Budget::end_of(wait, now)};
}

}  // namespace wapc::tenants
