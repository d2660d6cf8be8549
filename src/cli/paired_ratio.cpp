#include "cli/paired_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace wapc::cli {

std::optional<PairedRatio> paired_ratio(std::span<const double> first,
                                        std::span<const double> second) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    if (first[i] > 0 && second[i] > 0) ratios.push_back(second[i] / first[i]);
  }
  if (ratios.empty()) return std::nullopt;
  std::ranges::sort(ratios);
  const auto count = ratios.size();
  PairedRatio result{.pairs = count,
                     .median = (ratios[(count - 1) / 2] + ratios[count / 2]) / 2,
                     .interval = std::nullopt};
  if (count < 6) return result;
  // How many of the ratios are below the true median is as with heads of so many coins, whatever
  // their distribution: 1.96 standard deviations of that, each way from the middle.
  const auto size = static_cast<double>(count);
  const auto rank = std::max(1.0, std::floor((size + 1) / 2 - 0.98 * std::sqrt(size)));
  const auto low = static_cast<std::size_t>(rank) - 1;
  result.interval = {.low = ratios[low], .high = ratios[count - 1 - low]};
  return result;
}

}  // namespace wapc::cli
