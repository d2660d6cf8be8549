#include "cli/paired_ratio.hpp"

#include <cmath>
#include <span>
#include <vector>

#include <gtest/gtest.h>

namespace wapc::cli {
namespace {

/// None is one of no pairs.
PairedRatio ratio_of(std::span<const double> first, std::span<const double> second) {
  return paired_ratio(first, second).value_or(PairedRatio{});
}

/// The ratios of so many pairs: 1, 2, 3, ...
PairedRatio ratio_of_pairs(std::size_t count) {
  const std::vector<double> first(count, 1.0);
  std::vector<double> second(count);
  for (std::size_t i = 0; i < count; ++i) second[i] = static_cast<double>(i + 1);
  return ratio_of(first, second);
}

/// How certain it is that the median of so many lies between that rank from below and from above.
double certainty(unsigned count, unsigned rank) {
  double outside = 0;
  double ways = 1;
  for (unsigned below = 0; below < rank; ++below) {
    outside += ways;
    ways *= static_cast<double>(count - below) / (below + 1);
  }
  return 1 - 2 * outside / std::exp2(count);
}

TEST(PairedRatioTest, IsTheMedianOfThePairsRatios) {
  const auto ratio = ratio_of(std::vector{10.0, 100.0, 20.0}, std::vector{20.0, 250.0, 30.0});
  EXPECT_EQ(ratio.pairs, 3U);
  EXPECT_DOUBLE_EQ(ratio.median, 2.0);
  EXPECT_DOUBLE_EQ(ratio_of_pairs(4).median, 2.5);
}

TEST(PairedRatioTest, LeavesOutWhatHasNoPair) {
  const auto ratio =
      ratio_of(std::vector{10.0, 0.0, 10.0, 10.0}, std::vector{20.0, 20.0, 0.0, 30.0, 7.0});
  EXPECT_EQ(ratio.pairs, 2U);
  EXPECT_DOUBLE_EQ(ratio.median, 2.5);
}

TEST(PairedRatioTest, IsNoneWithoutPairs) {
  EXPECT_FALSE(paired_ratio({}, {}).has_value());
  EXPECT_FALSE(paired_ratio(std::vector{1.0}, {}).has_value());
  EXPECT_FALSE(paired_ratio(std::vector{0.0}, std::vector{1.0}).has_value());
}

TEST(PairedRatioTest, HasNoIntervalOfFewPairs) {
  EXPECT_FALSE(ratio_of_pairs(5).interval.has_value());
  EXPECT_TRUE(ratio_of_pairs(6).interval.has_value());
}

TEST(PairedRatioTest, HasAnIntervalThatIs95PercentCertain) {
  for (unsigned count = 6; count < 400; ++count) {
    const auto interval = ratio_of_pairs(count).interval.value_or(PairedRatio::Interval{});
    const auto rank = static_cast<unsigned>(interval.low);
    EXPECT_DOUBLE_EQ(interval.high, count + 1 - rank);
    EXPECT_GE(certainty(count, rank), 0.95) << count;
    EXPECT_LT(certainty(count, rank + 2), 0.95) << count;
  }
}

}  // namespace
}  // namespace wapc::cli
