#include "policy/toml_text.hpp"

#include <array>
#include <cstdio>

#include "base/characters.hpp"
#include "wapc/base/utf8.hpp"

namespace wapc {
namespace {

void append_escaped(std::string& text, char32_t code) {
  std::array<char, 12> escape{};
  const auto number = static_cast<unsigned>(code);
  const auto length =
      std::snprintf(escape.data(), escape.size(), code <= 0xFFFF ? "\\u%04x" : "\\U%08x", number);
  text.append(escape.data(), static_cast<std::size_t>(length));
}

std::string escaped(std::string_view text, std::string_view also) {
  const auto valid = to_utf8(text);
  std::string result;
  for (std::string_view rest = valid; !rest.empty();) {
    const auto character = first_character(rest);
    if (is_hidden(character)) {
      append_escaped(result, character.code);
    } else {
      if (also.find(character.bytes) != std::string_view::npos) result += '\\';
      result += character.bytes;
    }
    rest.remove_prefix(character.bytes.size());
  }
  return result;
}

}  // namespace

std::string quoted(std::string_view text, std::size_t bytes_max) {
  const auto inside = escaped(text.substr(0, bytes_max), "\"\\");
  return "\"" + inside + (text.size() > bytes_max ? "\"..." : "\"");
}

std::string unquoted(std::string_view text) {
  return escaped(text, "");
}

}  // namespace wapc
