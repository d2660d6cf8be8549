#include "base/characters.hpp"

#include <algorithm>
#include <cstddef>

#include "wapc/base/utf8.hpp"

namespace wapc {
namespace {

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

}  // namespace

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

bool is_hidden(const Character& character) {
  return !character.valid || std::ranges::any_of(kHidden, [&](const Range& range) {
    return character.code >= range.first && character.code <= range.last;
  });
}

}  // namespace wapc
