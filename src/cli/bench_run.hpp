#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "cli/bench_target.hpp"
#include "cli/latency_histogram.hpp"
#include "cli/status_line.hpp"
#include "wapc/base/error.hpp"

namespace wapc::cli {

/// How much is measured. All bounds are of each target; the first that is met ends the run.
struct BenchScope {
  std::size_t threads = 1;
  std::uint64_t calls = std::numeric_limits<std::uint64_t>::max();
  std::chrono::nanoseconds duration = std::chrono::nanoseconds::max();
  std::chrono::nanoseconds warm_up{0};  ///< Comes before, and does not count.
};

/// What calls of one target came to.
struct BenchFigures {
  LatencyHistogram latencies = {};  ///< Of calls that were answered.
  std::array<std::uint64_t, std::to_underlying(Errc::internal) + 1> failures_by_code{};
  std::optional<Error> first_failure = std::nullopt;
  std::chrono::nanoseconds first_call{0};  ///< Which does not count.
  std::chrono::nanoseconds duration{0};    ///< Of its slices together.
  double calls_per_second = 0;             ///< Answered, by all threads together, in that time.
  std::size_t answer_bytes_min = 0;
  std::size_t answer_bytes_max = 0;
  std::size_t memory_bytes = 0;  ///< Of an instance.
  std::uint64_t host_calls = 0;

  /// For each slice how long it lasted for each call answered, in nanoseconds; 0 when none was.
  std::vector<double> slices_ns = {};

  [[nodiscard]] std::uint64_t failures() const;

  [[nodiscard]] std::uint64_t calls() const { return latencies.count() + failures(); }
};

struct BenchOutcome {
  struct Failing {
    std::size_t target;
    Error error;
  };

  std::vector<BenchFigures> targets = {};
  bool stopped = false;  ///< Before its time, by the token.

  /// A target that answered no call before it was to be measured, and why; nothing was measured.
  std::optional<Failing> failing = std::nullopt;

  [[nodiscard]] std::uint64_t calls() const;
};

/// Who is told how it goes, and may end it.
struct BenchWatch {
  std::stop_token stop = {};
  std::function<void()> first_calls_done = nullptr;  ///< Each target was called once.
  StatusLineOptions line = {};
};

/// Calls each target, from as many threads as `scope` says: each calls again as soon as it has its
/// answer. Several targets take turns in short slices. Fails with `limit_exceeded` when there
/// cannot be so many threads.
[[nodiscard]] Result<BenchOutcome> measure(std::span<const std::unique_ptr<BenchTarget>> targets,
                                           const Invocation& invocation, const BenchScope& scope,
                                           const BenchWatch& watch);

}  // namespace wapc::cli
