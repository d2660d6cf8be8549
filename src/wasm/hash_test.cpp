#include "wasm/hash.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

// BLAKE3's own test vectors are of bytes that count from 0 to 250 and again.
Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i % 251);
  return bytes;
}

TEST(HashTest, IsBlake3) {
  EXPECT_EQ(in_hexadecimal(hash({})),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  EXPECT_EQ(in_hexadecimal(hash({counting(1)})),
            "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213");
}

TEST(HashTest, OfPartsIsThatOfTheWhole) {
  const auto whole = counting(5000);
  const BytesView view{whole};
  EXPECT_EQ(hash({view.first(1234), view.subspan(1234)}), hash({view}));
}

TEST(HashTest, UnderAKeyIsAnother) {
  Digest key{};
  const auto plain = hash({counting(9)});
  const auto keyed = keyed_hash(key, {counting(9)});
  key.back() = std::byte{1};
  EXPECT_NE(keyed, plain);
  EXPECT_NE(keyed_hash(key, {counting(9)}), keyed);
}

TEST(HashTest, ComparesInFull) {
  Digest one{};
  Digest other{};
  EXPECT_TRUE(equal_digests(one, other));
  for (auto& byte : other) {
    byte = std::byte{0x80};
    EXPECT_FALSE(equal_digests(one, other));
    byte = std::byte{0};
  }
}

}  // namespace
}  // namespace wapc
