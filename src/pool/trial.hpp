#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "wapc/base/error.hpp"
#include "wapc/pool/pool_options.hpp"

namespace wapc::pool {

enum class Lane : std::uint8_t { old_version, new_version };

/// Judges a new version by its calls, window by window, beside those of the old one. Knows neither
/// clock nor threads: its owner locks.
class Trial {
 public:
  enum class Verdict : std::uint8_t { none_yet, take_over, roll_back };

  explicit Trial(const SwapOptions& options) : options_{options} {}

  /// What follows from one more call that took `took`.
  [[nodiscard]] Verdict record(Lane lane, std::optional<Errc> failure,
                               std::chrono::nanoseconds took);

  /// Why it was rolled back.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

  /// That the new version has taken.
  [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }

 private:
  struct Window {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::chrono::nanoseconds took{0};
  };

  [[nodiscard]] bool fails_too_often(std::uint64_t out_of);
  [[nodiscard]] bool is_too_slow(std::uint64_t out_of);

  const SwapOptions options_;
  Window old_;
  Window new_;
  std::uint64_t calls_ = 0;
  std::string reason_;
};

/// Fails with `invalid_options`, naming what makes no sense.
[[nodiscard]] Result<> check(const SwapOptions& options);

}  // namespace wapc::pool
