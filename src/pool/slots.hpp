#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "pool/slot.hpp"

namespace wapc::pool {

/// All slots of a pool. What says so wants the pool's lock; the rest is thread-safe.
class Slots {
 public:
  explicit Slots(std::size_t count) : slots_{std::make_unique<Slot[]>(count)}, count_{count} {}

  [[nodiscard]] std::span<Slot> all() const noexcept { return {slots_.get(), count_}; }

  /// An idle instance of `version`, which is the caller's now; `hint` is tried first, and becomes
  /// the one found. Null: there was none.
  [[nodiscard]] Slot* take_idle(std::uint32_t version, std::uint32_t& hint) const noexcept;

  /// The same, under the lock; when there is none, all that run will come to the lock.
  [[nodiscard]] Slot* take_idle_or_mark(std::uint32_t version) const noexcept;

  /// Dooms the idle instance, or has whoever runs it come to the lock; under the lock.
  static void doom_or_mark(Slot& slot) noexcept;

  [[nodiscard]] Slot* find(Stage stage) const noexcept;

  /// The first empty slot, under the lock; null: there is none.
  [[nodiscard]] Slot* find_empty() noexcept;
  [[nodiscard]] std::size_t count(Stage stage) const noexcept;
  [[nodiscard]] std::size_t count(Stage stage, std::uint32_t version) const noexcept;

 private:
  std::unique_ptr<Slot[]> slots_;
  std::size_t count_;
  std::atomic<std::uint32_t> used_ = 0;  // The slots behind have never had an instance.
};

}  // namespace wapc::pool
