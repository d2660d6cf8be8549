#pragma once

#include <vector>

#include "policy/faults.hpp"
#include "wapc/policy/policy.hpp"

namespace wapc {

/// Where the rules of a guest stand in a text.
struct RulePlaces {
  std::vector<Place> deny;
  std::vector<Place> allow;
};

/// What looking for contradictions may take, in all of a policy. It grows with the square of a
/// guest's rules and of its names that have stars, and a policy may be hostile.
class Effort {
 public:
  /// False when there is none left.
  bool spend(std::size_t steps) noexcept {
    left_ = steps < left_ ? left_ - steps : 0;
    return left_ > 0;
  }

  [[nodiscard]] bool is_spent() const noexcept { return left_ == 0; }

 private:
  std::size_t left_ = 10'000'000;  // Less than a second.
};

/// What a guest's part says that cannot have been meant: rules that can never count, and rules that
/// allow more than the guest's limits. Where the effort does not suffice, that is a fault too.
void report_contradictions(const GuestPolicy& policy, const RulePlaces& places, Effort& effort,
                           Faults& faults);

/// Parts for the same guests. `places` has one for each.
void report_same_guests(const Policy& policy, const std::vector<Place>& places, Faults& faults);

}  // namespace wapc
