#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/fork.hpp"
#include "engine/native_thread.hpp"
#include "pool/queue.hpp"
#include "pool/slots.hpp"
#include "pool/trial.hpp"
#include "pool/version.hpp"
#include "wapc/pool/pool.hpp"

namespace wapc {

/// What a pool is made of. In a process that was forked off since, its lock may be held by a thread
/// that is not there: whatever takes the lock asks `forked` first.
class Pool::Core {
 public:
  /// `options` are checked and complete.
  Core(std::shared_ptr<const GuestModule> module, PoolOptions options);
  ~Core();

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] bool forked() const noexcept { return forks() != forks_before_; }

  [[nodiscard]] static Error forked_since();

  /// Starts the first instances.
  [[nodiscard]] Result<> begin(const Budget& budget);

  /// `told` may be null.
  [[nodiscard]] Result<> invoke(const Invocation& invocation, Bytes& response, CallStats* told);

  [[nodiscard]] Result<> swap(std::shared_ptr<const GuestModule> module, const SwapOptions& options,
                              const Budget& budget);
  [[nodiscard]] Result<> end_trial(pool::Trial::Verdict verdict, const std::string& reason);
  [[nodiscard]] Result<> drain(const Budget& budget);

  [[nodiscard]] SwapStatus swap_status() const;
  [[nodiscard]] PoolStats stats() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Version = pool::Version;
  using Slot = pool::Slot;
  using Stage = pool::Stage;

  /// Which versions take calls. One word, so that it is read and changed as a whole.
  struct Route {
    std::uint32_t stable = 0;    // 0: none, the pool drains.
    std::uint32_t on_trial = 0;  // 0: none.
  };

  struct Call {
    const Invocation& invocation;
    Bytes& response;
    std::uint32_t version;
    CallStats* told;
    bool on_trial;  // While a trial goes on, whichever version it goes to.
    std::chrono::nanoseconds waited{0};
  };

  /// Somebody at work here whom `drain` waits for, though no running instance says so.
  class Visit {
   public:
    explicit Visit(Core& core) : core_{core} {
      const Lock lock{core_.mutex_};
      ++core_.visitors_;
    }

    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

    ~Visit() {
      const Lock lock{core_.mutex_};
      --core_.visitors_;
      core_.changed();
    }

   private:
    Core& core_;
  };

  /// What a waiter gets; nothing: it goes on waiting.
  struct Served {
    Slot* slot = nullptr;  // Running, or to be started.
    std::optional<Error> error = std::nullopt;
  };

  // core.cpp: a call, from the choice of an instance until it is given back.
  [[nodiscard]] std::uint32_t choose(Route route) noexcept;
  [[nodiscard]] Result<> wait_and_run(Call call);
  [[nodiscard]] Result<> run(Slot& slot, const Call& call);
  [[nodiscard]] Result<std::unique_ptr<Host>> start_host(Slot& slot, const Budget& budget) const;
  [[nodiscard]] bool count(Slot& slot, const Result<>& outcome, std::chrono::nanoseconds took);
  void leave(Slot& slot, bool keep);
  void judge(const Call& call, std::optional<Errc> failure, std::chrono::nanoseconds took);

  // waiting.cpp: who waits for an instance, and who gets it. Under the lock, but for the first.
  [[nodiscard]] Result<Slot*> obtain(const Call& call, const Budget& budget,
                                     const pool::Holding* holdings);
  [[nodiscard]] Result<Slot*> find_or_start(Lock& lock, pool::Waiter& waiter, const Budget& budget);
  [[nodiscard]] Result<Slot*> queue_up(Lock& lock, pool::Waiter& waiter, const Budget& budget);
  [[nodiscard]] Served try_serve(const std::shared_ptr<Version>& version);
  void serve_all();
  void settle(Lock& lock, Slot& slot);
  [[nodiscard]] Result<> may_wait(const pool::Waiter& waiter) const;
  [[nodiscard]] const std::shared_ptr<Version>& version_for(std::uint32_t id) const noexcept;

  // instances.cpp: instances come and go. Under the lock, which starting and dropping let go of.
  [[nodiscard]] Slot* claim(const std::shared_ptr<Version>& version);
  [[nodiscard]] Result<> start(Lock& lock, Slot& slot, const Budget& budget);
  [[nodiscard]] Result<> warm_up(Lock& lock, const std::shared_ptr<Version>& version,
                                 std::size_t instances, const Budget& budget);
  void vacate(Slot& slot);
  void drop(Lock& lock, Slot& slot);
  void doom_stale();
  void retire(std::shared_ptr<Version> version);
  [[nodiscard]] bool is_current(const Version& version) const noexcept;
  void changed();
  [[nodiscard]] bool wait_for_change(Lock& lock, const Budget& budget);

  // keeper.cpp: the pool's thread, which there is from when there is first something for it to do.
  // Under the lock.
  void keep(const std::stop_token& stop);
  [[nodiscard]] bool replace_one(Lock& lock);
  [[nodiscard]] Budget::Clock::time_point next_retry() const;
  void drop_unused(Lock& lock);
  void start_keeper();
  void wake_keeper();

  // swapping.cpp: one version after another. Under the lock, but for the last.
  [[nodiscard]] Result<> bring_in(std::shared_ptr<const GuestModule> module,
                                  const SwapOptions& options, const Budget& budget);
  void conclude(pool::Trial::Verdict verdict, const std::string& reason);
  [[nodiscard]] static Result<> rolled_back(const std::string& reason);
  void tell_swapped(const Result<>& outcome, Budget::Clock::time_point begun) const;

  const std::uint32_t forks_before_ = watch_forks();
  const std::uint64_t id_;  // Of no other pool in this process.
  const PoolOptions options_;
  pool::Slots slots_;
  std::atomic<Route> route_;
  std::atomic<std::uint64_t> trial_turns_ = 0;
  std::atomic<unsigned> trial_percent_ = 0;

  // All that follows is under the lock, and on other cache lines than what calls read.
  alignas(128) mutable std::mutex mutex_;
  std::condition_variable_any has_changed_;
  std::uint64_t changes_ = 0;  // An instance came back or went, or a caller left without one.
  std::uint32_t last_version_ = 1;
  std::shared_ptr<Version> stable_;
  std::shared_ptr<Version> on_trial_;  // None unless a trial goes on.
  std::shared_ptr<Version> warming_;   // None unless a swap goes on.
  std::optional<pool::Trial> trial_;
  SwapStatus swap_status_;
  pool::Queue queue_;
  std::size_t visitors_ = 0;  // Those at work here who hold no instance that says so.
  bool draining_ = false;
  PoolStats counted_;  // Of calls that got no instance, and of instances.

  std::condition_variable_any keeper_wakes_;
  bool keeper_wanted_ = false;
  std::vector<std::shared_ptr<Version>> retired_;  // To be freed by the keeper, without the lock.
  std::stop_source start_stop_;                    // Ends the keeper's starts when the pool drains.
  std::stop_source keeper_stop_;
  std::optional<NativeThread> keeper_;  // Last, so that it ends first.
};

}  // namespace wapc
