#include "cli/text.hpp"

#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/characters.hpp"
#include "base/nearest.hpp"

namespace wapc::cli {
namespace {

std::string escape(const Character& character) {
  const auto code = static_cast<std::uint32_t>(character.code);
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  if (code < 0x80 || !character.valid) return fmt::format("\\x{:02x}", code);
  if (code <= 0xFFFF) return fmt::format("\\u{:04x}", code);
  return fmt::format("\\U{:08x}", code);
}

/// In prose a hidden character may be part of a word.
bool is_hidden_in_prose(const Character& character) {
  return is_hidden(character) && !is_shaping(character);
}

std::string escaped(std::string_view text, std::string_view also,
                    bool (*hidden)(const Character&) = is_hidden) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_character(text);
    if (hidden(character)) {
      result += escape(character);
    } else {
      if (also.find(character.bytes) != std::string_view::npos) result += '\\';
      result += character.bytes;
    }
    text.remove_prefix(character.bytes.size());
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, "");
}

std::string printable_prose(std::string_view text) {
  return escaped(text, "", is_hidden_in_prose);
}

std::string in_quotes(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return fmt::format("\"{}\"", escaped(text, "\"\\"));
  auto kept = bytes_max;
  // Not in the middle of a character.
  while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U) --kept;
  return fmt::format("\"{}\"... ({} in all)", escaped(text.substr(0, kept), "\"\\"),
                     counted(text.size(), "byte"));
}

std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";  // Ends the quotes, a quote by itself, and begins others.
    } else {
      result += c;
    }
  }
  return result + "'";
}

bool is_plain_to_see(std::string_view text) {
  return printable(text) == text;
}

bool is_plain(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    const bool blank = character.code == '\n' || character.code == '\t';
    if (!blank && is_hidden_in_prose(character)) return false;
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
  return wapc::nearest(word, std::vector<std::string_view>{words.begin(), words.end()});
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
