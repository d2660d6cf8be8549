#include <algorithm>
#include <utility>

#include "pool/core.hpp"

// The pool's thread: drops what is doomed, starts what is lacking, drops what nobody needs.

namespace wapc {

void Pool::Core::keep(const std::stop_token& stop) {
  Lock lock{mutex_};
  auto next_look = Budget::end_of(options_.idle_timeout, Budget::Clock::now());
  while (!stop.stop_requested()) {
    keeper_wanted_ = false;
    if (auto* const slot = slots_.find(Stage::doomed)) {
      drop(lock, *slot);
      continue;
    }
    if (!retired_.empty()) {
      auto retired = std::exchange(retired_, {});
      lock.unlock();
      retired.clear();
      lock.lock();
      continue;
    }
    if (replace_one(lock)) continue;
    if (Budget::Clock::now() >= next_look) {
      drop_unused(lock);
      next_look = Budget::end_of(options_.idle_timeout, Budget::Clock::now());
      continue;
    }
    const auto wake = std::min(next_look, next_retry());
    const auto is_wanted = [this] { return keeper_wanted_; };
    if (wake == Budget::Clock::time_point::max()) {
      keeper_wakes_.wait(lock, stop, is_wanted);
    } else {
      keeper_wakes_.wait_until(lock, stop, wake, is_wanted);
    }
  }
}

/// Starts an instance that is lacking; whether there was one.
bool Pool::Core::replace_one(Lock& lock) {
  if (draining_) return false;
  for (const auto& version : {stable_, on_trial_}) {
    if (!version || version->live >= version->target) continue;
    if (version->rests(Budget::Clock::now())) continue;
    auto* const slot = claim(version);
    if (slot == nullptr) continue;  // Old versions still drain; the end of each wakes this thread.
    if (start(lock, *slot, {.stop = start_stop_.get_token()})) settle(lock, *slot);
    return true;
  }
  return false;
}

/// When a guest that did not start is to be tried again.
Budget::Clock::time_point Pool::Core::next_retry() const {
  auto next = Budget::Clock::time_point::max();
  if (draining_) return next;
  for (const auto& version : {stable_, on_trial_}) {
    if (!version || version->live >= version->target) continue;
    const auto& failed = version->failed_start;
    if (failed) next = std::min(next, failed->next);
  }
  return next;
}

/// Drops instances that have taken no call since the last look, down to `instances_min`.
void Pool::Core::drop_unused(Lock& lock) {
  for (auto& slot : slots_.all()) {
    if (slot.version != stable_) continue;
    const auto calls = slot.calls.get();
    const bool unused = calls == slot.calls_seen;
    slot.calls_seen = calls;
    if (!unused || stable_->target <= options_.instances_min) continue;
    auto word = pool::Word::of(stable_->id, Stage::idle);
    if (!slot.word.compare_exchange_strong(word, pool::Word::of(stable_->id, Stage::closing),
                                           std::memory_order_acquire, std::memory_order_relaxed)) {
      continue;
    }
    --stable_->target;
    ++counted_.dropped_idle;
    drop(lock, slot);
  }
}

/// Unless there is one. When the system has no thread, the next who wakes it tries again: callers
/// start what is lacking meanwhile.
void Pool::Core::start_keeper() {
  if (keeper_ || draining_) return;
  constexpr std::size_t kStack = 8U << 20U;  // As much as a program's first thread usually has.
  keeper_ = NativeThread::start(kStack, [this] { keep(keeper_stop_.get_token()); });
}

void Pool::Core::wake_keeper() {
  start_keeper();
  keeper_wanted_ = true;
  keeper_wakes_.notify_one();
}

}  // namespace wapc
