#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "base/coarse_clock.hpp"
#include "tenants/load.hpp"
#include "tenants/pins.hpp"
#include "wapc/pool/pool.hpp"
#include "wapc/tenants/tenants_options.hpp"
#include "wapc/tenants/tenants_stats.hpp"

namespace wapc::tenants {

using TimePoint = Budget::Clock::time_point;

class Entry;

/// Those that take calls, by when it was last seen that they were used.
using ByUse = std::multimap<TimePoint, Entry*>;

/// What a tenant takes.
struct Size {
  std::size_t code_bytes = 0;
  std::size_t instance_bytes = 0;  // For each instance, beside its memory.
  std::size_t guests_bytes = 0;    // Of all instances.

  [[nodiscard]] std::size_t bytes() const noexcept { return code_bytes + guests_bytes; }

  /// The same with guests as they are now.
  [[nodiscard]] Size with_guests(const PoolStats& pool) const noexcept {
    return {code_bytes, instance_bytes, pool.memory_bytes + pool.instances * instance_bytes};
  }
};

/// `pool` with what earlier ones did.
[[nodiscard]] PoolStats with_earlier(PoolStats pool, const PoolStats& earlier);

/// One tenant, loaded or not. What is public data is under the lock, but for the first two.
class Entry : public std::enable_shared_from_this<Entry> {
 public:
  const std::string name;
  const Tenant tenant;

  std::size_t removals = 0;    // Asked for and not taken back: with any it takes no calls.
  std::shared_ptr<Load> load;  // None unless one is under way, or waits for its turn.
  std::optional<FailedLoad> failed_load;
  TenantStats stats;  // But for the calls, and what there is now. Its pool: what earlier ones did.

  // What the room counts.
  bool counts = false;
  Size size;
  Size fresh_size;  // What it took when it was loaded last, as far as one knows.
  std::optional<ByUse::iterator> place;

  Entry(std::string its_name, Tenant made_of)
      : name{std::move(its_name)}, tenant{std::move(made_of)} {}

  [[nodiscard]] bool removed() const noexcept { return removals != 0; }

  /// What calls go to; null when it is not loaded. Stays while the caller has a `Pin`.
  [[nodiscard]] Pool* pool() const noexcept { return pool_.load(std::memory_order_seq_cst); }

  [[nodiscard]] TimePoint used() const noexcept {
    return TimePoint{TimePoint::duration{used_.load(std::memory_order_relaxed)}};
  }

  void set_used(TimePoint now) noexcept {
    const auto ticks = now.time_since_epoch().count();
    if (used_.load(std::memory_order_relaxed) != ticks) {
      used_.store(ticks, std::memory_order_relaxed);
    }
  }

  [[nodiscard]] const Pins& pins() const noexcept { return pins_; }

  /// Has calls go to `pool`; under the lock, like all that follow.
  void open(std::unique_ptr<Pool> pool) {
    owned_ = std::move(pool);
    pool_.store(owned_.get(), std::memory_order_seq_cst);
  }

  /// Has them go there no more. Calls that are under way may still be in it.
  [[nodiscard]] std::unique_ptr<Pool> close() {
    pool_.store(nullptr, std::memory_order_seq_cst);
    return std::move(owned_);
  }

  /// The same when there is no call and no instance at work; else null, and all is as it was.
  [[nodiscard]] std::unique_ptr<Pool> close_at_rest() {
    pool_.store(nullptr, std::memory_order_seq_cst);
    if (pins_.none()) {
      const auto now = owned_->stats();
      if (now.instances == now.idle) {
        stats.pool = with_earlier(now, stats.pool);
        return std::move(owned_);
      }
    }
    pool_.store(owned_.get(), std::memory_order_seq_cst);
    return nullptr;
  }

 private:
  friend class Pin;

  Pins pins_;
  std::atomic<Pool*> pool_ = nullptr;
  std::atomic<TimePoint::rep> used_ = 0;  // In steps of some milliseconds.
  std::unique_ptr<Pool> owned_;
};

/// A call of a tenant that is under way or waits: its pool, and the entry itself, stay meanwhile.
class Pin {
 public:
  explicit Pin(Entry& entry, Pins::Of of = Pins::Of::call)
      : entry_{entry}, stripe_{entry.pins_.enter(of)} {}

  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

  ~Pin() {
    entry_.set_used(coarse_now());
    Pins::leave(stripe_);  // Last: the entry may go with it.
  }

  [[nodiscard]] Entry& entry() const noexcept { return entry_; }

 private:
  Entry& entry_;
  Pins::Stripe& stripe_;
};

}  // namespace wapc::tenants
