#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

// Sizes and times as a policy's text has them, always with a unit.

namespace wapc {

/// What is wrong with the text comes back as words that follow it: `has no unit; ...`.
template <typename T>
using Quantity = std::expected<T, std::string>;

/// `64KiB`, `1.5MiB`, `0B`; below 2^63.
[[nodiscard]] Quantity<std::uint64_t> parse_bytes(std::string_view text);

/// `500ms`, `1.5s`, `2m`; more than nothing, below 2^63 ns.
[[nodiscard]] Quantity<std::chrono::nanoseconds> parse_time(std::string_view text);

/// In the largest unit that leaves a whole number: `64KiB`, `1000B`, `1500ms`.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
[[nodiscard]] std::string time_text(std::chrono::nanoseconds time);

}  // namespace wapc
