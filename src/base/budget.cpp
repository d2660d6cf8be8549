#include "wapc/base/budget.hpp"

namespace wapc {

Error budget_spent(Errc why) {
  return {why, why == Errc::cancelled ? "the call was cancelled" : "the call's deadline passed"};
}

Result<> Budget::check() const {
  if (!limited()) return {};
  const auto why =
      spent(deadline == Clock::time_point::max() ? Clock::time_point::min() : Clock::now());
  if (why) return std::unexpected{budget_spent(*why)};
  return {};
}

}  // namespace wapc
