#include "pool/core.hpp"

#include <utility>

#include "base/coarse_clock.hpp"
#include "base/try.hpp"

// A call, from the choice of an instance until it is given back.

namespace wapc {
namespace {

using pool::Holding;

struct ThisThread {
  pool::Hints hints;
  const Holding* innermost = nullptr;
};

constinit thread_local ThisThread this_thread;

std::uint64_t next_pool_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

/// One link of the chain, while it lives.
class Held {
 public:
  Held(const void* pool, const pool::Slot* slot) : link_{pool, slot, this_thread.innermost} {
    this_thread.innermost = &link_;
  }

  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  ~Held() { this_thread.innermost = link_.outer; }

 private:
  const Holding link_;
};

std::optional<Errc> code_of(const Result<>& outcome) {
  if (outcome) return std::nullopt;
  return outcome.error().code();
}

}  // namespace

Error Pool::Core::forked_since() {
  return {Errc::unsupported,
          "this pool was made before the process was forked off, and its thread stayed behind: "
          "make another one here"};
}

Pool::Core::Core(std::shared_ptr<const GuestModule> module, PoolOptions options)
    : id_{next_pool_id()},
      options_{std::move(options)},
      slots_{2 * options_.instances_max},
      stable_{std::make_shared<Version>(last_version_, std::move(module))} {}

Pool::Core::~Core() {
  start_stop_.request_stop();
  keeper_stop_.request_stop();
}

Result<> Pool::Core::begin(const Budget& budget) {
  Lock lock{mutex_};
  WAPC_CHECK(warm_up(lock, stable_, options_.instances_min, budget));
  route_.store({.stable = stable_->id}, std::memory_order_release);
  return {};
}

std::uint32_t Pool::Core::choose(Route route) noexcept {
  const auto turn = trial_turns_.fetch_add(1, std::memory_order_relaxed);
  const auto percent = trial_percent_.load(std::memory_order_relaxed);
  // Spread evenly: with 10 of 100 each tenth call, and not the first ten.
  const bool is_new = (turn + 1) * percent / 100 != turn * percent / 100;
  return is_new ? route.on_trial : route.stable;
}

Result<> Pool::Core::invoke(const Invocation& invocation, Bytes& response, CallStats* told) {
  const auto route = route_.load(std::memory_order_acquire);
  const bool on_trial = route.on_trial != 0;
  const auto version = on_trial ? choose(route) : route.stable;
  const Call call{invocation, response, version, told, on_trial};
  auto* const slot = slots_.take_idle(version, this_thread.hints.of(id_));
  if (slot == nullptr) [[unlikely]]
    return wait_and_run(call);
  return run(*slot, call);
}

Result<> Pool::Core::wait_and_run(Call call) {
  if (forked()) return std::unexpected{forked_since()};
  const auto begun = Budget::Clock::now();
  auto rest = call.invocation;
  rest.budget = call.invocation.budget.within(options_.host.call_timeout, begun);
  const auto slot = obtain(call, rest.budget, this_thread.innermost);
  const auto waited = Budget::Clock::now() - begun;
  if (!slot) {
    if (call.told != nullptr) *call.told = {.waiting = waited};
    return std::unexpected{slot.error()};
  }
  (*slot)->waits.add(1);
  (*slot)->waiting_ns.add(static_cast<std::uint64_t>(waited.count()));
  return run(**slot, {rest, call.response, call.version, call.told, call.on_trial, waited});
}

Result<> Pool::Core::run(Slot& slot, const Call& call) {
  const Held held{this, &slot};
  const bool exact = call.told != nullptr || call.on_trial;
  const auto now = [exact] { return exact ? Budget::Clock::now() : coarse_now(); };
  const auto begun = now();
  auto outcome = slot.host->invoke_into(call.invocation, call.response);
  const auto took = now() - begun;
  const bool keep = count(slot, outcome, took);
  if (call.told != nullptr) [[unlikely]] {
    *call.told = {.waiting = call.waited,
                  .running = took,
                  .host_calls = slot.host->host_calls(),
                  .memory_bytes = slot.host->memory_bytes(),
                  .guest_id = slot.host->guest_id(),
                  .version = slot.version->id};
  }
  if (call.on_trial) [[unlikely]]
    judge(call, code_of(outcome), call.waited + took);
  leave(slot, keep);
  return outcome;
}

/// Without the lock. A start function's host calls hold the slot, as a call's do.
Result<std::unique_ptr<Host>> Pool::Core::start_host(Slot& slot, const Budget& budget) const {
  const Held held{this, &slot};
  return Host::start(slot.version->module, options_.host, budget);
}

/// Counts a call; whether the instance is to be kept.
bool Pool::Core::count(Slot& slot, const Result<>& outcome, std::chrono::nanoseconds took) {
  const auto& host = *slot.host;
  slot.calls.add(1);
  slot.running_ns.add(static_cast<std::uint64_t>(took.count()));
  slot.host_calls.add(host.host_calls());
  ++slot.instance_calls;
  if (!outcome) [[unlikely]] {
    slot.failures[static_cast<std::size_t>(outcome.error().code())].add(1);
    if (host.spent()) return false;
  }
  const auto& recycling = options_.recycling;
  constexpr std::uint64_t kLookEvery = 64;  // Asking an engine takes some nanoseconds.
  if (recycling.memory_bytes != 0 || slot.instance_calls % kLookEvery == 1) {
    const auto bytes = host.memory_bytes();
    slot.memory_bytes.set(bytes);
    if (recycling.memory_bytes != 0 && bytes > recycling.memory_bytes) return false;
  }
  return recycling.calls == 0 || slot.instance_calls < recycling.calls;
}

void Pool::Core::leave(Slot& slot, bool keep) {
  if (keep && slot.give_back()) [[likely]] {
    return;  // And nothing of the pool is touched any more.
  }
  if (forked()) return;
  Lock lock{mutex_};
  if (keep) return settle(lock, slot);
  ++(slot.host->spent() ? counted_.spent : counted_.recycled);
  drop(lock, slot);
}

void Pool::Core::judge(const Call& call, std::optional<Errc> failure,
                       std::chrono::nanoseconds took) {
  if (forked()) return;
  const auto begun = Budget::Clock::now();
  std::string reason;
  {
    const Lock lock{mutex_};
    if (!on_trial_ || !trial_) return;
    const bool is_new = call.version == on_trial_->id;
    if (!is_new && call.version != stable_->id) return;
    const auto verdict =
        trial_->record(is_new ? pool::Lane::new_version : pool::Lane::old_version, failure, took);
    if (verdict == pool::Trial::Verdict::none_yet) return;
    reason = trial_->reason();
    conclude(verdict, reason);
  }
  tell_swapped(reason.empty() ? Result<>{} : rolled_back(reason), begun);
}

Result<> Pool::Core::drain(const Budget& budget) {
  if (forked()) return std::unexpected{forked_since()};
  if (pool::holds_any(this_thread.innermost, this)) {
    return failure(Errc::busy, "a handler would drain the pool whose guest waits for it");
  }
  Lock lock{mutex_};
  draining_ = true;
  start_stop_.request_stop();
  changed();  // A swap that waits for room waits no longer.
  route_.store({}, std::memory_order_release);
  for (;;) {
    if (visitors_ == 0) {  // Else somebody may need what is idle.
      for (auto& slot : slots_.all()) pool::Slots::doom_or_mark(slot);
      if (auto* const slot = slots_.find(Stage::doomed)) {
        drop(lock, *slot);
        continue;  // What came and went without the lock has been missed.
      }
      if (slots_.count(Stage::empty) == slots_.all().size()) return {};
    }
    if (!wait_for_change(lock, budget)) WAPC_CHECK(budget.check());
  }
}

}  // namespace wapc
