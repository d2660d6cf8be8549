#include <utility>

#include "base/try.hpp"
#include "tenants/core.hpp"

// Tenants come and go.

namespace wapc {

Result<> Tenants::Core::add(std::string name, Tenant tenant) {
  if (forked()) return forked_since();
  const auto entry = std::make_shared<Entry>(std::move(name), std::move(tenant));
  const Lock lock{mutex_};
  if (ending_) return failure(Errc::unavailable, "the tenants are being removed");
  if (names_.add(entry)) return {};
  return failure(Errc::invalid_options, "there is a tenant " + entry->name + " already");
}

Result<std::shared_ptr<tenants::Entry>> Tenants::Core::find(std::string_view name) const {
  if (forked()) return forked_since();
  auto entry = names_.find(name);
  if (!entry) return no_such(name);
  return entry;
}

Result<> Tenants::Core::remove(std::string_view name, const Budget& budget) {
  WAPC_TRY(const auto entry, find(name));
  return remove(*entry, budget);
}

Result<> Tenants::Core::remove(Entry& entry, const Budget& budget) {
  WAPC_CHECK(end_load(entry, budget));
  WAPC_CHECK(drain(entry, budget));
  names_.remove(entry);
  std::optional<tenants::Closed> closed;
  {
    const Lock lock{mutex_};
    closed = room_.close(entry);
  }
  // Nobody is answered or waits any more; who has been is about to leave.
  entry.pins().await_all_inside();
  if (closed) drop(*std::move(closed), "removed");
  return {};
}

/// None begins afterwards.
Result<> Tenants::Core::end_load(Entry& entry, const Budget& budget) {
  Lock lock{mutex_};
  if (awaits_this_thread(entry)) {
    return failure(Errc::busy, "the load of the tenant " + entry.name + " waits for this removal");
  }
  ++entry.removals;
  const auto load = entry.load;
  if (!load) return {};
  if (unqueue(entry)) {
    finish_load(entry, removed(entry.name));
    return {};
  }
  set_awaits(load.get());  // Before anybody else looks whether it may wait for these.
  lock.unlock();
  load->stop.request_stop();  // Runs what others have registered.
  lock.lock();
  if (await_end(lock, *load, budget)) return {};
  const auto why = budget.stop.stop_requested() ? Errc::cancelled : Errc::deadline_exceeded;
  return std::unexpected{budget_spent(why)};
}

Result<> Tenants::Core::drain(Entry& entry, const Budget& budget) {
  const tenants::Pin pin{entry, tenants::Pins::Of::other};
  auto* const pool = [&] {  // Under the lock: it seems gone while `Room` tries whether it may go.
    const Lock lock{mutex_};
    return entry.pool();
  }();
  if (pool == nullptr) return {};
  auto drained = pool->drain(budget);
  if (!drained && drained.error().code() == Errc::busy) {  // It goes on as if nothing had been.
    const Lock lock{mutex_};
    --entry.removals;
  }
  return drained;
}

}  // namespace wapc
