#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "pool/slot.hpp"

// What a thread remembers between and beneath its calls of pools. None of it is owned.

namespace wapc::pool {

/// One instance that a thread holds: a handler may call a pool again, so they form a chain.
struct Holding {
  const void* pool;
  const Slot* slot;
  const Holding* outer;
};

/// How many instances of `version` of `pool` are in the chain.
[[nodiscard]] inline std::size_t count_held(const Holding* innermost, const void* pool,
                                            std::uint32_t version) {
  std::size_t count = 0;
  for (const auto* held = innermost; held != nullptr; held = held->outer) {
    const auto word = held->slot->word.load(std::memory_order_relaxed);
    if (held->pool == pool && Word::version(word) == version) ++count;
  }
  return count;
}

/// Whether there is an instance of `pool` in the chain.
[[nodiscard]] inline bool holds_any(const Holding* innermost, const void* pool) {
  const auto* held = innermost;
  while (held != nullptr && held->pool != pool) held = held->outer;
  return held != nullptr;
}

/// Which slot of a pool a thread used last: its instance is in the thread's caches. A small table,
/// so that a thread may take turns with some pools; two that meet in one entry cost a search.
class Hints {
 public:
  [[nodiscard]] std::uint32_t& of(std::uint64_t pool_id) noexcept {
    auto& hint = hints_[pool_id % hints_.size()];
    if (hint.pool_id != pool_id) [[unlikely]] {
      hint = {pool_id, 0};
    }
    return hint.slot;
  }

 private:
  struct Hint {
    std::uint64_t pool_id = 0;
    std::uint32_t slot = 0;
  };

  std::array<Hint, 8> hints_{};
};

}  // namespace wapc::pool
