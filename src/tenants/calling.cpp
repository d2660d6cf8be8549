#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "base/try.hpp"
#include "tenants/core.hpp"

// A call, and who waits for a load.

namespace wapc {
namespace {

/// How many may wait for a tenant: as many as its pool will answer at once or let wait.
std::size_t waiting_max(const PoolOptions& pool) {
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  const auto instances =
      pool.instances_max == 0 ? std::max(threads, pool.instances_min) : pool.instances_max;
  constexpr auto kMost = std::numeric_limits<std::size_t>::max();
  return pool.queue_max < kMost - instances ? pool.queue_max + instances : kMost;
}

}  // namespace

Result<> Tenants::Core::invoke(std::string_view name, const Invocation& invocation,
                               Bytes& response) {
  if (forked()) return forked_since();
  const auto pin = names_.pin(name);
  if (!pin) return no_such(name);
  return call(pin->entry(), invocation, response);
}

Result<> Tenants::Core::invoke(Entry& entry, const Invocation& invocation, Bytes& response) {
  const tenants::Pin pin{entry};
  return call(entry, invocation, response);
}

/// The caller has a pin.
Result<> Tenants::Core::call(Entry& entry, const Invocation& invocation, Bytes& response) {
  auto* const pool = entry.pool();
  if (pool == nullptr) [[unlikely]]
    return wait_and_call(entry, invocation, response);
  return pool->invoke_into(invocation, response);
}

Result<> Tenants::Core::wait_and_call(Entry& entry, const Invocation& invocation, Bytes& response) {
  if (forked()) return forked_since();
  auto rest = invocation;
  rest.budget = invocation.budget.within(entry.tenant.pool.host.call_timeout, Budget::Clock::now());
  WAPC_TRY(auto* const pool, obtain(entry, rest.budget));
  return pool->invoke_into(rest, response);
}

Result<Pool*> Tenants::Core::obtain(Entry& entry, const Budget& budget) {
  const auto begun = Budget::Clock::now();
  Lock lock{mutex_};
  ++counted_.waits;
  ++entry.stats.waits;
  auto awaited = entry.pool() == nullptr ? await(lock, entry, budget) : Result<>{};
  // It stays, as the caller has a pin.
  auto* const pool = entry.pool();
  if (awaited && pool == nullptr) awaited = removed(entry.name);
  const auto took = Budget::Clock::now() - begun;
  counted_.waiting_time += took;
  entry.stats.waiting_time += took;
  if (awaited) return pool;
  ++counted_.failed_waits;
  ++entry.stats.failed_waits;
  return std::unexpected{std::move(awaited).error()};
}

/// Until it is loaded.
Result<> Tenants::Core::await(Lock& lock, Entry& entry, const Budget& budget) {
  WAPC_CHECK(budget.check());
  if (entry.removed()) return removed(entry.name);
  const auto& failed = entry.failed_load;
  if (!entry.load && failed && Budget::Clock::now() < failed->next) {
    return std::unexpected{failed->error.within("not loaded again yet; the last time")};
  }
  if (awaits_this_thread(entry)) {
    return failure(Errc::busy,
                   "the load of the tenant " + entry.name + " waits for this call of it");
  }
  const auto load = request_load(lock, entry);
  if (load->waiting >= waiting_max(entry.tenant.pool)) {
    return failure(Errc::overloaded, std::to_string(load->waiting) + " callers wait already for " +
                                         "the tenant " + entry.name + " to be loaded");
  }
  ++load->waiting;
  const bool has_ended = await_end(lock, *load, budget);
  const auto outcome = load->outcome;
  --load->waiting;
  if (has_ended && outcome) return *outcome;
  const auto why = budget.stop.stop_requested() ? Errc::cancelled : Errc::deadline_exceeded;
  return std::unexpected{
      budget_spent(why).within("waiting for the tenant " + entry.name + " to be loaded")};
}

}  // namespace wapc
