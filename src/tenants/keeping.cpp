#include <utility>
#include <vector>

#include "base/try.hpp"
#include "tenants/core.hpp"
#include "wapc/base/utf8.hpp"

// Who goes, and the keeper: a thread that looks at what is loaded.

namespace wapc {
namespace {

std::unexpected<Error> too_large(const tenants::Size& size, std::size_t bytes_max) {
  return failure(Errc::limit_exceeded, "it takes " + std::to_string(size.code_bytes) +
                                           " bytes of code and " +
                                           std::to_string(size.guests_bytes) +
                                           " of its guests, by itself more than "
                                           "TenantsOptions::memory_bytes_max, which is " +
                                           std::to_string(bytes_max) +
                                           ": raise that, or lower PoolOptions::instances_min");
}

std::unexpected<Error> no_room(const tenants::Room& room) {
  return failure(Errc::overloaded, "no room: with it " + std::to_string(room.loaded()) +
                                       " tenants are loaded, of " + std::to_string(room.bytes()) +
                                       " bytes, and none of the others is without a call; raise "
                                       "TenantsOptions::loaded_max or memory_bytes_max");
}

}  // namespace

/// Counts `entry` with that size, and drops others, without the lock, until all fits.
Result<> Tenants::Core::make_room(Entry& entry, const tenants::Size& size) {
  Lock lock{mutex_};
  for (;;) {
    room_.count(entry, size);
    if (room_.fits()) return {};
    const bool is_too_large = size.bytes() > room_.bytes_max();
    auto dropped = is_too_large ? std::nullopt : room_.close_one_at_rest();
    if (!dropped) {
      const auto why = is_too_large ? too_large(size, room_.bytes_max()) : no_room(room_);
      room_.forget(entry);
      entry.fresh_size = is_too_large ? tenants::Size{} : size;
      return why;
    }
    ++counted_.dropped_for_room;
    lock.unlock();
    drop(*std::move(dropped), "room");
    lock.lock();
  }
}

/// Without the lock, as its instances take their time to go, and the sink may call tenants.
void Tenants::Core::drop(tenants::Closed closed, std::string_view why) const {
  const auto gone = std::move(closed);
  tell(*gone.entry,
       {.kind = EventKind::tenant_dropped, .payload_bytes = gone.bytes, .message = why});
}

/// The same.
void Tenants::Core::tell(const Entry& entry, Event event) const {
  if (!options_.events) return;
  const auto name = to_utf8(entry.name);
  event.tenant = name;
  record_safely(options_.events.get(), event);
}

void Tenants::Core::keep(const std::stop_token& stop) {
  Lock lock{mutex_};
  while (!stop.stop_requested()) {
    // Looks at nothing, and does not wake for it, while nothing is loaded.
    keeper_wakes_.wait(lock, stop, [this] { return !room_.open_ones().empty(); });
    const auto next = Budget::end_of(options_.look_every, Budget::Clock::now());
    if (next == Budget::Clock::time_point::max()) {
      keeper_wakes_.wait(lock, stop, [] { return false; });
    } else {
      keeper_wakes_.wait_until(lock, stop, next, [] { return false; });
    }
    if (stop.stop_requested()) return;
    lock.unlock();
    look();
    lock.lock();
  }
}

/// Counts what is loaded anew, and drops what is too much and what is idle.
void Tenants::Core::look() {
  std::vector<std::shared_ptr<Entry>> open;
  {
    const Lock lock{mutex_};
    for (const auto& [used, entry] : room_.open_ones()) open.push_back(entry->shared_from_this());
  }
  for (const auto& entry : open) {
    const Lock lock{mutex_};
    const auto* const pool = entry->pool();
    if (pool == nullptr) continue;
    room_.count(*entry, entry->size.with_guests(pool->stats()));
  }
  Lock lock{mutex_};
  for (;;) {
    const bool fits = room_.fits();
    // By the coarse clock, as what is compared with it.
    const auto unused_since = coarse_now() - options_.idle_timeout;
    auto dropped = fits ? room_.close_one_at_rest(unused_since) : room_.close_one_at_rest();
    if (!dropped) return;
    ++(fits ? counted_.dropped_idle : counted_.dropped_for_room);
    lock.unlock();
    drop(*std::move(dropped), fits ? "idle" : "room");
    lock.lock();
  }
}

}  // namespace wapc
