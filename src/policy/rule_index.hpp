#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/names.hpp"
#include "wapc/policy/policy.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc {

/// Finds the rule for a host call. Rules whose names are all exact are found by hashing, one probe
/// however many they are, and none for the call that was looked up before; the others are tried one
/// by one. Thread-safe; looking up allocates nothing.
class RuleIndex {
 public:
  explicit RuleIndex(const std::vector<HostCallNames>& rules);

  /// The first rule that matches.
  [[nodiscard]] std::optional<std::size_t> find(const HostCall& call) const;

 private:
  /// One call that an exact rule names. Of the same call twice the first rule counts.
  struct Exact {
    std::uint64_t hash = 0;
    std::size_t rule = 0;
    std::string binding;
    std::string name_space;
    std::string operation;

    [[nodiscard]] bool names(const HostCall& call) const;
  };

  struct Globs {
    std::size_t rule = 0;
    NamesMatcher names;
  };

  void add_exact(const NamesMatcher& names, std::size_t rule);
  void build_slots();
  [[nodiscard]] const Exact* find_exact(const HostCall& call) const;

  std::vector<Exact> exact_;
  std::vector<std::uint32_t> slots_;  // Open addressing: 1 + the index in `exact_`, 0 where free.
  std::vector<Globs> globs_;
  mutable std::atomic<std::uint32_t> last_ = 0;  // As in `slots_`: guests repeat themselves.
};

}  // namespace wapc
