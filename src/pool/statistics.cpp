#include "pool/core.hpp"

namespace wapc {

PoolStats Pool::Core::stats() const {
  if (forked()) return {};
  const Lock lock{mutex_};
  auto stats = counted_;
  std::uint64_t waiting_ns = 0;
  std::uint64_t running_ns = 0;
  for (const auto& slot : slots_.all()) {
    stats.calls += slot.calls.get();
    stats.waits += slot.waits.get();
    stats.host_calls += slot.host_calls.get();
    stats.memory_bytes += slot.memory_bytes.get();
    waiting_ns += slot.waiting_ns.get();
    running_ns += slot.running_ns.get();
    for (std::size_t code = 0; code < slot.failures.size(); ++code) {
      stats.failures_by_code[code] += slot.failures[code].get();
    }
    const auto stage = slot.stage();
    stats.instances += stage == Stage::empty ? 0 : 1;
    stats.idle += stage == Stage::idle ? 1 : 0;
    stats.running_now += stage == Stage::running ? 1 : 0;
  }
  stats.waiting += std::chrono::nanoseconds{waiting_ns};
  stats.running += std::chrono::nanoseconds{running_ns};
  stats.waiting_now = queue_.size();
  stats.version = stable_->id;
  return stats;
}

}  // namespace wapc
