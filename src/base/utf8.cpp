#include "wapc/base/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace wapc {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<std::uint8_t>(text[i]);
}

/// What stands at one place: a whole character, or a part that is none.
struct Piece {
  std::size_t length;  // At least 1.
  bool valid;
};

/// Reads one character of `text` at `start`, by table 3-7 of the Unicode standard: the first byte
/// says how many follow and in which range the second one lies.
Piece next_piece(std::string_view text, std::size_t start) noexcept {
  const auto first = byte_at(text, start);
  if (first < 0x80) return {1, true};
  std::size_t length = 0;
  std::uint8_t second_min = 0x80;
  std::uint8_t second_max = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) second_min = 0xA0;
    if (first == 0xED) second_max = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) second_min = 0x90;
    if (first == 0xF4) second_max = 0x8F;
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (start + i >= text.size()) return {i, false};
    const auto byte = byte_at(text, start + i);
    const auto min = i == 1 ? second_min : std::uint8_t{0x80};
    const auto max = i == 1 ? second_max : std::uint8_t{0xBF};
    if (byte < min || byte > max) return {i, false};
  }
  return {length, true};
}

/// Whether text of at least so many bytes is ASCII: word by word, the last of which overlaps.
template <typename Word>
bool is_ascii(std::string_view text) noexcept {
  constexpr auto kHighBits = static_cast<Word>(0x8080'8080'8080'8080U);
  Word bits = 0;
  const auto look_at = [&](std::size_t i) {
    Word word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    bits |= word & kHighBits;
  };
  for (std::size_t i = 0; i + sizeof(Word) < text.size(); i += sizeof(Word)) look_at(i);
  look_at(text.size() - sizeof(Word));
  return bits == 0;
}

/// The names of host calls, for one, are short, and nearly always ASCII.
bool is_short_ascii(std::string_view text) noexcept {
  constexpr std::size_t kShort = 64;
  if (text.size() > kShort) return false;
  if (text.size() >= sizeof(std::uint64_t)) return is_ascii<std::uint64_t>(text);
  if (text.size() >= sizeof(std::uint32_t)) return is_ascii<std::uint32_t>(text);
  return std::ranges::all_of(text, [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
}

/// Where the first part that is not UTF-8 begins; the size of `text` when there is none.
std::size_t valid_prefix(std::string_view text) noexcept {
  constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080U;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= sizeof(std::uint64_t)) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & kHighBits) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    const auto piece = next_piece(text, i);
    if (!piece.valid) return i;
    i += piece.length;
  }
  return i;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  return is_short_ascii(text) || valid_prefix(text) == text.size();
}

std::string to_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (true) {
    const auto valid = valid_prefix(text);
    result.append(text.substr(0, valid));
    if (valid == text.size()) return result;
    result.append("\xEF\xBF\xBD");
    text.remove_prefix(valid + next_piece(text, valid).length);
  }
}

}  // namespace wapc
