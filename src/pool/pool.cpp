#include "wapc/pool/pool.hpp"

#include <algorithm>
#include <cassert>
#include <thread>
#include <utility>

#include "base/try.hpp"
#include "pool/core.hpp"

namespace wapc {
namespace {

constexpr std::size_t kInstancesMost = 10'000;

Result<> check(const PoolOptions& options) {
  const auto max = options.instances_max;
  if (max > kInstancesMost) {
    return failure(Errc::invalid_options, "PoolOptions::instances_max is " + std::to_string(max) +
                                              "; it may be " + std::to_string(kInstancesMost) +
                                              " at most");
  }
  if (options.instances_min > max) {
    return failure(Errc::invalid_options,
                   "PoolOptions::instances_min is " + std::to_string(options.instances_min) +
                       ", more than instances_max, which is " + std::to_string(max));
  }
  if (options.idle_timeout <= std::chrono::nanoseconds{0}) {
    return failure(Errc::invalid_options,
                   "PoolOptions::idle_timeout must be more than 0; nanoseconds::max() is never");
  }
  return {};
}

/// Says what is left open, and opens what instances share.
Result<PoolOptions> completed(PoolOptions options) {
  if (options.instances_max == 0) {
    const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    options.instances_max = std::max(threads, std::min(options.instances_min, kInstancesMost));
  }
  WAPC_CHECK(check(options));
  // The thread that tries again would do nothing else.
  constexpr std::chrono::nanoseconds kRestLeast = std::chrono::milliseconds{1};
  options.host.restart_wait = std::max(options.host.restart_wait, kRestLeast);
  options.host.restart_wait_max =
      std::max(options.host.restart_wait_max, options.host.restart_wait);
  if (!options.host.grants) {
    WAPC_TRY(options.host.grants, WasiGrants::open(std::move(options.host.wasi)));
    options.host.wasi = {};
  }
  return options;
}

}  // namespace

Pool::Pool(std::unique_ptr<Core> core) : core_{std::move(core)} {}

Result<std::unique_ptr<Pool>> Pool::start(std::shared_ptr<const GuestModule> module,
                                          PoolOptions options, const Budget& budget) {
  assert(module);
  WAPC_TRY(auto complete, completed(std::move(options)));
  std::unique_ptr<Pool> pool{
      new Pool{std::make_unique<Core>(std::move(module), std::move(complete))}};
  WAPC_CHECK(pool->core_->begin(budget));  // Else what did start, and its thread, are drained.
  return pool;
}

Pool::~Pool() {
  if (core_->forked()) {  // Nobody knows in which state the threads that are not here left it.
    [[maybe_unused]] const auto* const left_behind = core_.release();
    return;
  }
  [[maybe_unused]] const auto drained = core_->drain({});
  assert(drained);
}

Result<> Pool::invoke_into(const Invocation& invocation, Bytes& response) {
  return core_->invoke(invocation, response, nullptr);
}

Result<> Pool::invoke_into(const Invocation& invocation, Bytes& response, CallStats& stats) {
  return core_->invoke(invocation, response, &stats);
}

Result<> Pool::swap(std::shared_ptr<const GuestModule> module, SwapOptions options,
                    const Budget& budget) {
  assert(module);
  return core_->swap(std::move(module), options, budget);
}

Result<> Pool::promote() {
  return core_->end_trial(pool::Trial::Verdict::take_over, {});
}

Result<> Pool::roll_back(const std::string& reason) {
  return core_->end_trial(pool::Trial::Verdict::roll_back, reason);
}

SwapStatus Pool::swap_status() const {
  return core_->swap_status();
}

PoolStats Pool::stats() const {
  return core_->stats();
}

Result<> Pool::drain(const Budget& budget) {
  return core_->drain(budget);
}

}  // namespace wapc
