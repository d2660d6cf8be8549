#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace wapc {

/// Calls a function at a steady pace from a thread of its own, for engines whose guests look at
/// their budget when the time has moved on. Sleeps as long as nobody has asked for ticks, so that
/// an idle engine costs no wake-ups. Thread-safe.
class Ticker {
 public:
  /// Asks for ticks as long as it lives; the ticker outlives it.
  class Use {
   public:
    explicit Use(Ticker& ticker) : ticker_{ticker} { ticker_.add_use(); }

    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

    ~Use() { ticker_.drop_use(); }

   private:
    Ticker& ticker_;
  };

  /// `tick` does not throw, and may be called until the destructor returns.
  Ticker(std::chrono::milliseconds period, std::function<void()> tick);

 private:
  void add_use();
  void drop_use();
  void run(const std::stop_token& stop);

  const std::chrono::milliseconds period_;
  const std::function<void()> tick_;
  std::mutex mutex_;
  std::condition_variable_any used_;
  std::size_t uses_ = 0;
  std::jthread thread_;  // Last, so that it ends first.
};

}  // namespace wapc
