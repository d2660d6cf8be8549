#include "policy/faults.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace wapc {

void Faults::add(Place place, std::string message) {
  constexpr std::size_t kFaultsMax = 100;
  if (faults_.size() < kFaultsMax)
    faults_.push_back({place.line, place.column, std::move(message)});
}

std::vector<PolicyFault> Faults::take() {
  std::ranges::sort(faults_, {}, [](const PolicyFault& fault) {
    return std::tuple{fault.line, fault.column, std::string_view{fault.message}};
  });
  return std::move(faults_);
}

}  // namespace wapc
