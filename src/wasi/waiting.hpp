#pragma once

#include <chrono>
#include <span>

#include <poll.h>

#include "wapc/base/budget.hpp"
#include "wasi/errno.hpp"

namespace wapc::wasi {

/// All waiting of one instance: it ends when the call's budget is spent, and is counted.
class Waiting {
 public:
  explicit Waiting(std::chrono::nanoseconds slept_max) : slept_max_{slept_max} {}

  /// Waits until one of the descriptors is ready, which their `revents` then say, or `timeout` is
  /// over; at once when that is 0. Ends the call when `budget` is spent or the instance has slept
  /// too long in it. Neither polls in a loop nor starts a thread.
  [[nodiscard]] Outcome<> wait(std::span<pollfd> descriptors, std::chrono::nanoseconds timeout,
                               const Budget& budget);

  /// Counts from zero again.
  void begin_call() noexcept { slept_ = {}; }

 private:
  std::chrono::nanoseconds slept_max_;
  std::chrono::nanoseconds slept_{};
};

}  // namespace wapc::wasi
