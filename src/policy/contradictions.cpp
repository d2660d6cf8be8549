#include "policy/contradictions.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "policy/names.hpp"
#include "policy/toml_text.hpp"

namespace wapc {
namespace {

std::vector<NamesMatcher> matchers(const auto& rules, const auto& names_of) {
  std::vector<NamesMatcher> result;
  result.reserve(rules.size());
  for (const auto& rule : rules) result.emplace_back(names_of(rule));
  return result;
}

/// The first of `rules`, up to `end`, that takes every call that `rule` would.
std::optional<std::size_t> covering(const std::vector<NamesMatcher>& rules, std::size_t end,
                                    const NamesMatcher& rule) {
  const auto stop = rules.begin() + static_cast<std::ptrdiff_t>(end);
  const auto found = std::find_if(rules.begin(), stop,
                                  [&](const NamesMatcher& other) { return other.covers(rule); });
  if (found == stop) return std::nullopt;
  return static_cast<std::size_t>(found - rules.begin());
}

std::string in_line(Place place) {
  return "the one in line " + std::to_string(place.line);
}

void report_more(std::string_view key, std::string_view limit,
                 const std::optional<std::uint64_t>& value,
                 const std::optional<std::uint64_t>& bound, Place place, Faults& faults) {
  if (!value || !bound || *value <= *bound) return;
  faults.add(place, quoted(key) + " is more than " + quoted(limit) + " in the guest's limits");
}

}  // namespace

void report_contradictions(const GuestPolicy& policy, const RulePlaces& places, Faults& faults) {
  const auto deny = matchers(policy.deny, [](const HostCallNames& names) { return names; });
  const auto allow = matchers(policy.allow, [](const AllowRule& rule) { return rule.names; });
  for (std::size_t i = 0; i < allow.size(); ++i) {
    const auto place = places.allow[i];
    if (const auto by = covering(deny, deny.size(), allow[i])) {
      faults.add(place, "this rule allows nothing: " + in_line(places.deny[*by]) +
                            " denies all that it names");
    } else if (const auto before = covering(allow, i, allow[i])) {
      faults.add(place, "this rule never counts: " + in_line(places.allow[*before]) +
                            " comes first and names all that it does");
    }
    const auto& rule = policy.allow[i];
    const auto& limits = policy.limits;
    report_more("payload", "payload", rule.payload_bytes, limits.host_call_bytes, place, faults);
    report_more("calls_per_call", "host_calls", rule.calls_per_call, limits.host_calls, place,
                faults);
  }
}

void report_same_guests(const Policy& policy, const std::vector<Place>& places, Faults& faults) {
  std::vector<Glob> guests;
  for (const auto& guest : policy.guests) guests.emplace_back(guest.guest);
  for (std::size_t i = 0; i < guests.size(); ++i) {
    for (std::size_t before = 0; before < i; ++before) {
      if (!guests[i].covers(guests[before]) || !guests[before].covers(guests[i])) continue;
      faults.add(places[i], "guest " + quoted(policy.guests[i].guest, 100) + " names the same as " +
                                in_line(places[before]));
      break;
    }
  }
}

}  // namespace wapc
