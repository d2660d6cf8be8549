#include "wasm/hash.hpp"

#include <cassert>

#include "wasm/reader.hpp"

namespace wapc {
namespace {

constexpr std::size_t kPartsMax = 4;

Digest hash_under(const std::byte* key, std::initializer_list<BytesView> parts) noexcept {
  assert(parts.size() <= kPartsMax);
  std::array<reader::Text, kPartsMax> texts{};
  auto* next = texts.data();
  for (const auto part : parts) {
    *next++ = {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  Digest digest;
  reader::wapc_reader_hash(key, texts.data(), parts.size(), digest.data());
  return digest;
}

}  // namespace

Digest hash(std::initializer_list<BytesView> parts) noexcept {
  return hash_under(nullptr, parts);
}

Digest keyed_hash(const Digest& key, std::initializer_list<BytesView> parts) noexcept {
  return hash_under(key.data(), parts);
}

std::string in_hexadecimal(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : digest) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    text += kDigits[std::to_integer<unsigned>(byte) & 15U];
  }
  return text;
}

bool equal_digests(const Digest& one, const Digest& other) noexcept {
  auto difference = std::byte{0};
  for (std::size_t i = 0; i < one.size(); ++i) difference |= one[i] ^ other[i];
  return difference == std::byte{0};
}

}  // namespace wapc
