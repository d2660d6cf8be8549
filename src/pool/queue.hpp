#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "pool/this_thread.hpp"
#include "wapc/base/budget.hpp"

namespace wapc::pool {

/// Somebody who waits for an instance. On the waiter's stack; under the pool's lock.
class Waiter {
 public:
  Waiter(std::uint32_t version, const Holding* holdings) : version_{version}, holdings_{holdings} {}

  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }

  /// What its thread holds while it waits.
  [[nodiscard]] const Holding* holdings() const noexcept { return holdings_; }

  /// Until it was served or `budget` is spent; whether it was served.
  [[nodiscard]] bool wait(std::unique_lock<std::mutex>& lock, const Budget& budget) {
    const auto is_served = [this] { return slot_ != nullptr || error_; };
    if (budget.deadline == Budget::Clock::time_point::max()) {
      return served_.wait(lock, budget.stop, is_served);
    }
    return served_.wait_until(lock, budget.stop, budget.deadline, is_served);
  }

  /// It gets a slot, running or to be started.
  void serve(Slot& slot) {
    slot_ = &slot;
    served_.notify_one();
  }

  void fail(const Error& error) {
    error_ = error;
    served_.notify_one();
  }

  /// What it was served; afterwards it may wait again.
  [[nodiscard]] Result<Slot*> served() {
    if (auto error = std::exchange(error_, std::nullopt)) {
      return std::unexpected{*std::move(error)};
    }
    return std::exchange(slot_, nullptr);
  }

  /// Whether it has been at the head of the queue already, and goes there again.
  bool is_first = false;

 private:
  std::uint32_t version_;
  const Holding* holdings_;
  Slot* slot_ = nullptr;
  std::optional<Error> error_;
  std::condition_variable_any served_;
};

/// First come, first served. Whoever was served is no longer in it.
using Queue = std::list<Waiter*>;

}  // namespace wapc::pool
