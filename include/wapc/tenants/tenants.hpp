#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/rpc/invoker.hpp"
#include "wapc/tenants/tenants_options.hpp"
#include "wapc/tenants/tenants_stats.hpp"

namespace wapc {

/// Guests by name, of which as many are loaded as there is room for, each in a pool. A call of one
/// that is not loaded loads it, in the place of those that were not used for longest; on an engine
/// with a cache it comes back without being compiled. What its instances kept in their memories is
/// lost when it is dropped. Thread-safe.
class Tenants {
 public:
  /// Fails with `invalid_options`, and with `limit_exceeded` when the system has no thread for it.
  [[nodiscard]] static Result<std::unique_ptr<Tenants>> make(std::shared_ptr<const Engine> engine,
                                                             TenantsOptions options = {});

  /// Removes all tenants, for as long as that takes; handlers that run meanwhile may call this as
  /// ever, and add none. What `find` gave may go later.
  ~Tenants();

  Tenants(const Tenants&) = delete;
  Tenants& operator=(const Tenants&) = delete;

  /// Loads nothing: what does not work is found out by the first call. Fails with `invalid_options`
  /// when there is one of that name, and with `unavailable` once the destructor has begun.
  [[nodiscard]] Result<> add(std::string name, Tenant tenant);

  /// Refuses new calls from now on, and those that wait for it to be loaded; waits until those that
  /// run have ended, then drops it. Fails with `unavailable` when there is none of that name, with
  /// `deadline_exceeded` or `cancelled` when the budget is spent before; may then be called again.
  /// Fails with `busy` when a handler of its own guests calls it, or its load waits for that.
  [[nodiscard]] Result<> remove(std::string_view name, const Budget& budget = {});

  /// Calls the guest, and has it loaded first when it is not. The wait counts to the deadline, and
  /// to `HostOptions::call_timeout`; the load goes on when its callers have given up. It is never
  /// dropped while a call waits or runs.
  ///
  /// Fails as `Pool::invoke_into` does; with `unavailable` when there is no tenant of that name, or
  /// not any more; with `deadline_exceeded` or `cancelled` when the budget is spent while it waits;
  /// with `busy` when its load waits for this very call, as the guest's own start makes it. Fails
  /// with `overloaded` when too many wait already, or when it does not fit beside what has calls
  /// under way; with `limit_exceeded` when it is too large by itself; and as `Tenant::wasm`,
  /// `GuestModule::load` and `Pool::start` do. After a failure of these it is left alone for
  /// `HostOptions::restart_wait`, and longer each time up to `restart_wait_max`: calls fail at
  /// once, with the last reason.
  [[nodiscard]] Result<> invoke_into(std::string_view name, const Invocation& invocation,
                                     Bytes& response);

  /// The same into a new buffer.
  [[nodiscard]] Result<Bytes> invoke(std::string_view name, const Invocation& invocation);

  /// The tenant as something that can be called, without looking for the name each time. It stays
  /// valid: calls of it fail with `unavailable` once the tenant was removed, though another one has
  /// its name, and once this has gone. Fails with `unavailable` when there is none of that name.
  [[nodiscard]] Result<std::shared_ptr<Invoker>> find(std::string_view name) const;

  /// In a process that was forked off these say nothing. The second fails with `unavailable` when
  /// there is none of that name.
  [[nodiscard]] TenantsStats stats() const;
  [[nodiscard]] Result<TenantStats> stats(std::string_view name) const;

 private:
  class Core;
  class Handle;

  explicit Tenants(std::shared_ptr<Core> core);

  std::shared_ptr<Core> core_;
};

}  // namespace wapc
