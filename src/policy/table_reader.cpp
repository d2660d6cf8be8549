#include "policy/table_reader.hpp"

#include <algorithm>
#include <limits>

#include "base/nearest.hpp"
#include "policy/quantity.hpp"
#include "policy/toml_text.hpp"

namespace wapc {
namespace {

constexpr std::size_t kShownMax = 100;  // Bytes of a text in a message.

std::string_view type_name(const toml::node& value) {
  switch (value.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::none:
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: break;
  }
  return "a date or time of day";
}

/// What may have been meant by `word`, or all that can be.
std::string advice(std::string_view word, std::span<const std::string_view> words) {
  if (const auto near = nearest(word, words); !near.empty()) {
    return "; did you mean " + quoted(near) + "?";
  }
  std::string list;
  for (const auto& one : words) {
    if (!list.empty()) list += &one == &words.back() ? " and " : ", ";
    list += one;
  }
  return "; there is " + list;
}

}  // namespace

Place place_of(const toml::source_region& source) {
  // What toml++ knows no place of counts as the first line.
  return {std::max<std::size_t>(source.begin.line, 1),
          std::max<std::size_t>(source.begin.column, 1)};
}

Place TableReader::place(std::string_view key) const {
  const auto* const value = table_.get(key);
  return value == nullptr ? place() : place_of(value->source());
}

const toml::node* TableReader::find(std::string_view key) {
  known_.push_back(key);
  return table_.get(key);
}

std::nullopt_t TableReader::wrong_type(std::string_view key, const toml::node& value,
                                       std::string_view wanted) {
  faults_.add(place_of(value.source()), quoted(key, kShownMax) + " must be " + std::string{wanted} +
                                            ", and is " + std::string{type_name(value)});
  return std::nullopt;
}

const toml::table* TableReader::table(std::string_view key) {
  const auto* const value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_table()) wrong_type(key, *value, "a table");
  return value->as_table();
}

std::vector<const toml::table*> TableReader::tables(std::string_view key) {
  std::vector<const toml::table*> result;
  const auto* const value = find(key);
  if (value == nullptr) return result;
  const auto* const items = value->as_array();
  if (items == nullptr) {
    wrong_type(key, *value, "a list of tables, each begun by a line with [[...]]");
    return result;
  }
  for (const auto& item : *items) {
    if (item.is_table()) {
      result.push_back(item.as_table());
    } else {
      wrong_type(key, item, "a list of tables");
    }
  }
  return result;
}

std::optional<std::string> TableReader::text(std::string_view what, const toml::node& value) {
  const auto* const text = value.as_string();
  if (text == nullptr) return wrong_type(what, value, "a text");
  if (text->get().find('\0') != std::string::npos) {
    faults_.add(place_of(value.source()), quoted(what, kShownMax) + " has a NUL in it");
    return std::nullopt;
  }
  return text->get();
}

std::optional<std::string> TableReader::text(std::string_view key) {
  const auto* const value = find(key);
  return value == nullptr ? std::nullopt : text(key, *value);
}

std::optional<std::string> TableReader::word(std::string_view key,
                                             std::span<const std::string_view> words) {
  auto word = text(key);
  if (!word || std::ranges::find(words, *word) != words.end()) return word;
  faults_.add(place(key),
              quoted(key) + " cannot be " + quoted(*word, kShownMax) + advice(*word, words));
  return std::nullopt;
}

std::optional<std::vector<std::string>> TableReader::texts(std::string_view key) {
  const auto* const value = find(key);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> result;
  if (const auto* const items = value->as_array()) {
    if (items->empty()) {
      faults_.add(place_of(value->source()), quoted(key) + " is an empty list");
      return std::nullopt;
    }
    for (const auto& item : *items) {
      auto one = text(key, item);
      if (!one) return std::nullopt;
      result.push_back(*std::move(one));
    }
    return result;
  }
  if (!value->is_string()) return wrong_type(key, *value, "a text, or a list of them");
  auto one = text(key, *value);
  if (!one) return std::nullopt;
  result.push_back(*std::move(one));
  return result;
}

std::optional<std::uint64_t> TableReader::bytes(std::string_view key, const toml::node& value) {
  if (!value.is_string()) return wrong_type(key, value, "a text such as \"64KiB\"");
  const auto& text = value.as_string()->get();
  const auto size = parse_bytes(text);
  if (size) return *size;
  faults_.add(place_of(value.source()),
              quoted(key) + ": " + quoted(text, kShownMax) + " " + size.error());
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> TableReader::time(std::string_view key,
                                                          const toml::node& value) {
  if (!value.is_string()) return wrong_type(key, value, "a text such as \"500ms\"");
  const auto& text = value.as_string()->get();
  const auto time = parse_time(text);
  if (time) return *time;
  faults_.add(place_of(value.source()),
              quoted(key) + ": " + quoted(text, kShownMax) + " " + time.error());
  return std::nullopt;
}

std::optional<std::uint64_t> TableReader::count(std::string_view key, const toml::node& value,
                                                std::uint64_t min, std::uint64_t max) {
  const auto* const number = value.as_integer();
  if (number == nullptr) return wrong_type(key, value, "a whole number");
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(number->get(), 0));
  if (number->get() >= 0 && count >= min && count <= max) return count;
  faults_.add(place_of(value.source()),
              quoted(key) + " must be from " + std::to_string(min) + " to " + std::to_string(max));
  return std::nullopt;
}

void TableReader::finish() {
  for (const auto& [key, value] : table_) {
    const std::string_view name = key.str();
    if (std::ranges::find(known_, name) != known_.end()) continue;
    faults_.add(place_of(key.source()),
                "unknown key " + quoted(name, kShownMax) + advice(name, known_));
  }
}

}  // namespace wapc
