#include "cli/text.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wapc/base/utf8.hpp"

namespace wapc::cli {
namespace {

struct Character {
  std::string_view bytes;
  char32_t code;
  bool valid;  // Else `bytes` is one byte that is not UTF-8.
};

/// The first character of `text`, which is not empty.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {text.substr(0, 1), lead, true};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  const auto bytes = text.substr(0, length);
  if (!is_utf8(bytes)) return {text.substr(0, 1), lead, false};
  auto code = static_cast<char32_t>(lead & (0x7FU >> length));
  for (const char byte : bytes.substr(1)) {
    code = (code << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  return {bytes, code, true};
}

struct Range {
  char32_t first;
  char32_t last;
};

/// Controls, marks that turn the direction of writing, separators of lines, what takes no room. The
/// joiners U+200C and U+200D belong to words and emoji, and stay.
constexpr Range kHidden[]{
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x061C, 0x061C},
    {0x180E, 0x180E}, {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},
    {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF},
};

bool is_hidden(const Character& character) {
  return !character.valid || std::ranges::any_of(kHidden, [&](const Range& range) {
    return character.code >= range.first && character.code <= range.last;
  });
}

std::string escape(const Character& character) {
  const auto code = static_cast<std::uint32_t>(character.code);
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  if (code < 0x80 || !character.valid) return fmt::format("\\x{:02x}", code);
  if (code <= 0xFFFF) return fmt::format("\\u{:04x}", code);
  return fmt::format("\\U{:08x}", code);
}

std::string escaped(std::string_view text, std::string_view also) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_character(text);
    if (is_hidden(character)) {
      result += escape(character);
    } else {
      if (also.find(character.bytes) != std::string_view::npos) result += '\\';
      result += character.bytes;
    }
    text.remove_prefix(character.bytes.size());
  }
  return result;
}

/// How many characters must be put in, left out, changed, or swapped with their neighbour to make
/// `a` of `b` (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  std::vector<std::size_t> above(row);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto next = row;
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto changed = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({changed, next[j - 1] + 1, row[j] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) next[j] = std::min(next[j], above[j - 2] + 1);
    }
    above = std::exchange(row, std::move(next));
  }
  return row.back();
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, "");
}

std::string in_quotes(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return fmt::format("\"{}\"", escaped(text, "\"\\"));
  auto kept = bytes_max;
  // Not in the middle of a character.
  while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U) --kept;
  return fmt::format("\"{}\"... ({} in all)", escaped(text.substr(0, kept), "\"\\"),
                     counted(text.size(), "byte"));
}

bool is_plain(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    const bool blank = character.code == '\n' || character.code == '\t';
    if (!blank && is_hidden(character)) return false;
    text.remove_prefix(character.bytes.size());
  }
  return true;
}

std::vector<std::string_view> lines(std::string_view text) {
  std::vector<std::string_view> result;
  while (true) {
    const auto end = text.find('\n');
    result.push_back(text.substr(0, end));
    if (end == std::string_view::npos || end + 1 == text.size()) return result;
    text.remove_prefix(end + 1);
  }
}

std::string_view nearest(std::string_view word, std::span<const std::string> words) {
  std::string_view best;
  auto best_distance = word.size() / 3 + 1;
  for (const auto& candidate : words) {
    // A word begun is a near match too, and the way people abbreviate.
    const bool begun = word.size() >= 2 && candidate.starts_with(word);
    const auto far = begun ? 0 : distance(word, candidate);
    if (far < best_distance) {
      best = candidate;
      best_distance = far;
    }
  }
  return best;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<std::string_view> feature_names(FeatureSet features) {
  std::vector<std::string_view> names;
  for (std::uint8_t i = 0; i < kFeatureCount; ++i) {
    const auto feature = static_cast<Feature>(i);
    if (features.contains(feature)) names.push_back(to_string(feature));
  }
  return names;
}

std::string json_text(const nlohmann::json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace wapc::cli
