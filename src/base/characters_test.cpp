#include "base/characters.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace wapc {
namespace {

bool hides(std::string_view text) {
  return is_hidden(first_character(text));
}

TEST(CharactersTest, LettersMarksAndBlanksArePlain) {
  for (const std::string_view text : {"a", " ", "\u00a0", "\u00e4", "\u0301", "\u65e5", "\u3000",
                                      "\u2801", "\ufffd", "\U0001f600", "\U000e1000"}) {
    EXPECT_FALSE(hides(text)) << text;
  }
}

TEST(CharactersTest, ControlsAreHidden) {
  for (const std::string_view text :
       {"\x01", "\n", "\x7f", "\u009b", "\u2028", "\u202e", "\u2069"}) {
    EXPECT_TRUE(hides(text));
    EXPECT_FALSE(is_shaping(first_character(text)));
  }
}

TEST(CharactersTest, WhatShowsNothingIsHidden) {
  for (const std::string_view text :
       {"\u00ad", "\u034f", "\u061c",     "\u115f",     "\u1160",     "\u17b5",     "\u180b",
        "\u180e", "\u180f", "\u200b",     "\u200c",     "\u200d",     "\u200f",     "\u2060",
        "\u2065", "\u206f", "\u2800",     "\u3164",     "\ufe00",     "\ufe0f",     "\ufeff",
        "\uffa0", "\ufff0", "\U0001bca0", "\U0001d17a", "\U000e0000", "\U000e0100", "\U000e0fff"}) {
    EXPECT_TRUE(hides(text)) << text;
  }
}

TEST(CharactersTest, BytesThatAreNoUtf8AreHidden) {
  EXPECT_TRUE(hides("\xff"));
  EXPECT_FALSE(is_shaping(first_character("\xe2\x80")));
}

TEST(CharactersTest, JoinersAndSelectorsShapeOthers) {
  for (const std::string_view text : {"\u200c", "\u200d", "\ufe00", "\ufe0f"}) {
    EXPECT_TRUE(is_shaping(first_character(text)));
  }
}

}  // namespace
}  // namespace wapc
