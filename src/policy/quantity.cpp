#include "policy/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace wapc {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kTimes{
    {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}}};
constexpr std::array<Unit, 4> kSizes{
    {{"B", 1}, {"KiB", 1U << 10U}, {"MiB", 1U << 20U}, {"GiB", 1U << 30U}}};

constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

std::string names(std::span<const Unit> units) {
  std::string list;
  for (const auto& unit : units) {
    if (!list.empty()) list += &unit == &units.back() ? " and " : ", ";
    list += unit.name;
  }
  return list;
}

/// `text` as a whole number, nothing when it is none; of too many digits, the greatest.
std::expected<std::uint64_t, std::errc> whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` bounds it.
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  if (rest != end || failed == std::errc::invalid_argument) {
    return std::unexpected{std::errc::invalid_argument};
  }
  return failed == std::errc{} ? number : std::numeric_limits<std::uint64_t>::max();
}

/// In units of 1, rounded down.
Quantity<std::uint64_t> parse(std::string_view text, std::span<const Unit> units,
                              std::string_view noun) {
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = text.substr(0, digits);
  const auto unit_text = text.substr(digits);
  const auto point = std::min(number.find('.'), number.size());
  const auto before = whole(number.substr(0, point));
  const bool has_fraction = point < number.size();
  const auto fraction = number.substr(std::min(point + 1, number.size()));
  if (!before || (has_fraction && !whole(fraction))) {
    return std::unexpected{"is not a " + std::string{noun}};
  }
  const auto unit = std::ranges::find(units, unit_text, &Unit::name);
  if (unit == units.end()) {
    return std::unexpected{(unit_text.empty() ? "has no unit; units are "
                                              : "has an unknown unit; "
                                                "units are ") +
                           names(units)};
  }
  if (*before > kMax / unit->factor) return std::unexpected{std::string{"is too much"}};
  auto value = *before * unit->factor;
  // A fraction is for people, who write few digits: nine of them are looked at.
  double place = static_cast<double>(unit->factor);
  double part = 0;
  for (const char digit : fraction.substr(0, 9)) {
    place /= 10;
    part += place * (digit - '0');
  }
  value += static_cast<std::uint64_t>(part + 1e-6);
  if (value > kMax) return std::unexpected{std::string{"is too much"}};
  return value;
}

std::string text_of(std::uint64_t value, std::span<const Unit> units) {
  const auto* best = &units.front();
  for (const auto& unit : units) {
    if (value != 0 && value % unit.factor == 0) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string{best->name};
}

}  // namespace

Quantity<std::uint64_t> parse_bytes(std::string_view text) {
  return parse(text, kSizes, "size");
}

Quantity<std::chrono::nanoseconds> parse_time(std::string_view text) {
  const auto count = parse(text, kTimes, "time");
  if (!count) return std::unexpected{count.error()};
  if (*count == 0) return std::unexpected{std::string{"is not more than nothing"}};
  return std::chrono::nanoseconds{static_cast<std::int64_t>(*count)};
}

std::string bytes_text(std::uint64_t bytes) {
  return text_of(bytes, kSizes);
}

std::string time_text(std::chrono::nanoseconds time) {
  return text_of(static_cast<std::uint64_t>(time.count()), kTimes);
}

}  // namespace wapc
