#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace wapc::cli {

/// How many times as much the second of two takes as the first, told by pairs of measurements that
/// were made one right after the other, so that a machine that is slower for a while is so for
/// both.
struct PairedRatio {
  /// What the true median lies in with a certainty of at least 95 %.
  struct Interval {
    double low = 0;
    double high = 0;
  };

  std::size_t pairs = 0;
  double median = 0;                 ///< Of the pairs' ratios.
  std::optional<Interval> interval;  ///< None when there are fewer than six pairs.
};

/// Of the pairs that both spans have; those in which one of the two is not more than nothing do not
/// count. None when there is no pair.
[[nodiscard]] std::optional<PairedRatio> paired_ratio(std::span<const double> first,
                                                      std::span<const double> second);

}  // namespace wapc::cli
