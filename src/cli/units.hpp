#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "cli/problem.hpp"

namespace wapc::cli {

/// `500ms`, `1.5s`, `2m`, `10us`, `100ns`: more than nothing, and always with its unit, since
/// people who leave it out mean different ones. `option` is named in what is said when it is wrong.
[[nodiscard]] Outcome<std::chrono::nanoseconds> parse_duration(std::string_view option,
                                                               std::string_view text);

/// `64MiB`, `1.5GiB`, `512KiB`, `65536B`: more than nothing, always with its unit.
[[nodiscard]] Outcome<std::uint64_t> parse_size(std::string_view option, std::string_view text);

/// A whole number from 1 to `max`.
[[nodiscard]] Outcome<std::uint64_t> parse_count(std::string_view option, std::string_view text,
                                                 std::uint64_t max);

/// `75 ns`, `1.20 us`, `3.5 s`: three figures.
[[nodiscard]] std::string describe(std::chrono::nanoseconds duration);

/// `64 KiB`, `1.5 MiB`, `300 bytes`.
[[nodiscard]] std::string describe_size(std::uint64_t bytes);

}  // namespace wapc::cli
