#include "protocol/utf16.hpp"

#include <initializer_list>

#include <gtest/gtest.h>

namespace wapc {
namespace {

/// A memory with a string at 4: its length in bytes, then its units.
Bytes memory_with(std::uint32_t length, std::initializer_list<std::uint16_t> units) {
  Bytes memory;
  for (int i = 0; i < 4; ++i) memory.push_back(static_cast<std::byte>(length >> (8 * i)));
  for (const auto unit : units) {
    memory.push_back(static_cast<std::byte>(unit));
    memory.push_back(static_cast<std::byte>(unit >> 8));
  }
  return memory;
}

std::string read(std::initializer_list<std::uint16_t> units) {
  auto memory = memory_with(static_cast<std::uint32_t>(units.size() * 2), units);
  return assembly_script_string(memory, 4).value();
}

TEST(AssemblyScriptStringTest, BecomesUtf8) {
  EXPECT_EQ(read({}), "");
  EXPECT_EQ(read({'h', 0xE9, 0x20AC}), "h\u00e9\u20ac");
  EXPECT_EQ(read({0xD83D, 0xDE00}), "\U0001F600");
}

TEST(AssemblyScriptStringTest, ReplacesHalfOfAPair) {
  EXPECT_EQ(read({0xD83D, 'x'}), "\uFFFDx");
  EXPECT_EQ(read({0xDE00}), "\uFFFD");
  EXPECT_EQ(read({'x', 0xD83D}), "x\uFFFD");
}

TEST(AssemblyScriptStringTest, IsEmptyForANullPointer) {
  Bytes memory(16);
  EXPECT_EQ(assembly_script_string(memory, 0).value(), "");
}

TEST(AssemblyScriptStringTest, FailsWhenItIsNotWithinTheMemory) {
  auto memory = memory_with(100, {'a'});
  for (const std::uint32_t pointer : {1U, 3U, 4U, 6U, 7U, 0xFFFF'FFFFU}) {
    EXPECT_EQ(assembly_script_string(memory, pointer).error().code(), Errc::protocol_violation)
        << pointer;
  }
}

TEST(AssemblyScriptStringTest, BeginsAsALongStringDoes) {
  Bytes memory(std::size_t{4} << 20U, std::byte{'x'});
  store<std::uint32_t>(memory, 0, (4U << 20U) - 4);
  EXPECT_EQ(assembly_script_string(memory, 4)->size(), (std::size_t{1} << 20U) / 2 * 3);
}

}  // namespace
}  // namespace wapc
