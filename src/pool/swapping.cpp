#include <algorithm>

#include "base/try.hpp"
#include "pool/core.hpp"
#include "wapc/base/utf8.hpp"

// One version after another.

namespace wapc {

using pool::Trial;

Result<> Pool::Core::swap(std::shared_ptr<const GuestModule> module, const SwapOptions& options,
                          const Budget& budget) {
  if (forked()) return std::unexpected{forked_since()};
  const Visit visit{*this};
  const auto begun = Budget::Clock::now();
  const auto outcome = bring_in(std::move(module), options, budget);
  if (!outcome || options.percent == 100) tell_swapped(outcome, begun);
  return outcome;
}

Result<> Pool::Core::bring_in(std::shared_ptr<const GuestModule> module, const SwapOptions& options,
                              const Budget& budget) {
  WAPC_CHECK(pool::check(options));
  Lock lock{mutex_};
  if (draining_) return failure(Errc::unavailable, "the pool is shutting down");
  if (warming_) return failure(Errc::busy, "another swap is under way");
  if (on_trial_) {
    return failure(Errc::busy, "version " + std::to_string(on_trial_->id) +
                                   " is on trial: promote it, or roll it back");
  }
  if (options.from_version != 0 && options.from_version != stable_->id) {
    return failure(Errc::unavailable, "version " + std::to_string(stable_->id) +
                                          " takes calls, and not " +
                                          std::to_string(options.from_version));
  }
  const auto version = std::make_shared<Version>(last_version_ + 1, std::move(module));
  warming_ = version;
  const auto needed = std::max<std::size_t>(stable_->target, 1);
  auto warmed =
      warm_up(lock, version, std::max<std::size_t>(needed * options.percent / 100, 1), budget);
  warming_.reset();
  if (warmed && draining_) warmed = failure(Errc::unavailable, "the pool is shutting down");
  if (!warmed) {
    doom_stale();
    return warmed;
  }
  ++last_version_;
  on_trial_ = version;
  trial_.emplace(options);
  swap_status_ = {.phase = SwapStatus::Phase::on_trial, .version = version->id};
  if (options.percent == 100) {
    conclude(Trial::Verdict::take_over, {});
    return {};
  }
  trial_percent_.store(options.percent, std::memory_order_relaxed);
  route_.store({stable_->id, version->id}, std::memory_order_release);
  return {};
}

Result<> Pool::Core::end_trial(Trial::Verdict verdict, const std::string& reason) {
  if (forked()) return std::unexpected{forked_since()};
  const Visit visit{*this};
  const auto begun = Budget::Clock::now();
  {
    const Lock lock{mutex_};
    if (!on_trial_) return failure(Errc::unavailable, "no version is on trial");
    conclude(verdict, reason);
  }
  tell_swapped(verdict == Trial::Verdict::take_over ? Result<>{} : rolled_back(reason), begun);
  return {};
}

/// Ends the trial. Whoever waits for the version that goes is answered by the one that stays.
void Pool::Core::conclude(Trial::Verdict verdict, const std::string& reason) {
  const bool takes_over = verdict == Trial::Verdict::take_over;
  swap_status_.phase = takes_over ? SwapStatus::Phase::took_over : SwapStatus::Phase::rolled_back;
  swap_status_.trial_calls = trial_ ? trial_->calls() : 0;
  swap_status_.reason = reason;
  if (takes_over) {
    on_trial_->target = std::max(on_trial_->target, stable_->target);
    std::swap(stable_, on_trial_);
  }
  retire(std::move(on_trial_));
  trial_.reset();
  if (!draining_) route_.store({.stable = stable_->id}, std::memory_order_release);
  doom_stale();
  serve_all();
}

Result<> Pool::Core::rolled_back(const std::string& reason) {
  return failure(Errc::unavailable, "rolled back: " + reason);
}

void Pool::Core::tell_swapped(const Result<>& outcome, Budget::Clock::time_point begun) const {
  Event event{.kind = EventKind::replaced, .duration = Budget::Clock::now() - begun};
  std::string message;
  if (!outcome) {
    message = to_utf8(outcome.error().message());
    event.failure = outcome.error().code();
    event.message = message;
  }
  record_safely(options_.host.events.get(), event);
}

SwapStatus Pool::Core::swap_status() const {
  if (forked()) return {};
  const Lock lock{mutex_};
  auto status = swap_status_;
  if (trial_) status.trial_calls = trial_->calls();
  return status;
}

}  // namespace wapc
