#include "policy/names.hpp"

#include <algorithm>

#include "policy/toml_text.hpp"

namespace wapc {
namespace {

std::vector<Glob> globs(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

bool any_matches(const std::vector<Glob>& globs, std::string_view name) {
  return std::ranges::any_of(globs, [&](const Glob& glob) { return glob.matches(name); });
}

}  // namespace

bool has_replacement(std::string_view name) {
  return name.find("\xEF\xBF\xBD") != std::string_view::npos;
}

std::string shown(const HostCall& call) {
  constexpr std::size_t kBytesMax = 200;
  return quoted(call.binding, kBytesMax) + " " + quoted(call.name_space, kBytesMax) + " " +
         quoted(call.operation, kBytesMax);
}

NamesMatcher::NamesMatcher(const HostCallNames& names)
    : bindings_{globs(names.bindings)},
      name_spaces_{globs(names.name_spaces)},
      operations_{globs(names.operations)} {}

bool NamesMatcher::matches(const HostCall& call) const {
  return any_matches(bindings_, call.binding) && any_matches(name_spaces_, call.name_space) &&
         any_matches(operations_, call.operation);
}

}  // namespace wapc
