#include "base/try.hpp"
#include "pool/core.hpp"

// Who waits for an instance, and who gets it.
//
// As long as somebody waits for a version, every running instance of it has `attention` and none is
// idle, so that none comes back but by way of the lock, and nobody overtakes the queue. What can
// become an instance counts as one: an empty slot goes to the first in line, too, who starts it.

namespace wapc {
namespace {

std::unexpected<Error> draining() {
  return failure(Errc::unavailable, "the pool is shutting down");
}

}  // namespace

Result<Pool::Core::Slot*> Pool::Core::obtain(const Call& call, const Budget& budget,
                                             const pool::Holding* holdings) {
  Lock lock{mutex_};
  ++visitors_;
  const auto begun = Budget::Clock::now();
  pool::Waiter waiter{call.version, holdings};
  // What a call that runs already needs to end is not refused.
  const bool is_refused = draining_ && !pool::holds_any(holdings, this);
  auto slot = is_refused ? Result<Slot*>{draining()} : find_or_start(lock, waiter, budget);
  if (!slot) {
    const auto waited = Budget::Clock::now() - begun;
    ++counted_.calls;
    ++counted_.waits;
    ++counted_.failures_by_code[static_cast<std::size_t>(slot.error().code())];
    counted_.waiting += waited;
    if (call.on_trial) {
      lock.unlock();
      judge(call, slot.error().code(), waited);
      lock.lock();
    }
  }
  --visitors_;
  changed();
  return slot;
}

/// An instance that runs, and is the caller's.
Result<Pool::Core::Slot*> Pool::Core::find_or_start(Lock& lock, pool::Waiter& waiter,
                                                    const Budget& budget) {
  for (;;) {
    WAPC_TRY(auto* const slot, queue_up(lock, waiter, budget));
    if (slot->stage() == Stage::running) return slot;

    // A thread that may not enter guests has learnt nothing of this one.
    auto started = slot->version->module->linked().may_enter();
    if (!started) {
      vacate(*slot);
      serve_all();
      return std::unexpected{std::move(started).error()};
    }
    started = start(lock, *slot, budget);
    if (started) {
      slot->set_running_with_attention();
      return slot;
    }
    const bool others_may_serve = version_for(waiter.version())->live != 0 && budget.check();
    if (!others_may_serve) return std::unexpected{std::move(started).error()};
    waiter.is_first = true;
  }
}

/// A slot for the waiter, running or to be started.
Result<Pool::Core::Slot*> Pool::Core::queue_up(Lock& lock, pool::Waiter& waiter,
                                               const Budget& budget) {
  const auto& version = version_for(waiter.version());
  const auto waits_for_it = [&](const pool::Waiter* other) {
    return version_for(other->version()) == version;
  };
  if (waiter.is_first || std::ranges::none_of(queue_, waits_for_it)) {
    auto served = try_serve(version);
    if (served.slot != nullptr) return served.slot;
    if (served.error) return std::unexpected{*std::move(served.error)};
  }
  WAPC_CHECK(may_wait(waiter));
  queue_.insert(waiter.is_first ? queue_.begin() : queue_.end(), &waiter);
  if (!waiter.wait(lock, budget)) queue_.remove(&waiter);

  WAPC_TRY(auto* const slot, waiter.served());
  const auto left = budget.check();
  if (left && slot != nullptr) return slot;
  // An instance entered without time would be spent for nothing.
  if (slot != nullptr && slot->stage() == Stage::running) settle(lock, *slot);
  if (slot != nullptr && slot->stage() == Stage::starting) {
    vacate(*slot);
    serve_all();
  }
  const auto why = budget.stop.stop_requested() ? Errc::cancelled : Errc::deadline_exceeded;
  return std::unexpected{budget_spent(why).within("waiting for an instance")};
}

/// Whether it makes sense to wait.
Result<> Pool::Core::may_wait(const pool::Waiter& waiter) const {
  const auto& version = *version_for(waiter.version());
  const bool may_grow = version.live < options_.instances_max;
  if (!may_grow && pool::holds_any(waiter.holdings(), this)) {
    auto held = pool::count_held(waiter.holdings(), this, version.id);
    for (const auto* other : queue_) held += pool::count_held(other->holdings(), this, version.id);
    if (held >= version.live) {
      return failure(Errc::busy, "all " + std::to_string(version.live) +
                                     " instances are held by calls that wait for one, this "
                                     "thread's own among them; raise PoolOptions::instances_max");
    }
  }
  if (!waiter.is_first && queue_.size() >= options_.queue_max) {
    return failure(Errc::overloaded, "all instances are taken, and " +
                                         std::to_string(queue_.size()) + " callers wait already");
  }
  return {};
}

/// Either a slot, or why there will be none, or neither: then each instance that comes back is
/// seen.
Pool::Core::Served Pool::Core::try_serve(const std::shared_ptr<Version>& version) {
  if (auto* const slot = slots_.take_idle_or_mark(version->id)) {
    slot->set_running_with_attention();
    return {slot};
  }
  const auto now = Budget::Clock::now();
  if (!version->rests(now)) return {claim(version)};
  const auto& failed = version->failed_start;
  if (version->live != 0 || !failed) return {};
  return {.error = failed->error.within("not started again yet; the last time")};
}

void Pool::Core::serve_all() {
  const Version* nothing_for = nullptr;
  for (auto at = queue_.begin(); at != queue_.end();) {
    auto& waiter = **at;
    const auto& version = version_for(waiter.version());
    const auto served = version.get() == nothing_for ? Served{} : try_serve(version);
    if (served.slot == nullptr && !served.error) {
      nothing_for = version.get();
      ++at;
      continue;
    }
    at = queue_.erase(at);
    served.error ? waiter.fail(*served.error) : waiter.serve(*served.slot);
  }
}

/// Hands a running slot that its holder is done with to the first in line, or lets it rest.
void Pool::Core::settle(Lock& lock, Slot& slot) {
  if (!is_current(*slot.version)) return drop(lock, slot);
  const auto wanted = std::ranges::find_if(queue_, [&](const pool::Waiter* waiter) {
    return version_for(waiter->version()) == slot.version;
  });
  if (wanted == queue_.end()) {
    slot.set(Stage::idle);
  } else {
    auto& waiter = **wanted;
    queue_.erase(wanted);
    slot.set_running_with_attention();
    waiter.serve(slot);
  }
  changed();
}

/// The version that answers whoever chose `id`: after a swap or the end of a trial there may be
/// another one.
const std::shared_ptr<pool::Version>& Pool::Core::version_for(std::uint32_t id) const noexcept {
  return on_trial_ && on_trial_->id == id ? on_trial_ : stable_;
}

}  // namespace wapc
