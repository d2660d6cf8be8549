#include "policy/rule_index.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>

namespace wapc {
namespace {

constexpr std::size_t kExactMax = 256;  // Calls that one rule may take in the table.

std::uint64_t hash_of(std::string_view binding, std::string_view name_space,
                      std::string_view operation) {
  constexpr std::uint64_t kMixer = 0x9E3779B97F4A7C15;
  const std::hash<std::string_view> hash;
  return (((hash(binding) * kMixer) ^ hash(name_space)) * kMixer) ^ hash(operation);
}

bool all_exact(const std::vector<Glob>& globs) {
  return std::ranges::all_of(globs, &Glob::is_exact);
}

bool is_exact(const NamesMatcher& names) {
  return all_exact(names.bindings()) && all_exact(names.name_spaces()) &&
         all_exact(names.operations()) &&
         // Each is at most 10,000.
         names.bindings().size() * names.name_spaces().size() * names.operations().size() <=
             kExactMax;
}

}  // namespace

bool RuleIndex::Exact::names(const HostCall& call) const {
  return operation == call.operation && name_space == call.name_space && binding == call.binding;
}

RuleIndex::RuleIndex(const std::vector<HostCallNames>& rules) {
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    NamesMatcher names{rules[rule]};
    if (is_exact(names)) {
      add_exact(names, rule);
    } else {
      globs_.push_back({rule, std::move(names)});
    }
  }
  build_slots();
}

void RuleIndex::add_exact(const NamesMatcher& names, std::size_t rule) {
  for (const auto& binding : names.bindings()) {
    for (const auto& name_space : names.name_spaces()) {
      for (const auto& operation : names.operations()) {
        exact_.push_back({hash_of(binding.name(), name_space.name(), operation.name()), rule,
                          binding.name(), name_space.name(), operation.name()});
      }
    }
  }
}

void RuleIndex::build_slots() {
  if (exact_.empty()) return;
  slots_.resize(std::bit_ceil(exact_.size() * 2));  // So at least half of them are free.
  for (std::size_t i = 0; i < exact_.size(); ++i) {
    auto slot = exact_[i].hash & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

const RuleIndex::Exact* RuleIndex::find_exact(const HostCall& call) const {
  if (slots_.empty()) return nullptr;
  if (const auto last = last_.load(std::memory_order_relaxed); last != 0) {
    if (exact_[last - 1].names(call)) return &exact_[last - 1];
  }
  const auto hash = hash_of(call.binding, call.name_space, call.operation);
  for (auto slot = hash & (slots_.size() - 1); slots_[slot] != 0;
       slot = (slot + 1) & (slots_.size() - 1)) {
    const auto& exact = exact_[slots_[slot] - 1];
    if (exact.hash == hash && exact.names(call)) {
      last_.store(slots_[slot], std::memory_order_relaxed);
      return &exact;
    }
  }
  return nullptr;
}

std::optional<std::size_t> RuleIndex::find(const HostCall& call) const {
  const auto* const exact = find_exact(call);
  for (const auto& globs : globs_) {
    if (exact != nullptr && exact->rule < globs.rule) break;
    if (globs.names.matches(call)) return globs.rule;
  }
  if (exact == nullptr) return std::nullopt;
  return exact->rule;
}

}  // namespace wapc
