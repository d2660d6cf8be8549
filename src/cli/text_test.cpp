#include "cli/text.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wapc::cli {
namespace {

TEST(TextTest, LeavesPlainTextAlone) {
  EXPECT_EQ(printable("plain, \"quoted\" and \\ too; été, 日本, 🦀"),
            "plain, \"quoted\" and \\ too; été, 日本, 🦀");
}

TEST(TextTest, EscapesWhatATerminalActsOn) {
  EXPECT_EQ(printable("\x1b[31m\a\r\n\t\x7f"), "\\x1b[31m\\x07\\r\\n\\t\\x7f");
  EXPECT_EQ(printable("\u009b31m"), "\\u009b31m");
  EXPECT_EQ(printable(std::string_view{"\0", 1}), "\\x00");
}

TEST(TextTest, EscapesWhatMakesTextReadAsAnother) {
  EXPECT_EQ(printable("a\u202eb\u200bc\ufeffd\u2028e\U000e0041"),
            "a\\u202eb\\u200bc\\ufeffd\\u2028e\\U000e0041");
}

TEST(TextTest, EscapesWhatShowsNothing) {
  EXPECT_EQ(printable("a\u034fb\u3164c\u115fd\u2800e\u200d\ufe0f"),
            "a\\u034fb\\u3164c\\u115fd\\u2800e\\u200d\\ufe0f");
  EXPECT_EQ(in_quotes("\u2064"), "\"\\u2064\"");
}

TEST(TextTest, LeavesProseWhatWordsAreWrittenWith) {
  EXPECT_EQ(printable_prose("\u26a0\ufe0f \u0646\u200c\u0647 \u200b\u202e"),
            "\u26a0\ufe0f \u0646\u200c\u0647 \\u200b\\u202e");
  EXPECT_TRUE(is_plain("\u26a0\ufe0f"));
  EXPECT_FALSE(is_plain("\u200b"));
}

TEST(TextTest, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xff\xc3(\xe2\x82 \xf0\x9f\xa6"), "\\xff\\xc3(\\xe2\\x82 \\xf0\\x9f\\xa6");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

TEST(TextTest, QuotesSoThatNothingInsideEndsTheQuotes) {
  EXPECT_EQ(in_quotes("a\"b\\c\n"), "\"a\\\"b\\\\c\\n\"");
}

TEST(TextTest, QuotesForAShell) {
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's $HOME \\"), "'it'\\''s $HOME \\'");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(TextTest, SaysHowMuchItLeavesOut) {
  EXPECT_EQ(in_quotes("abcdef", 3), "\"abc\"... (6 bytes in all)");
  EXPECT_EQ(in_quotes("abédef", 3), "\"ab\"... (7 bytes in all)");
}

TEST(TextTest, TellsPlainTextFromWhatATerminalActsOn) {
  EXPECT_TRUE(is_plain(""));
  EXPECT_TRUE(is_plain("two\n\tlines, été"));
  EXPECT_FALSE(is_plain("\x1b[31m"));
  EXPECT_FALSE(is_plain("a\r"));
  EXPECT_FALSE(is_plain("\xff"));
}

TEST(TextTest, SplitsIntoLines) {
  using Lines = std::vector<std::string_view>;
  EXPECT_EQ(lines(""), Lines{""});
  EXPECT_EQ(lines("a"), Lines{"a"});
  EXPECT_EQ(lines("a\n"), Lines{"a"});
  EXPECT_EQ(lines("a\n\nb\n\n"), (Lines{"a", "", "b", ""}));
}

TEST(TextTest, FindsWhatWasMeant) {
  const std::vector<std::string> words{"call", "inspect", "engines"};
  EXPECT_EQ(nearest("insepct", words), "inspect");
  EXPECT_EQ(nearest("cll", words), "call");
  EXPECT_EQ(nearest("eng", words), "engines");
  EXPECT_EQ(nearest("frobnicate", words), "");
  EXPECT_EQ(nearest("aclls", words), "");
  EXPECT_EQ(nearest("x", words), "");
  EXPECT_EQ(nearest("", words), "");
}

TEST(TextTest, WritesJsonWhateverIsInIt) {
  EXPECT_EQ(json_text("a\xff\n"), "\"a\xEF\xBF\xBD\\n\"\n");
}

}  // namespace
}  // namespace wapc::cli
