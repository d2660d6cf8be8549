#include "engine/ticker.hpp"

#include <utility>

namespace wapc {

Ticker::Ticker(std::chrono::milliseconds period, std::function<void()> tick)
    : period_{period},
      tick_{std::move(tick)},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

void Ticker::add_use() {
  const std::scoped_lock lock{mutex_};
  if (uses_++ == 0) used_.notify_all();
}

void Ticker::drop_use() {
  const std::scoped_lock lock{mutex_};
  --uses_;
}

void Ticker::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  while (used_.wait(lock, stop, [this] { return uses_ > 0; })) {
    // Nothing ends this wait early but the stop token: it is the period.
    used_.wait_for(lock, stop, period_, [] { return false; });
    if (stop.stop_requested()) return;
    lock.unlock();
    tick_();
    lock.lock();
  }
}

}  // namespace wapc
