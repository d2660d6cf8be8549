#include "cli/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

// A latency below 2,048 ns has a counter of its own. From there on each doubling has 1,024
// counters, each twice as wide as those of the doubling before: a latency is shifted right until 11
// bits of it are left, and those bits, with how far it was shifted, say which counter it is.

namespace wapc::cli {
namespace {

constexpr unsigned kBits = 11;
constexpr std::uint64_t kPerDoubling = std::uint64_t{1} << (kBits - 1);
constexpr unsigned kShiftMax = 31;  // Up to 2^42 ns: 73 minutes.
constexpr std::uint64_t kCounters = kPerDoubling * (kShiftMax + 2);

std::size_t counter_of(std::uint64_t ns) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(ns));
  const auto shift = width > kBits ? width - kBits : 0;
  return std::min(kPerDoubling * shift + (ns >> shift), kCounters - 1);
}

/// The middle of what a counter counts.
std::uint64_t middle_of(std::size_t counter) noexcept {
  if (counter < 2 * kPerDoubling) return counter;
  const auto shift = counter / kPerDoubling - 1;
  return ((counter - kPerDoubling * shift) << shift) + (std::uint64_t{1} << shift) / 2;
}

std::chrono::nanoseconds nanoseconds(std::uint64_t ns) noexcept {
  return std::chrono::nanoseconds{static_cast<std::int64_t>(ns)};
}

}  // namespace

LatencyHistogram::LatencyHistogram() : counts_(kCounters) {}

void LatencyHistogram::record(std::chrono::nanoseconds latency) noexcept {
  const auto ns = static_cast<std::uint64_t>(latency.count());
  ++counts_[counter_of(ns)];
  ++count_;
  sum_ns_ += ns;
  min_ns_ = std::min(min_ns_, ns);
  max_ns_ = std::max(max_ns_, ns);
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::chrono::nanoseconds LatencyHistogram::min() const noexcept {
  return nanoseconds(count_ == 0 ? 0 : min_ns_);
}

std::chrono::nanoseconds LatencyHistogram::max() const noexcept {
  return nanoseconds(max_ns_);
}

std::chrono::nanoseconds LatencyHistogram::mean() const noexcept {
  return nanoseconds(count_ == 0 ? 0 : sum_ns_ / count_);
}

std::chrono::nanoseconds LatencyHistogram::percentile(double share) const noexcept {
  if (count_ == 0) return {};
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  const auto rank = std::clamp(wanted, std::uint64_t{1}, count_);
  if (rank == count_) return max();
  std::uint64_t seen = 0;
  std::size_t counter = 0;
  while ((seen += counts_[counter]) < rank) ++counter;
  return nanoseconds(std::clamp(middle_of(counter), min_ns_, max_ns_));
}

}  // namespace wapc::cli
