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

/// What a guest's part says that cannot have been meant: rules that can never count, and rules that
/// allow more than the guest's limits.
void report_contradictions(const GuestPolicy& policy, const RulePlaces& places, Faults& faults);

/// Parts for the same guests. `places` has one for each.
void report_same_guests(const Policy& policy, const std::vector<Place>& places, Faults& faults);

}  // namespace wapc
