#include "policy/contradictions.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "policy/glob.hpp"
#include "policy/toml_text.hpp"

namespace wapc {
namespace {

/// Some names, as sets: those without a star are found at once.
class Names {
 public:
  explicit Names(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      Glob glob{text};
      if (glob.is_exact()) {
        exact_.push_back(glob.name());
      } else {
        globs_.push_back(std::move(glob));
      }
    }
    std::ranges::sort(exact_);
    for (const auto& name : exact_) exact_globs_.emplace_back(glob_of(name));
  }

  /// Whether each of `other` is in one of these.
  bool cover(const Names& other, Effort& effort) const {
    const auto in_globs = [&](const Glob& glob) {
      return std::ranges::any_of(globs_, [&](const Glob& candidate) {
        return effort.spend(cost(candidate, glob)) && candidate.covers(glob);
      });
    };
    return std::ranges::all_of(
               other.exact_globs_,
               [&](const Glob& glob) {
                 return effort.spend(1) &&
                        (std::ranges::binary_search(exact_, glob.name()) || in_globs(glob));
               }) &&
           std::ranges::all_of(other.globs_, in_globs);
  }

 private:
  /// Looking for a part in a text takes the product of their sizes at worst, and 32 bytes a turn.
  static std::size_t cost(const Glob& glob, const Glob& other) {
    constexpr std::size_t kBytesPerStep = 1024;
    return 1 + (glob.size() + glob.stars()) * (other.size() + other.stars()) / kBytesPerStep;
  }

  std::vector<std::string> exact_;  // Sorted.
  std::vector<Glob> exact_globs_;   // The same.
  std::vector<Glob> globs_;         // The others.
};

struct Rule {
  Names bindings;
  Names name_spaces;
  Names operations;

  /// Whether it takes every call that `other` does. Misses that where only several globs together
  /// do, and when the effort is spent.
  bool covers(const Rule& other, Effort& effort) const {
    return effort.spend(1) && bindings.cover(other.bindings, effort) &&
           name_spaces.cover(other.name_spaces, effort) &&
           operations.cover(other.operations, effort);
  }
};

Rule rule_of(const HostCallNames& names) {
  return {Names{names.bindings}, Names{names.name_spaces}, Names{names.operations}};
}

/// The first of `rules`, up to `end`, that takes every call that `rule` would.
std::optional<std::size_t> covering(const std::vector<Rule>& rules, std::size_t end,
                                    const Rule& rule, Effort& effort) {
  const auto stop = rules.begin() + static_cast<std::ptrdiff_t>(end);
  const auto found = std::find_if(rules.begin(), stop,
                                  [&](const Rule& other) { return other.covers(rule, effort); });
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

void report_contradictions(const GuestPolicy& policy, const RulePlaces& places, Effort& effort,
                           Faults& faults) {
  if (effort.is_spent()) return;  // Which was told.
  std::vector<Rule> deny;
  for (const auto& names : policy.deny) deny.push_back(rule_of(names));
  std::vector<Rule> allow;
  for (const auto& rule : policy.allow) allow.push_back(rule_of(rule.names));
  for (std::size_t i = 0; i < allow.size(); ++i) {
    const auto place = places.allow[i];
    if (const auto by = covering(deny, deny.size(), allow[i], effort)) {
      faults.add(place, "this rule allows nothing: " + in_line(places.deny[*by]) +
                            " denies all that it names");
    } else if (const auto before = covering(allow, i, allow[i], effort)) {
      faults.add(place, "this rule never counts: " + in_line(places.allow[*before]) +
                            " comes first and names all that it does");
    }
    if (effort.is_spent()) {
      faults.add(
          place,
          "this is too much to look for rules that contradict each other: have fewer rules, or "
          "fewer names with *");
      return;
    }
    const auto& rule = policy.allow[i];
    const auto& limits = policy.limits;
    report_more("payload", "payload", rule.payload_bytes, limits.host_call_bytes, place, faults);
    report_more("calls_per_call", "host_calls", rule.calls_per_call, limits.host_calls, place,
                faults);
  }
}

void report_same_guests(const Policy& policy, const std::vector<Place>& places, Faults& faults) {
  std::unordered_map<std::string, std::size_t> first;  // By what they name.
  for (std::size_t i = 0; i < policy.guests.size(); ++i) {
    const auto& guest = policy.guests[i].guest;
    const auto [same, is_new] = first.try_emplace(Glob{guest}.shortest(), i);
    if (is_new) continue;
    faults.add(places[i], "guest " + quoted(guest, 100) + " names the same as " +
                              in_line(places[same->second]));
  }
}

}  // namespace wapc
