#include "wapc/base/utf8.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace wapc {
namespace {

TEST(Utf8Test, AcceptsWhatIsValid) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain ASCII, longer than eight bytes"));
  EXPECT_TRUE(is_utf8("a\u00e9\u20ac\U0001F600z"));
  EXPECT_TRUE(is_utf8(std::string_view{"\0", 1}));
  EXPECT_TRUE(is_utf8("\xEF\xBF\xBF\xF4\x8F\xBF\xBF"));
}

TEST(Utf8Test, RefusesOverlongFormsSurrogatesAndWhatIsBeyondUnicode) {
  EXPECT_FALSE(is_utf8("\xC0\x80"));
  EXPECT_FALSE(is_utf8("\xE0\x9F\xBF"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xF0\x8F\xBF\xBF"));
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(is_utf8("\xFF"));
  EXPECT_FALSE(is_utf8("eight by\x80"));
}

TEST(Utf8Test, LooksAtEachByteOfTextsOfAnyLength) {
  for (std::size_t length = 1; length <= 130; ++length) {
    std::string text(length, 'a');
    EXPECT_TRUE(is_utf8(text)) << length;
    for (std::size_t i = 0; i < length; ++i) {
      text[i] = '\x80';
      EXPECT_FALSE(is_utf8(text)) << i << " of " << length;
      text[i] = 'a';
    }
  }
}

TEST(Utf8Test, RefusesACharacterCutOffAtTheEnd) {
  EXPECT_FALSE(is_utf8("\xC3"));
  EXPECT_FALSE(is_utf8("\xE2\x82"));
  EXPECT_FALSE(is_utf8("\xF0\x9F\x98"));
}

// The example of the Unicode standard, section 3.9, table 3-8.
TEST(Utf8Test, PutsOneReplacementInPlaceOfEachMaximalPart) {
  EXPECT_EQ(to_utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            "a\uFFFD\uFFFD\uFFFD"
            "b\uFFFD"
            "c\uFFFD\uFFFD"
            "d");
}

TEST(Utf8Test, LeavesValidTextAsItIs) {
  EXPECT_EQ(to_utf8("h\u00e9llo"), "h\u00e9llo");
}

}  // namespace
}  // namespace wapc
