#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>

#include "wapc/base/error.hpp"

namespace wapc {

/// How long a call may go on. It travels with the call: engines look at it while guest code runs,
/// host functions before they wait, handlers to pass it on.
struct Budget {
  using Clock = std::chrono::steady_clock;

  Clock::time_point deadline = Clock::time_point::max();
  std::stop_token stop = {};

  /// The end of `timeout` from `now` on; never, when that is past what the clock can say.
  [[nodiscard]] static Clock::time_point end_of(std::chrono::nanoseconds timeout,
                                                Clock::time_point now) noexcept {
    return timeout < Clock::time_point::max() - now ? now + timeout : Clock::time_point::max();
  }

  /// What is left of it when nothing may take longer than `timeout` from `now` on.
  [[nodiscard]] Budget within(std::chrono::nanoseconds timeout, Clock::time_point now) const {
    return {.deadline = std::min(deadline, end_of(timeout, now)), .stop = stop};
  }

  /// Whether it can ever run out; when not, nothing has to watch it.
  [[nodiscard]] bool limited() const noexcept {
    return deadline != Clock::time_point::max() || stop.stop_possible();
  }

  /// Why the call must end at `now`: `cancelled`, `deadline_exceeded`, or nothing.
  [[nodiscard]] std::optional<Errc> spent(Clock::time_point now) const noexcept {
    if (stop.stop_requested()) return Errc::cancelled;
    if (now >= deadline) return Errc::deadline_exceeded;
    return std::nullopt;
  }

  /// Fails, now, with what `spent` says; reads the clock only when there is a deadline.
  [[nodiscard]] Result<> check() const;
};

/// The error of a call that ended because its budget was spent; `why` is `cancelled` or
/// `deadline_exceeded`. The same text on every engine.
[[nodiscard]] Error budget_spent(Errc why);

}  // namespace wapc
