#include "wapc/policy/policy.hpp"

#include <algorithm>
#include <compare>

#include "policy/glob.hpp"

namespace wapc {
namespace {

/// How closely a glob means a guest: the greater, the closer.
struct Closeness {
  bool exact;
  std::size_t size;

  auto operator<=>(const Closeness&) const = default;
};

}  // namespace

const GuestPolicy* Policy::find(std::span<const std::string> names) const {
  const GuestPolicy* best = nullptr;
  Closeness best_closeness{};
  for (const auto& guest : guests) {
    const Glob glob{guest.guest};
    const bool meant =
        std::ranges::any_of(names, [&](const std::string& name) { return glob.matches(name); });
    const Closeness closeness{glob.is_exact(), glob.size()};
    if (!meant || (best != nullptr && closeness <= best_closeness)) continue;
    best = &guest;
    best_closeness = closeness;
  }
  return best;
}

}  // namespace wapc
