#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "engine/fork.hpp"
#include "wapc/base/error.hpp"

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
  ~Ticker();

  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  /// Whether there is a thread that ticks: there is none in a process that was forked off since.
  [[nodiscard]] bool alive() const noexcept { return forks() == forks_before_; }

 private:
  // What the thread works with. In a forked process it is left as it is: nobody knows in which
  // state the thread, which is not there, has left it.
  struct Shared {
    std::chrono::milliseconds period{};
    std::function<void()> tick;
    std::mutex mutex;
    std::condition_variable_any used;
    std::size_t uses = 0;
    bool asleep = false;  // Else it sees by itself, at the next tick, whether it is still used.
    std::jthread thread;  // Last, so that it ends first.

    void run(const std::stop_token& stop);
  };

  void add_use();
  void drop_use();

  const std::uint32_t forks_before_ = watch_forks();
  std::unique_ptr<Shared> shared_;
};

/// The error of whoever needs a ticker that is not alive.
[[nodiscard]] Error forked_since();

}  // namespace wapc
