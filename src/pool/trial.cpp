#include "pool/trial.hpp"

#include <cmath>

namespace wapc::pool {
namespace {

double of(std::uint64_t count) {
  return static_cast<double>(count);
}

std::string percent(double share) {
  return std::to_string(std::llround(share * 100.0)) + " %";
}

std::string microseconds(double nanoseconds) {
  return std::to_string(std::llround(nanoseconds / 1000.0)) + " us";
}

}  // namespace

// A window that can only end badly is not waited for: calls that hang would fill it slowly. So both
// tests ask what the calls so far come to when all that are still to come are flawless.
Trial::Verdict Trial::record(Lane lane, std::optional<Errc> failure,
                             std::chrono::nanoseconds took) {
  if (failure == Errc::cancelled) return Verdict::none_yet;
  auto& window = lane == Lane::new_version ? new_ : old_;
  ++window.calls;
  window.failures += failure ? 1 : 0;
  window.took += took;
  if (lane == Lane::old_version) return Verdict::none_yet;

  ++calls_;
  const bool ends = new_.calls >= options_.window_calls || calls_ >= options_.trial_calls;
  const auto out_of = ends ? new_.calls : options_.window_calls;
  if (fails_too_often(out_of) || is_too_slow(out_of)) return Verdict::roll_back;
  if (calls_ >= options_.trial_calls) return Verdict::take_over;
  if (ends) old_ = new_ = {};
  return Verdict::none_yet;
}

bool Trial::fails_too_often(std::uint64_t out_of) {
  const auto old_share = old_.calls == 0 ? 0.0 : of(old_.failures) / of(old_.calls);
  const auto share = of(new_.failures) / of(out_of);
  if (share <= old_share + options_.failures_more_max) return false;
  reason_ = percent(share) + " of " + std::to_string(out_of) +
            " calls failed, of the old version " + percent(old_share);
  return true;
}

bool Trial::is_too_slow(std::uint64_t out_of) {
  if (old_.calls == 0) return false;
  const auto old_mean = of(static_cast<std::uint64_t>(old_.took.count())) / of(old_.calls);
  const auto mean = of(static_cast<std::uint64_t>(new_.took.count())) / of(out_of);
  if (mean <= old_mean * options_.slower_max) return false;
  reason_ = std::to_string(out_of) + " calls took " + microseconds(mean) +
            " on average, of the old version " + microseconds(old_mean);
  return true;
}

Result<> check(const SwapOptions& options) {
  if (options.percent < 1 || options.percent > 100) {
    return failure(
        Errc::invalid_options,
        "SwapOptions::percent is " + std::to_string(options.percent) + "; it may be 1 to 100");
  }
  if (options.trial_calls == 0 || options.window_calls == 0) {
    return failure(
        Errc::invalid_options,
        "SwapOptions::trial_calls and window_calls may not be 0: nothing would be judged");
  }
  // Written so that what is not a number fails, too.
  if (!(options.failures_more_max >= 0.0) || !(options.slower_max >= 1.0)) {
    return failure(Errc::invalid_options,
                   "SwapOptions::failures_more_max may not be less than 0, nor slower_max less "
                   "than 1");
  }
  return {};
}

}  // namespace wapc::pool
