#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/glob.hpp"
#include "wapc/policy/policy.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc {

/// Whether `name` holds U+FFFD, which names have where they are not UTF-8.
[[nodiscard]] bool has_replacement(std::string_view name);

/// The call's names for people, plain to see: `"kv" "cache" "get"`. Long ones are cut.
[[nodiscard]] std::string shown(const HostCall& call);

/// `HostCallNames`, made ready to be matched.
class NamesMatcher {
 public:
  explicit NamesMatcher(const HostCallNames& names);

  [[nodiscard]] bool matches(const HostCall& call) const;

  [[nodiscard]] const std::vector<Glob>& bindings() const noexcept { return bindings_; }

  [[nodiscard]] const std::vector<Glob>& name_spaces() const noexcept { return name_spaces_; }

  [[nodiscard]] const std::vector<Glob>& operations() const noexcept { return operations_; }

 private:
  std::vector<Glob> bindings_;
  std::vector<Glob> name_spaces_;
  std::vector<Glob> operations_;
};

}  // namespace wapc
