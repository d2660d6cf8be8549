#include "cli/latency_histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace wapc::cli {
namespace {

using std::chrono::nanoseconds;

constexpr std::array kShares{0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0};

LatencyHistogram histogram_of(const std::vector<std::int64_t>& latencies) {
  LatencyHistogram histogram;
  for (const auto latency : latencies) histogram.record(nanoseconds{latency});
  return histogram;
}

/// As it is defined, over all values, sorted.
std::int64_t exact_percentile(const std::vector<std::int64_t>& sorted, double share) {
  const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void expect_percentiles(std::vector<std::int64_t> latencies) {
  const auto histogram = histogram_of(latencies);
  std::ranges::sort(latencies);
  for (const auto share : kShares) {
    const auto exact = exact_percentile(latencies, share);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(share).count()),
                static_cast<double>(exact), 0.0005 * static_cast<double>(exact))
        << "share " << share << " of " << latencies.size();
  }
  EXPECT_EQ(histogram.min().count(), latencies.front());
  EXPECT_EQ(histogram.max().count(), latencies.back());
}

TEST(LatencyHistogramTest, IsAllZeroWithoutCalls) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), nanoseconds{0});
  EXPECT_EQ(histogram.max(), nanoseconds{0});
  EXPECT_EQ(histogram.mean(), nanoseconds{0});
  EXPECT_EQ(histogram.percentile(0.5), nanoseconds{0});
}

TEST(LatencyHistogramTest, IsExactForOneCall) {
  for (const std::int64_t latency : {0LL, 1LL, 2'047LL, 2'049LL, 123'456'789LL}) {
    const auto histogram = histogram_of({latency});
    EXPECT_EQ(histogram.percentile(0.001).count(), latency);
    EXPECT_EQ(histogram.percentile(1).count(), latency);
    EXPECT_EQ(histogram.mean().count(), latency);
  }
}

TEST(LatencyHistogramTest, IsExactBelowTwoMicroseconds) {
  std::vector<std::int64_t> latencies(2'048);
  for (std::size_t i = 0; i < latencies.size(); ++i) latencies[i] = static_cast<std::int64_t>(i);
  const auto histogram = histogram_of(latencies);
  for (const auto share : kShares) {
    EXPECT_EQ(histogram.percentile(share).count(), exact_percentile(latencies, share));
  }
}

TEST(LatencyHistogramTest, HasThePercentilesOfTheSortedLatenciesToThreeFigures) {
  std::mt19937_64 random{20261126};  // NOLINT(bugprone-random-generator-seed): the same each time.
  std::lognormal_distribution<> calls{std::log(5e4), 1.5};
  std::vector<std::int64_t> latencies(20'000);
  for (auto& latency : latencies) latency = static_cast<std::int64_t>(calls(random));
  expect_percentiles(latencies);
  latencies.resize(7);
  expect_percentiles(latencies);
}

TEST(LatencyHistogramTest, HasThemFromNanosecondsToAnHour) {
  std::vector<std::int64_t> latencies;
  constexpr std::int64_t kHour = 3'600'000'000'000;
  for (std::int64_t latency = 1; latency < kHour; latency += latency / 300 + 1) {
    latencies.push_back(latency);
  }
  expect_percentiles(latencies);
}

TEST(LatencyHistogramTest, HoldsTheEdgesOfEachDoublingApart) {
  for (int power = 1; power < 42; ++power) {
    const auto edge = std::int64_t{1} << power;
    expect_percentiles({edge - 1, edge, edge + 1, edge + edge / 2});
  }
}

TEST(LatencyHistogramTest, KnowsTheLongestOfWhatIsBeyondItsRange) {
  const auto day = std::chrono::nanoseconds{std::chrono::hours{24}}.count();
  const auto histogram = histogram_of({1, day, 2 * day});
  EXPECT_EQ(histogram.max().count(), 2 * day);
  EXPECT_EQ(histogram.percentile(1).count(), 2 * day);
  EXPECT_GT(histogram.percentile(0.5), std::chrono::hours{1});
}

TEST(LatencyHistogramTest, AddsUpWhatThreadsRecorded) {
  auto sum = histogram_of({10, 30});
  sum.add(histogram_of({5'000, 20}));
  sum.add(LatencyHistogram{});
  EXPECT_EQ(sum.count(), 4U);
  EXPECT_EQ(sum.min().count(), 10);
  EXPECT_EQ(sum.max().count(), 5'000);
  EXPECT_EQ(sum.mean().count(), 1'265);
  EXPECT_EQ(sum.percentile(0.5).count(), 20);
  EXPECT_EQ(sum.percentile(0.75).count(), 30);
}

}  // namespace
}  // namespace wapc::cli
