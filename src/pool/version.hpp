#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "wapc/base/budget.hpp"
#include "wapc/host/guest_module.hpp"

namespace wapc::pool {

/// One version of a pool's guest. Its id and module are constant; the rest is under the pool's
/// lock.
struct Version {
  std::uint32_t id;  // From 1.
  std::shared_ptr<const GuestModule> module;

  std::size_t live = 0;    // Instances that there are: starting, idle, running or going.
  std::size_t target = 0;  // How many there shall be: a spent one is replaced, an idle one is not.

  /// Why the guest did not start, the last time, and how long it is left alone for that.
  struct FailedStart {
    Error error;
    std::chrono::nanoseconds wait;
    Budget::Clock::time_point next;
  };

  std::optional<FailedStart> failed_start = std::nullopt;

  [[nodiscard]] bool rests(Budget::Clock::time_point now) const {
    return failed_start && now < failed_start->next;
  }

  /// Leaves it alone for `first`, and twice as long each time that it fails again, up to `most`.
  void failed(const Error& error, std::chrono::nanoseconds first, std::chrono::nanoseconds most,
              Budget::Clock::time_point now) {
    const auto wait = failed_start ? std::min(failed_start->wait * 2, most) : first;
    failed_start = {error, wait, Budget::end_of(wait, now)};
  }
};

}  // namespace wapc::pool
