#include "base/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace wapc {
namespace {

/// How many characters must be put in, left out, changed, or swapped with their neighbour to make
/// `a` of `b` (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  std::vector<std::size_t> above(row);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto next = row;
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto changed = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({changed, next[j - 1] + 1, row[j] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) next[j] = std::min(next[j], above[j - 2] + 1);
    }
    above = std::exchange(row, std::move(next));
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> words) {
  constexpr std::size_t kWordMax =
      100;  // What is longer is no slip, and would take long to compare.
  if (word.size() > kWordMax) return {};
  std::string_view best;
  auto best_distance = word.size() / 3 + 1;
  for (const auto candidate : words) {
    // A word begun is a near match too, and the way people abbreviate.
    const bool begun = word.size() >= 2 && candidate.starts_with(word);
    const auto far = begun ? 0 : distance(word, candidate);
    if (far < best_distance) {
      best = candidate;
      best_distance = far;
    }
  }
  return best;
}

}  // namespace wapc
