#include "cli/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "cli/text.hpp"

namespace wapc::cli {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 5> kTimes{
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}}};
constexpr std::array<Unit, 4> kSizes{
    {{"B", 1}, {"KiB", 1024}, {"MiB", 1024.0 * 1024}, {"GiB", 1024.0 * 1024 * 1024}}};

/// What an option takes: its units, and a value to show how it is written.
struct Kind {
  std::span<const Unit> units;
  std::string_view noun;
  std::string_view example;
};

std::string names(std::span<const Unit> units) {
  std::string list;
  for (const auto& unit : units) {
    if (!list.empty()) list += &unit == &units.back() ? " and " : ", ";
    list += unit.name;
  }
  return list;
}

/// The number in units of 1, rounded down; what is wrong with the text goes to the user.
Outcome<std::uint64_t> parse(std::string_view option, std::string_view text, const Kind& kind) {
  const auto hint = fmt::format("write it as {} {}", option, kind.example);
  const auto wrong = [&](std::string_view why) {
    return wrong_usage(fmt::format("{}: {} {}", option, in_quotes(text), why), hint);
  };
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number_text = text.substr(0, digits);
  const auto unit_text = text.substr(digits);
  double number = 0;
  const auto* const end = number_text.data() + number_text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` bounds it.
  const auto [rest, failed] = std::from_chars(number_text.data(), end, number);
  if (failed != std::errc{} || rest != end) return wrong(fmt::format("is not a {}", kind.noun));
  const auto unit = std::ranges::find(kind.units, unit_text, &Unit::name);
  if (unit_text.empty()) {
    return wrong(fmt::format("has no unit; units are {}", names(kind.units)));
  }
  if (unit == kind.units.end()) {
    return wrong(fmt::format("has an unknown unit; units are {}", names(kind.units)));
  }
  const auto value = number * unit->factor;
  if (value >= 9.2e18) return wrong("is too much");  // 2^63 - 1, the most that a clock can count.
  if (value < 1) return wrong("is not more than nothing");
  return static_cast<std::uint64_t>(value);
}

std::string three_figures(double value) {
  if (value < 10) return fmt::format("{:.2f}", value);
  if (value < 100) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

}  // namespace

Outcome<std::chrono::nanoseconds> parse_duration(std::string_view option, std::string_view text) {
  const auto count = parse(option, text, {kTimes, "time", "500ms"});
  if (!count) return std::unexpected{count.error()};
  return std::chrono::nanoseconds{static_cast<std::int64_t>(*count)};
}

Outcome<std::uint64_t> parse_size(std::string_view option, std::string_view text) {
  return parse(option, text, {kSizes, "size", "64MiB"});
}

Outcome<std::uint64_t> parse_count(std::string_view option, std::string_view text,
                                   std::uint64_t max) {
  std::uint64_t count = 0;
  const auto* const end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` bounds it.
  const auto [rest, failed] = std::from_chars(text.data(), end, count);
  if (failed != std::errc{} || rest != end || count < 1 || count > max) {
    return wrong_usage(
        fmt::format("{}: {} is not a whole number from 1 to {}", option, in_quotes(text), max));
  }
  return count;
}

std::string describe(std::chrono::nanoseconds duration) {
  const auto count = static_cast<double>(duration.count());
  if (count < 1e3) return fmt::format("{} ns", duration.count());
  if (count < 1e6) return three_figures(count / 1e3) + " us";
  if (count < 1e9) return three_figures(count / 1e6) + " ms";
  return three_figures(count / 1e9) + " s";
}

std::string describe_size(std::uint64_t bytes) {
  for (const auto& unit : {kSizes[3], kSizes[2], kSizes[1]}) {
    const auto count = static_cast<double>(bytes) / unit.factor;
    if (count < 1) continue;
    const bool whole =
        count < 1e15 && count == static_cast<double>(static_cast<std::uint64_t>(count));
    return whole ? fmt::format("{:.0f} {}", count, unit.name)
                 : fmt::format("{} {}", three_figures(count), unit.name);
  }
  return counted(bytes, "byte");
}

}  // namespace wapc::cli
