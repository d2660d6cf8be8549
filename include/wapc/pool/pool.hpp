#pragma once

#include <memory>
#include <string>

#include "wapc/base/budget.hpp"
#include "wapc/base/error.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/pool/pool_options.hpp"
#include "wapc/pool/pool_stats.hpp"
#include "wapc/rpc/invoker.hpp"

namespace wapc {

/// Instances of one guest, shared by many threads. A call runs on its caller's thread, on an
/// instance that is its own for so long; when there is none and may be no more, it waits, first
/// come, first served. A thread of the pool's own replaces spent instances and drops idle ones.
/// Thread-safe.
class Pool final : public Invoker {
 public:
  /// Starts `options.instances_min` instances. Ends early when `budget` is spent.
  ///
  /// Fails as `Host::start` does, with `invalid_options` when `options` make no sense, with
  /// `limit_exceeded` when the machine has not got what they ask for; the message says which to
  /// change.
  [[nodiscard]] static Result<std::unique_ptr<Pool>> start(
      std::shared_ptr<const GuestModule> module, PoolOptions options = {},
      const Budget& budget = {});

  /// Drains, for as long as it takes. Nothing else may begin once this has.
  ~Pool() override;

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Calls the guest. The deadline counts the wait, and the guest gets what is left of it.
  ///
  /// Fails as `Host::invoke_into` does, save that `busy` means that every instance is held by calls
  /// which wait for one themselves, this thread's own among them: a handler has called its own
  /// pool. Fails with `overloaded` when the queue is full; `deadline_exceeded` or `cancelled` when
  /// the budget is spent while it waits; `unavailable` once the pool drains; as `Host::start` does
  /// when there is no instance and none can be started. No guest was entered then.
  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override;

  /// The same, and says what the call came to, whether or not it failed.
  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response,
                                     CallStats& stats);

  /// Starts instances of `module` beside those of today, as many as it will need, and lets it take
  /// calls: all that begin once this has returned, or a share of them (`SwapOptions::percent`)
  /// until it takes over or is rolled back; `swap_status` and an event, `replaced`, tell. Calls
  /// that run end on the version they began with, whose instances then go; those that wait are
  /// answered by one version or the other. No call is lost.
  ///
  /// Fails as `Host::start` does, with `invalid_options`, with `busy` when another swap is under
  /// way or on trial, with `deadline_exceeded` or `cancelled`, and with `unavailable` once the pool
  /// drains, or on another version than it is to be `from_version`: the version of today goes on as
  /// if nothing had been.
  [[nodiscard]] Result<> swap(std::shared_ptr<const GuestModule> module, SwapOptions options = {},
                              const Budget& budget = {});

  /// Ends a trial at once. Fails with `unavailable` when there is none.
  [[nodiscard]] Result<> promote();
  [[nodiscard]] Result<> roll_back(const std::string& reason);

  [[nodiscard]] SwapStatus swap_status() const;

  /// Of one moment but for the counts of calls that end while it looks. In a process that was
  /// forked off this and `swap_status` say nothing.
  [[nodiscard]] PoolStats stats() const;

  /// Refuses new calls from now on, waits until those that run or wait have ended, those of their
  /// handlers included, and drops all instances. Fails with `deadline_exceeded` or `cancelled` when
  /// the budget is spent before; may then be called again. Fails with `busy` when a handler of its
  /// own guests calls it, which it would wait for.
  [[nodiscard]] Result<> drain(const Budget& budget = {});

 private:
  class Core;

  explicit Pool(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace wapc
