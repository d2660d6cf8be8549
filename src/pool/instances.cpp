#include <algorithm>
#include <utility>

#include "base/try.hpp"
#include "pool/core.hpp"

// Instances come and go.

namespace wapc {
namespace {

/// Why the instance after the first `started` of `wanted` did not start, and what to do about it.
Error explained(const Error& error, std::size_t started, std::size_t wanted) {
  if (wanted == 1) return error;
  auto within =
      error.within("instance " + std::to_string(started + 1) + " of " + std::to_string(wanted));
  if (error.code() != Errc::limit_exceeded || started == 0) return within;
  return {Errc::limit_exceeded, within.message() +
                                    ": the machine has not got what so many take; lower "
                                    "PoolOptions::instances_min and instances_max"};
}

}  // namespace

/// A slot in which an instance of `version` is to be started; null when there may be no more.
Pool::Core::Slot* Pool::Core::claim(const std::shared_ptr<Version>& version) {
  if (version->live >= options_.instances_max) return nullptr;
  auto* const slot = slots_.find_empty();
  if (slot == nullptr) return nullptr;
  slot->version = version;
  slot->set(Stage::starting);
  version->target = std::max(version->target, ++version->live);
  if (version->live > options_.instances_min) start_keeper();  // It may be idle one day.
  return slot;
}

/// Starts an instance in a slot that was claimed, and leaves it to the caller to say whose it is;
/// when that fails the slot is empty again, and whoever waits has been seen to.
Result<> Pool::Core::start(Lock& lock, Slot& slot, const Budget& budget) {
  const auto version = slot.version;
  lock.unlock();
  auto host = start_host(slot, budget);
  const bool in_time = host || budget.check();
  lock.lock();
  if (host) {
    slot.host = *std::move(host);
    slot.instance_calls = 0;
    slot.calls_seen = slot.calls.get() - 1;  // Young ones are not dropped at the next look.
    slot.memory_bytes.set(slot.host->memory_bytes());
    version->failed_start.reset();
    ++counted_.started;
    return {};
  }
  ++counted_.failed_starts;
  if (in_time) {  // Else the guest has not been given the chance.
    version->failed(host.error(), options_.host.restart_wait, options_.host.restart_wait_max,
                    Budget::Clock::now());
  }
  vacate(slot);
  serve_all();
  return std::unexpected{std::move(host).error()};
}

/// Starts so many, which are idle then; nobody may take them yet, as no route leads there. When one
/// fails, the others are still there.
Result<> Pool::Core::warm_up(Lock& lock, const std::shared_ptr<Version>& version,
                             std::size_t instances, const Budget& budget) {
  for (std::size_t i = 0; i < instances; ++i) {
    auto* slot = claim(version);
    while (slot == nullptr) {  // Calls of versions before the last have not ended yet.
      if (i > 0) return {};
      if (!wait_for_change(lock, budget)) return std::unexpected{budget.check().error()};
      if (draining_) return failure(Errc::unavailable, "the pool is shutting down");
      slot = claim(version);
    }
    if (auto started = start(lock, *slot, budget); !started) {
      return std::unexpected{explained(started.error(), i, instances)};
    }
    slot->set(Stage::idle);
  }
  return {};
}

/// Of a slot without an instance that its holder gives up.
void Pool::Core::vacate(Slot& slot) {
  --slot.version->live;
  if (slot.version.use_count() == 1) retire(std::move(slot.version));
  slot.version.reset();
  slot.memory_bytes.set(0);
  slot.set(Stage::empty);
  changed();
  wake_keeper();
}

void Pool::Core::drop(Lock& lock, Slot& slot) {
  slot.set(Stage::closing);
  lock.unlock();
  slot.host.reset();
  lock.lock();
  vacate(slot);
  serve_all();
}

/// Instances of versions that take no calls go: those that run, once they have ended.
void Pool::Core::doom_stale() {
  for (auto& slot : slots_.all()) {
    if (slot.version && !is_current(*slot.version)) pool::Slots::doom_or_mark(slot);
  }
  wake_keeper();
}

/// Has a version that nobody needs freed without the lock: compiled code takes its time.
void Pool::Core::retire(std::shared_ptr<Version> version) {
  retired_.push_back(std::move(version));
  wake_keeper();
}

bool Pool::Core::is_current(const Version& version) const noexcept {
  return &version == stable_.get() || &version == on_trial_.get() || &version == warming_.get();
}

void Pool::Core::changed() {
  ++changes_;
  has_changed_.notify_all();
}

/// Whether something changed before `budget` was spent.
bool Pool::Core::wait_for_change(Lock& lock, const Budget& budget) {
  const auto has_changed = [this, seen = changes_] { return changes_ != seen; };
  if (budget.deadline == Budget::Clock::time_point::max()) {
    return has_changed_.wait(lock, budget.stop, has_changed);
  }
  return has_changed_.wait_until(lock, budget.stop, budget.deadline, has_changed);
}

}  // namespace wapc
