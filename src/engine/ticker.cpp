#include "engine/ticker.hpp"

#include <utility>

namespace wapc {

Ticker::Ticker(std::chrono::milliseconds period, std::function<void()> tick)
    : shared_{std::make_unique<Shared>()} {
  shared_->period = period;
  shared_->tick = std::move(tick);
  shared_->thread =
      std::jthread{[own = shared_.get()](const std::stop_token& stop) { own->run(stop); }};
}

Ticker::~Ticker() {
  if (alive()) return;
  [[maybe_unused]] const auto* const left_behind = shared_.release();
}

void Ticker::add_use() {
  if (!alive()) return;
  const std::scoped_lock lock{shared_->mutex};
  ++shared_->uses;
  if (shared_->asleep) shared_->used.notify_all();
}

void Ticker::drop_use() {
  if (!alive()) return;
  const std::scoped_lock lock{shared_->mutex};
  --shared_->uses;
}

void Ticker::Shared::run(const std::stop_token& stop) {
  std::unique_lock lock{mutex};
  for (;;) {
    asleep = true;
    if (!used.wait(lock, stop, [this] { return uses > 0; })) return;
    asleep = false;
    // Nothing ends this wait early but the stop token: it is the period.
    used.wait_for(lock, stop, period, [] { return false; });
    if (stop.stop_requested()) return;
    lock.unlock();
    tick();
    lock.lock();
  }
}

Error forked_since() {
  return {Errc::unsupported,
          "this engine was made before the process was forked off, and its threads stayed behind: "
          "make another one here"};
}

}  // namespace wapc
