#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/faults.hpp"
#include "policy/keys.hpp"
#include "policy/toml_plus_plus.hpp"

namespace wapc {

[[nodiscard]] Place place_of(const toml::source_region& source);

/// Reads one table: whoever uses it asks for each key there is, and then for what is left over.
/// What is wrong goes to the faults and counts as not there. Texts have no NUL.
class TableReader {
 public:
  TableReader(const toml::table& table, Faults& faults) : table_{table}, faults_{faults} {}

  /// Where the table begins.
  [[nodiscard]] Place place() const { return place_of(table_.source()); }

  /// Where the value of `key` stands, or else the table.
  [[nodiscard]] Place place(std::string_view key) const;

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

  [[nodiscard]] const toml::table* table(std::string_view key);

  /// The tables of a list.
  [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key);

  [[nodiscard]] std::optional<std::string> text(std::string_view key);

  /// One of `words`.
  [[nodiscard]] std::optional<std::string> word(std::string_view key,
                                                std::span<const std::string_view> words);

  /// A text, or a list of at least one.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key);

  template <typename Record>
  void numbers(std::span<const NumberKey<Record>> keys, Record& into) {
    for (const auto& key : keys) {
      const auto* const value = find(key.name);
      if (value != nullptr) {
        into.*key.member = key.unit == Unit::bytes ? bytes(key.name, *value)
                                                   : count(key.name, *value, key.min, key.max);
      }
    }
  }

  template <typename Record>
  void times(std::span<const TimeKey<Record>> keys, Record& into) {
    for (const auto& key : keys) {
      if (const auto* const value = find(key.name)) into.*key.member = time(key.name, *value);
    }
  }

  /// Reports a key that was not asked for.
  void finish();

  /// A text that is not a key's.
  [[nodiscard]] std::optional<std::string> text(std::string_view what, const toml::node& value);

 private:
  const toml::node* find(std::string_view key);
  std::nullopt_t wrong_type(std::string_view key, const toml::node& value, std::string_view wanted);
  std::optional<std::uint64_t> bytes(std::string_view key, const toml::node& value);
  std::optional<std::uint64_t> count(std::string_view key, const toml::node& value,
                                     std::uint64_t min, std::uint64_t max);
  std::optional<std::chrono::nanoseconds> time(std::string_view key, const toml::node& value);

  const toml::table& table_;
  Faults& faults_;
  std::vector<std::string_view> known_;
};

}  // namespace wapc
