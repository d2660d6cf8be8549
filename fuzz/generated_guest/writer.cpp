#include "generated_guest/writer.hpp"

namespace wapc::fuzzing {

void Writer::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) byte(static_cast<std::uint8_t>(value | 0x80U));
  byte(static_cast<std::uint8_t>(value));
}

void Writer::signed_number(std::int64_t value) {
  for (; value < -64 || value > 63; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
  byte(static_cast<std::uint8_t>(value & 0x7F));
}

void Writer::text(std::string_view text) {
  number(text.size());
  bytes(as_bytes(text));
}

void Writer::types(const Types& types) {
  number(types.size());
  for (const auto type : types) this->type(type);
}

void Writer::sized(const Writer& other) {
  number(other.bytes_.size());
  bytes(other.bytes_);
}

void Writer::section(std::uint8_t id, const Writer& contents) {
  if (contents.empty()) return;
  byte(id);
  sized(contents);
}

}  // namespace wapc::fuzzing
