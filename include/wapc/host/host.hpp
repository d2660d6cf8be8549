#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "wapc/base/budget.hpp"
#include "wapc/base/error.hpp"
#include "wapc/base/log.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/protocol/call_limits.hpp"
#include "wapc/rpc/event.hpp"
#include "wapc/rpc/host_handler.hpp"
#include "wapc/rpc/invoker.hpp"
#include "wapc/wasi/wasi.hpp"

namespace wapc {

struct HostOptions {
  std::shared_ptr<HostHandler> handler = nullptr;  ///< None: every host call fails.
  std::shared_ptr<LogSink> log = nullptr;          ///< None: what the guest prints is dropped.
  std::shared_ptr<EventSink> events = nullptr;     ///< None: events are dropped.
  InstanceLimits limits = {};
  CallLimits call_limits = {};

  /// How many hosts may be at work on one thread, each called by a handler of the one before; this
  /// one is counted. Each takes native stack. One too many fails with `limit_exceeded`.
  std::size_t nesting_max = 16;

  /// Errors of the handler's with one of these codes end the guest's call with that error, and
  /// spend the instance, instead of being told to the guest: `denied` for a strict policy.
  std::vector<Errc> ending_codes = {};

  /// How long a call may take whose invocation sets no earlier deadline. A call without end would
  /// take its thread with it, so there is always one: `std::chrono::nanoseconds::max()` for never.
  std::chrono::nanoseconds call_timeout = std::chrono::seconds{30};

  /// The same for all start functions of the guest together.
  std::chrono::nanoseconds start_timeout = std::chrono::seconds{5};

  /// A guest that did not start is not started again for a while: so long after the first time, and
  /// twice as long each time that it fails again, up to the second. Calls in the meantime fail at
  /// once, as the last start did.
  std::chrono::nanoseconds restart_wait = std::chrono::milliseconds{10};
  std::chrono::nanoseconds restart_wait_max = std::chrono::seconds{10};

  /// What handlers and the log see as the guest's id; none: the next number that this process has
  /// not counted yet, from 1.
  std::optional<std::uint64_t> guest_id = std::nullopt;

  /// For guests that import WASI; others get none. Its directories are opened once, when the host
  /// starts, and shared by its instances.
  WasiConfig wasi = {};

  /// In place of `wasi`: what was opened already, so that many hosts share it.
  std::shared_ptr<const WasiGrants> grants = nullptr;
};

/// One guest, ready to be called. It answers one call at a time: a call from another thread, or
/// from its own handler, fails with `busy`, and so does a replacement. Stop tokens may be used from
/// any thread. Not destroyed while it answers.
class Host final : public Invoker {
 public:
  /// Starts an instance: its start section, then `_start`, `_initialize` and `wapc_init`, as far as
  /// the guest has them. Ends early when `budget` is spent.
  ///
  /// Fails with `init_failed` when one of them traps, or exits with a code other than 0;
  /// `deadline_exceeded` or `cancelled`; `limit_exceeded` when the module declares more than the
  /// limits allow or the machine has not got it; `invalid_options` when `options.wasi` cannot be
  /// granted (see `WasiGrants::open`), whether or not this guest would use it; `unsupported` when
  /// `options.limits.fuel` is set and the engine counts none.
  [[nodiscard]] static Result<std::unique_ptr<Host>> start(
      std::shared_ptr<const GuestModule> module, HostOptions options = {},
      const Budget& budget = {});
  ~Host() override;

  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// The guest's id.
  [[nodiscard]] std::uint64_t guest_id() const noexcept { return guest_id_; }

  /// Calls the guest. When the last call spent its instance, a fresh one is started first, from the
  /// same compiled module and within the same budget, and a failure of that is this call's.
  ///
  /// Fails with `guest_error` (the guest said so itself) or `protocol_violation` (the guest ended
  /// in neither response nor error): the instance goes on. Fails with `trapped`,
  /// `protocol_violation` (a pointer outside its memory), `deadline_exceeded`, `cancelled` or
  /// `limit_exceeded`: the instance is spent. Fails with `internal` when a host function of the
  /// program's own threw or the engine is at fault: the instance is spent too. Fails with `busy`;
  /// `cancelled` when the stop token was used before the call; `limit_exceeded` for an operation or
  /// payload of 4 GiB and more, one host too many on this thread, or too little native stack left
  /// on it; and `unsupported` in a process that was forked off since: nothing happened to the
  /// guest. A fresh instance may fail as `start` does, and is not tried too often
  /// (`HostOptions::restart_wait`).
  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override;

  /// Starts an instance of `module` and, when that succeeds, drops the one of today. When it fails,
  /// as `start` does or with `busy`, the guest of today goes on as if nothing had been.
  [[nodiscard]] Result<> replace_module(std::shared_ptr<const GuestModule> module,
                                        const Budget& budget = {});

  /// Whether the last call spent the instance, so that the next one starts another first. Not while
  /// it answers; nor are the two that follow.
  [[nodiscard]] bool spent() const noexcept { return guest_ == nullptr; }

  /// How many host calls the guest made in the last call.
  [[nodiscard]] std::uint64_t host_calls() const noexcept;

  /// How large the guest's memory is; 0 when it is spent.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Guest;  // An instance with its states, replaced as a whole.

  struct FailedStart {
    Error error;
    std::chrono::nanoseconds wait;  // Before the next try.
    Budget::Clock::time_point next;
  };

  Host(std::shared_ptr<const GuestModule> module, HostOptions options);

  template <typename Work>
  std::invoke_result_t<Work> recorded(EventKind kind, Work work) const;
  [[nodiscard]] Result<> start_first(const Budget& budget);
  [[nodiscard]] Result<std::unique_ptr<Guest>> start_guest(const GuestModule& module,
                                                           const Budget& budget) const;
  [[nodiscard]] Result<> call(const Invocation& invocation, Bytes& response,
                              std::optional<Budget::Clock::time_point>& begun);
  [[nodiscard]] Result<> answer(const Invocation& invocation, const Budget& budget,
                                Bytes& response);

  /// What came of a call that did not return; drops the guest when that has spent it.
  [[nodiscard]] Result<> failed(const Result<std::uint64_t>& returned, Bytes& response);
  [[nodiscard]] Result<> restart(const Budget& budget);
  [[nodiscard]] Result<> replace(std::shared_ptr<const GuestModule> module, const Budget& budget);
  void record(EventKind kind, const Error* error, Budget::Clock::time_point begun,
              const Invocation* invocation = nullptr) const;

  std::shared_ptr<const GuestModule> module_;
  HostOptions options_;  // Without `wasi`, which `grants_` has become.
  std::shared_ptr<const WasiGrants> grants_;
  std::uint64_t guest_id_;
  std::unique_ptr<Guest> guest_;             // None when the last one is spent.
  std::optional<FailedStart> failed_start_;  // Of a guest that did not start again.
  std::uint64_t spent_host_calls_ = 0;       // In the last call of the guest that is no more.
  std::atomic_flag busy_;
};

}  // namespace wapc
