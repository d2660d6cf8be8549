#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "tenants/entry.hpp"
#include "wapc/pool/pool.hpp"

namespace wapc::tenants {

/// A tenant that takes calls no more, and what they went to.
struct Closed {
  std::shared_ptr<Entry> entry;
  std::size_t bytes;
  std::unique_ptr<Pool> pool;
};

/// What is loaded, or being loaded, and what that takes; who goes when there is to be room. Under
/// the lock.
class Room {
 public:
  Room(std::size_t bytes_max, std::size_t loaded_max)
      : bytes_max_{bytes_max}, loaded_max_{loaded_max} {}

  /// Counts `entry` from now on, with what it takes, or will as far as one knows.
  void count(Entry& entry, const Size& size);

  /// Counts it no more; it takes no calls.
  void forget(Entry& entry);

  /// Has it take calls, which it is counted for.
  void open(Entry& entry, std::unique_ptr<Pool> pool, TimePoint now);

  /// Has it take no more, and counts it no more. Nothing when it took none.
  [[nodiscard]] std::optional<Closed> close(Entry& entry);

  /// Does so with the one that was not used for longest, and not since `before`, of those that are
  /// at rest. Nothing when there is none.
  [[nodiscard]] std::optional<Closed> close_one_at_rest(TimePoint before = TimePoint::max());

  [[nodiscard]] bool fits() const noexcept {
    return bytes_ <= bytes_max_ && loaded_ <= loaded_max_;
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

  [[nodiscard]] std::size_t loaded() const noexcept { return loaded_; }

  /// Those that take calls.
  [[nodiscard]] const ByUse& open_ones() const noexcept { return by_use_; }

 private:
  const std::size_t bytes_max_;
  const std::size_t loaded_max_;
  std::size_t bytes_ = 0;
  std::size_t loaded_ = 0;
  ByUse by_use_;
};

}  // namespace wapc::tenants
