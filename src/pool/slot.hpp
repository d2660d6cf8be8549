#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "pool/version.hpp"
#include "wapc/host/host.hpp"
#include "wapc/pool/pool_stats.hpp"

// A pool has a fixed number of slots, each with an instance or without. What a slot is at is one
// word, which also names the version of the instance in it. So one compare-and-swap takes an idle
// instance of the version wanted, and another gives it back: no lock, and nothing that two threads
// share as long as each keeps to a slot of its own.
//
// Whoever has to see an instance when it comes back (a caller who waits, a swap, a shutdown) sets
// `attention` in the word of the running slot, under the pool's lock. Then giving back fails, and
// the holder takes the lock. After a give-back that succeeds the holder touches the pool no more:
// a pool may go as soon as no slot runs.

namespace wapc::pool {

enum class Stage : std::uint64_t {
  empty,
  starting,  // Whoever took it from `empty` holds it.
  idle,      // Anybody may take it.
  running,   // Whoever took it holds it.
  doomed,    // As idle, but to be dropped: the pool's thread will.
  closing,   // Being dropped by whoever holds it.
};

/// What a slot's word says.
struct Word {
  static constexpr std::uint64_t kAttention = 8;

  static constexpr std::uint64_t of(std::uint32_t version, Stage stage) {
    return std::uint64_t{version} << 4U | static_cast<std::uint64_t>(stage);
  }

  static constexpr Stage stage(std::uint64_t word) { return static_cast<Stage>(word & 7U); }

  static constexpr std::uint32_t version(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> 4U);
  }
};

/// Written by the holder of its slot alone, and read by anybody.
class Counter {
 public:
  void add(std::uint64_t more) noexcept { set(get() + more); }

  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// On cache lines of its own, two because processors fetch pairs.
struct alignas(128) Slot {
  std::atomic<std::uint64_t> word = Word::of(0, Stage::empty);

  // Of the holder.
  std::unique_ptr<Host> host;
  std::uint64_t instance_calls = 0;  // That this instance has taken.

  // Of all calls that this slot has ever answered.
  Counter calls;
  Counter running_ns;
  Counter host_calls;
  Counter waits;
  Counter waiting_ns;
  Counter memory_bytes;  // Of the instance, as looked at last.
  std::array<Counter, std::tuple_size_v<decltype(PoolStats::failures_by_code)>> failures;

  // Under the pool's lock; constant while there is an instance.
  std::shared_ptr<Version> version;
  std::uint64_t calls_seen = 0;  // What `calls` was when it was last looked whether it is in use.

  [[nodiscard]] bool take(std::uint32_t wanted) noexcept {
    auto expected = Word::of(wanted, Stage::idle);
    return word.load(std::memory_order_relaxed) == expected &&
           word.compare_exchange_strong(expected, Word::of(wanted, Stage::running),
                                        std::memory_order_acquire, std::memory_order_relaxed);
  }

  /// Of a running slot; fails when somebody wants to see it.
  [[nodiscard]] bool give_back() noexcept {
    auto expected = word.load(std::memory_order_relaxed) & ~Word::kAttention;
    return word.compare_exchange_strong(expected, Word::of(Word::version(expected), Stage::idle),
                                        std::memory_order_release, std::memory_order_relaxed);
  }

  [[nodiscard]] Stage stage() const noexcept {
    return Word::stage(word.load(std::memory_order_acquire));
  }

  /// Of its holder, under the pool's lock.
  void set(Stage stage) noexcept {
    word.store(Word::of(version ? version->id : 0, stage), std::memory_order_release);
  }

  /// Has the holder come to the pool's lock in the end.
  void set_running_with_attention() noexcept {
    word.store(Word::of(version->id, Stage::running) | Word::kAttention, std::memory_order_release);
  }
};

}  // namespace wapc::pool
