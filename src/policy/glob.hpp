#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wapc {

/// A name with `*` for any characters, none included. `\` takes the character after it for itself.
class Glob {
 public:
  explicit Glob(std::string_view text);

  [[nodiscard]] bool matches(std::string_view name) const;

  /// Whether it matches every name that `other` does.
  [[nodiscard]] bool covers(const Glob& other) const;

  /// Whether it has no star, and so matches one name alone: `name()`.
  [[nodiscard]] bool is_exact() const noexcept { return parts_.size() == 1; }

  [[nodiscard]] const std::string& name() const noexcept { return parts_.front(); }

  /// The shortest glob that matches the same names: globs that do have the same.
  [[nodiscard]] std::string shortest() const;

  /// How many stars it has.
  [[nodiscard]] std::size_t stars() const noexcept { return parts_.size() - 1; }

  /// How many characters of its own it has.
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  std::vector<std::string> parts_;  // What stands between the stars; at least one.
};

/// The glob that matches `name` alone. `also` are more characters to put a `\` before.
[[nodiscard]] std::string glob_of(std::string_view name, std::string_view also = {});

}  // namespace wapc
