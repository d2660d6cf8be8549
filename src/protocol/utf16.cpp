#include "protocol/utf16.hpp"

#include <algorithm>
#include <cstddef>

namespace wapc {
namespace {

void append(std::string& text, std::uint32_t character) {
  const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0 | (character >> 6U));
    put(0x80 | (character & 0x3FU));
  } else if (character < 0x10000) {
    put(0xE0 | (character >> 12U));
    put(0x80 | ((character >> 6U) & 0x3FU));
    put(0x80 | (character & 0x3FU));
  } else {
    put(0xF0 | (character >> 18U));
    put(0x80 | ((character >> 12U) & 0x3FU));
    put(0x80 | ((character >> 6U) & 0x3FU));
    put(0x80 | (character & 0x3FU));
  }
}

std::string utf8_from_utf16(BytesView bytes) {
  std::string text;
  for (std::size_t i = 0; i + 2 <= bytes.size(); i += 2) {
    std::uint32_t character = load<std::uint16_t>(bytes, i);
    const bool high = character >= 0xD800 && character <= 0xDBFF;
    if (high && i + 4 <= bytes.size()) {
      const std::uint32_t low = load<std::uint16_t>(bytes, i + 2);
      if (low >= 0xDC00 && low <= 0xDFFF) {
        character = 0x10000 + ((character - 0xD800) << 10U) + (low - 0xDC00);
        i += 2;
      }
    }
    const bool lone = character >= 0xD800 && character <= 0xDFFF;
    append(text, lone ? 0xFFFD : character);
  }
  return text;
}

std::unexpected<Error> outside() {
  return failure(Errc::protocol_violation, "abort: a string is outside the guest's memory");
}

}  // namespace

Result<std::string> assembly_script_string(GuestMemory memory, std::uint32_t pointer) {
  constexpr std::uint32_t kLengthBytes = 4;
  constexpr std::size_t kBytesMax = 1U << 20U;  // It is for people.
  if (pointer == 0) return std::string{};
  if (pointer < kLengthBytes) return outside();
  const auto length = slice(memory, pointer - kLengthBytes, kLengthBytes);
  if (!length) return outside();
  const auto bytes = slice(memory, pointer, load<std::uint32_t>(*length, 0));
  if (!bytes) return outside();
  return utf8_from_utf16(bytes->first(std::min(bytes->size(), kBytesMax)));
}

}  // namespace wapc
