#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "wapc/policy/policy.hpp"

namespace wapc {

/// Where something stands in a policy's text.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;

  auto operator<=>(const Place&) const = default;
};

/// Collects what is wrong with a text.
class Faults {
 public:
  void add(Place place, std::string message);

  [[nodiscard]] bool any() const noexcept { return !faults_.empty(); }

  /// In the order of the text.
  [[nodiscard]] std::vector<PolicyFault> take();

 private:
  std::vector<PolicyFault> faults_;
};

}  // namespace wapc
