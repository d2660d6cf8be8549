#include "base/characters.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "wapc/base/utf8.hpp"

namespace wapc {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// Controls, marks that turn the direction of writing, separators of lines and paragraphs.
constexpr Range kControls[]{
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFFF9, 0xFFFB},
};

/// What shows nothing: Default_Ignorable_Code_Point of Unicode, 14.0 to 17.0
/// (DerivedCoreProperties.txt), which has code points in it that are kept for more of the kind, and
/// the blank of Braille, which is a mark to Unicode and looks like none.
constexpr Range kInvisible[]{
    {0xAD, 0xAD},       {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160}, {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x200B, 0x200F},   {0x202A, 0x202E},   {0x2060, 0x206F}, {0x2800, 0x2800},
    {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFF8},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool is_in(std::span<const Range> ranges, char32_t code) {
  return std::ranges::any_of(
      ranges, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

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
  return !character.valid || is_in(kControls, character.code) || is_in(kInvisible, character.code);
}

bool is_shaping(const Character& character) {
  constexpr Range kShaping[]{{0x200C, 0x200D}, {0xFE00, 0xFE0F}};
  return character.valid && is_in(kShaping, character.code);
}

}  // namespace wapc
