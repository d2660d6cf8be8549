#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace wapc {

/// So many in a second, evenly; those that were not used for up to a second may come at once.
class Rate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Takes one at `now`, if there is one.
  [[nodiscard]] bool take(std::uint64_t per_second, Time now) noexcept {
    constexpr std::chrono::nanoseconds kSecond = std::chrono::seconds{1};
    const std::chrono::nanoseconds each{kSecond.count() / static_cast<std::int64_t>(per_second)};
    const auto next = std::max(full_until_, now) + each;
    if (next > now + kSecond) return false;
    full_until_ = next;
    return true;
  }

 private:
  Time full_until_ = Time::min();  // When all that was taken will have come back.
};

}  // namespace wapc
