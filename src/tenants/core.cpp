#include "tenants/core.hpp"

#include <cassert>
#include <utility>

#include "base/try.hpp"

namespace wapc {

Tenants::Core::Core(std::shared_ptr<const Engine> engine, TenantsOptions options)
    : engine_{std::move(engine)},
      options_{std::move(options)},
      room_{options_.memory_bytes_max, options_.loaded_max} {}

Tenants::Core::~Core() = default;

Result<> Tenants::Core::begin() {
  constexpr std::size_t kStack = 1U << 20U;
  keeper_ = NativeThread::start(kStack, [this] { keep(stop_.get_token()); });
  if (!keeper_) return failure(Errc::limit_exceeded, "the system has no thread for the tenants");
  return {};
}

void Tenants::Core::shut_down() {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const Lock lock{mutex_};
    ending_ = true;
    entries = names_.all();
    for (const auto& entry : entries) ++entry->removals;
  }
  for (const auto& entry : entries) {
    [[maybe_unused]] const auto removed = remove(*entry, {});
    assert(removed);
  }
  stop_.request_stop();
  keeper_.reset();
  loaders_.clear();
}

TenantsStats Tenants::Core::stats() const {
  if (forked()) return {};
  const auto entries = names_.all();
  const Lock lock{mutex_};
  auto stats = counted_;
  stats.tenants = entries.size();
  stats.loaded = room_.loaded();
  stats.in_line = queue_.size();
  stats.memory_bytes = room_.bytes();
  for (const auto& entry : entries) {
    stats.calls += entry->pins().calls();
    stats.loading += entry->load ? 1 : 0;
  }
  return stats;
}

Result<TenantStats> Tenants::Core::stats(std::string_view name) const {
  WAPC_TRY(const auto entry, find(name));
  const Lock lock{mutex_};
  auto stats = entry->stats;
  stats.calls = entry->pins().calls();
  const auto* const pool = entry->pool();
  stats.pool = tenants::with_earlier(pool == nullptr ? PoolStats{} : pool->stats(), stats.pool);
  stats.loaded = entry->place.has_value();
  stats.code_bytes = entry->size.code_bytes;
  stats.guests_bytes = entry->size.guests_bytes;
  return stats;
}

std::unexpected<Error> Tenants::Core::forked_since() {
  return failure(Errc::unsupported,
                 "these tenants were made before the process was forked off, and their threads "
                 "stayed behind: make others here");
}

std::unexpected<Error> Tenants::Core::no_such(std::string_view name) {
  return failure(Errc::unavailable, "there is no tenant " + std::string{name});
}

std::unexpected<Error> Tenants::Core::removed(const std::string& name) {
  return failure(Errc::unavailable, "the tenant " + name + " was removed");
}

}  // namespace wapc
