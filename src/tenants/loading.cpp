#include <algorithm>
#include <exception>
#include <utility>

#include "base/try.hpp"
#include "tenants/core.hpp"
#include "wapc/base/utf8.hpp"

// Threads that load. A load is nobody's: it goes on when those who wait for it have given up, or
// one that takes longer than they wait would never end.

namespace wapc {
namespace {

using tenants::Load;

/// One load that a thread is at. A guest's start may call another tenant, so they form a chain.
struct Loading {
  Load* load;
  const Loading* outer;
};

constinit thread_local const Loading* innermost = nullptr;

/// One link of the chain, while it lives.
class LoadedHere {
 public:
  explicit LoadedHere(Load& load) : link_{&load, innermost} { innermost = &link_; }

  LoadedHere(const LoadedHere&) = delete;
  LoadedHere& operator=(const LoadedHere&) = delete;

  ~LoadedHere() { innermost = link_.outer; }

 private:
  const Loading link_;
};

bool is_loaded_here(const Load& load) {
  const auto* loading = innermost;
  while (loading != nullptr && loading->load != &load) loading = loading->outer;
  return loading != nullptr;
}

Result<Bytes> fetch(const Tenant& tenant, const Budget& budget) noexcept {
  try {
    return tenant.wasm(budget);
  } catch (const std::exception& e) {
    return failure(Errc::internal, std::string{"Tenant::wasm threw: "} + e.what());
  } catch (...) {
    return failure(Errc::internal, "Tenant::wasm threw");
  }
}

/// Whether to leave it alone after that. What is not the tenant's doing may be otherwise soon.
bool is_of_the_tenant(const Error& error) {
  return error.code() != Errc::overloaded && error.code() != Errc::cancelled;
}

}  // namespace

/// Whether the load of `entry` that is under way waits for this thread: because it is at it, or at
/// one that is waited for.
bool Tenants::Core::awaits_this_thread(const Entry& entry) {
  const Load* load = entry.load.get();
  while (load != nullptr && !is_loaded_here(*load)) load = load->awaits;
  return load != nullptr;
}

/// Says of all loads that this thread is at what they wait for; null: nothing.
void Tenants::Core::set_awaits(const Load* load) {
  for (const auto* at = innermost; at != nullptr; at = at->outer) at->load->awaits = load;
}

/// Until it has ended or `budget` is spent; whether it has ended.
bool Tenants::Core::await_end(Lock& lock, Load& load, const Budget& budget) {
  set_awaits(&load);
  const bool has_ended = load.wait(lock, budget);
  set_awaits(nullptr);
  return has_ended;
}

/// The load that is under way, or one that is requested. A thread that loads already, and whose
/// guest calls this one as it starts, does it itself: else all might wait for loads that wait for
/// their turn.
std::shared_ptr<tenants::Load> Tenants::Core::request_load(Lock& lock, Entry& entry) {
  const bool is_new = !entry.load;
  if (is_new) entry.load = std::make_shared<tenants::Load>();
  const auto requested = entry.load;
  if (innermost != nullptr) {
    if (unqueue(entry) || is_new) load(lock, entry);
  } else if (is_new) {
    queue(entry);
  }
  return requested;
}

void Tenants::Core::queue(Entry& entry) {
  queue_.push_back(entry.shared_from_this());
  if (queue_.size() > loaders_at_rest_ && loaders_.size() < options_.loads_max) {
    constexpr std::size_t kStack = 8U << 20U;  // As much as a program's first thread usually has.
    auto loader = NativeThread::start(kStack, [this] { load_queued(stop_.get_token()); });
    if (loader) loaders_.push_back(*std::move(loader));
  }
  if (loaders_.empty()) {
    queue_.pop_back();
    finish_load(entry, failure(Errc::limit_exceeded, "the system has no thread to load it on"));
  }
  loader_wakes_.notify_one();
}

/// Whether its turn had not come.
bool Tenants::Core::unqueue(const Entry& entry) {
  return std::erase_if(queue_, [&](const auto& queued) { return queued.get() == &entry; }) != 0;
}

void Tenants::Core::load_queued(const std::stop_token& stop) {
  Lock lock{mutex_};
  for (;;) {
    ++loaders_at_rest_;
    const bool is_wanted = loader_wakes_.wait(lock, stop, [this] { return !queue_.empty(); });
    --loaders_at_rest_;
    if (!is_wanted) return;
    const auto entry = std::move(queue_.front());
    queue_.pop_front();
    load(lock, *entry);
  }
}

/// Lets go of the lock while it loads.
void Tenants::Core::load(Lock& lock, Entry& entry) {
  const auto under_way = entry.load;
  const LoadedHere here{*under_way};
  const Budget budget{.stop = under_way->stop.get_token()};
  lock.unlock();
  const auto begun = Budget::Clock::now();
  auto pool = load_pool(entry, budget);
  const auto took = Budget::Clock::now() - begun;
  tell_loaded(entry, pool ? nullptr : &pool.error(), took);
  lock.lock();
  counted_.loading_time += took;
  entry.stats.loading_time += took;
  if (pool && !entry.removed()) {
    entry.fresh_size = entry.size;
    room_.open(entry, *std::move(pool), coarse_now());
    keeper_wakes_.notify_one();
    return finish_load(entry, {});
  }
  const auto bytes = entry.size.bytes();
  room_.forget(entry);
  const Result<> outcome =
      entry.removed() ? removed(entry.name)
                      : std::unexpected{pool.error().within("load the tenant " + entry.name)};
  if (pool) {
    lock.unlock();
    drop({entry.shared_from_this(), bytes, *std::move(pool)}, "removed");
    lock.lock();
  }
  finish_load(entry, outcome);
}

/// Without the lock. `error` is null when it was.
void Tenants::Core::tell_loaded(const Entry& entry, const Error* error,
                                std::chrono::nanoseconds took) const {
  Event event{.kind = EventKind::tenant_loaded, .duration = took};
  std::string message;
  if (error == nullptr) {
    event.payload_bytes = entry.size.bytes();
  } else {
    message = to_utf8(error->message());
    event.failure = error->code();
    event.message = message;
  }
  tell(entry, event);
}

/// Tells all who wait.
void Tenants::Core::finish_load(Entry& entry, const Result<>& outcome) {
  const auto load = std::exchange(entry.load, nullptr);
  load->outcome = outcome;
  load->ended.notify_all();
  ++(outcome ? counted_.loads : counted_.failed_loads);
  ++(outcome ? entry.stats.loads : entry.stats.failed_loads);
  if (outcome) {
    entry.failed_load.reset();
  } else if (is_of_the_tenant(outcome.error())) {
    constexpr std::chrono::nanoseconds kRestLeast = std::chrono::milliseconds{1};
    const auto& host = entry.tenant.pool.host;
    const auto first = std::max(host.restart_wait, kRestLeast);
    entry.failed_load = failed_again(entry.failed_load, outcome.error(), first,
                                     std::max(host.restart_wait_max, first), Budget::Clock::now());
  }
}

/// Without the lock. What it takes is counted as soon as that is known, and has room then.
Result<std::unique_ptr<Pool>> Tenants::Core::load_pool(Entry& entry, const Budget& budget) {
  WAPC_CHECK(make_room(entry, entry.fresh_size));
  WAPC_TRY(const auto wasm, fetch(entry.tenant, budget));
  WAPC_TRY(const auto module, GuestModule::load(*engine_, wasm, entry.tenant.module, budget));
  const tenants::Size size{.code_bytes = module->code_bytes(),
                           .instance_bytes = module->instance_bytes()};
  WAPC_CHECK(make_room(entry, size));
  WAPC_TRY(auto pool, Pool::start(module, entry.tenant.pool, budget));
  WAPC_CHECK(make_room(entry, size.with_guests(pool->stats())));
  return pool;
}

}  // namespace wapc
