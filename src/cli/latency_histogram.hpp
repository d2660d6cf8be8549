#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace wapc::cli {

/// How often which latency was met, to three figures. As HdrHistogram does it: counters whose width
/// grows with what they count, 1,024 of them for each doubling, so that noting one down costs the
/// same few nanoseconds however many there were. A value; not thread-safe: each thread has its own,
/// and they are added up in the end.
class LatencyHistogram {
 public:
  LatencyHistogram();

  void record(std::chrono::nanoseconds latency) noexcept;
  void add(const LatencyHistogram& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// The four that follow are 0 when nothing was recorded. The first three are exact.
  [[nodiscard]] std::chrono::nanoseconds min() const noexcept;
  [[nodiscard]] std::chrono::nanoseconds max() const noexcept;
  [[nodiscard]] std::chrono::nanoseconds mean() const noexcept;

  /// The least latency that `share` of all did not exceed: 0.5 for the median. At most 0.05 % off
  /// up to an hour; what is longer counts as an hour, or as the longest of all.
  [[nodiscard]] std::chrono::nanoseconds percentile(double share) const noexcept;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ns_ = 0;
  std::uint64_t min_ns_ = UINT64_MAX;
  std::uint64_t max_ns_ = 0;
};

}  // namespace wapc::cli
