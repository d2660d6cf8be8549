#include "policy/glob.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

TEST(GlobTest, StarsStandForAnything) {
  EXPECT_TRUE(Glob{"*"}.matches(""));
  EXPECT_TRUE(Glob{"*"}.matches("anything/at=all"));
  EXPECT_TRUE(Glob{"a*"}.matches("a"));
  EXPECT_TRUE(Glob{"a*b*c"}.matches("axxbyyc"));
  EXPECT_TRUE(Glob{"*ab"}.matches("abab"));
  EXPECT_TRUE(Glob{"**"}.matches("x"));
  EXPECT_FALSE(Glob{"a*"}.matches("ba"));
  EXPECT_FALSE(Glob{"a*a"}.matches("a"));
  EXPECT_FALSE(Glob{"a*b*c"}.matches("acb"));
  EXPECT_FALSE(Glob{""}.matches("a"));
}

TEST(GlobTest, ABackslashTakesTheNextForItself) {
  EXPECT_TRUE(Glob{"a\\*"}.matches("a*"));
  EXPECT_FALSE(Glob{"a\\*"}.matches("ab"));
  EXPECT_TRUE(Glob{"a\\\\"}.matches("a\\"));
  EXPECT_TRUE(Glob{"a\\"}.matches("a\\"));
}

TEST(GlobTest, KnowsWhatItCovers) {
  EXPECT_TRUE(Glob{"*"}.covers(Glob{"*"}));
  EXPECT_TRUE(Glob{"*"}.covers(Glob{""}));
  EXPECT_TRUE(Glob{"get"}.covers(Glob{"get"}));
  EXPECT_TRUE(Glob{"get*"}.covers(Glob{"get"}));
  EXPECT_TRUE(Glob{"get*"}.covers(Glob{"get*all*"}));
  EXPECT_TRUE(Glob{"*a*"}.covers(Glob{"x*ba*"}));
  EXPECT_TRUE(Glob{"*a*b*"}.covers(Glob{"a*b"}));
  EXPECT_TRUE(Glob{"*a*b*"}.covers(Glob{"*ab*"}));
  EXPECT_TRUE(Glob{"**"}.covers(Glob{"*"}));
  EXPECT_TRUE(Glob{"a\\**"}.covers(Glob{"a\\*b"}));
}

TEST(GlobTest, KnowsWhatItDoesNotCover) {
  EXPECT_FALSE(Glob{"get"}.covers(Glob{"get*"}));
  EXPECT_FALSE(Glob{"get*"}.covers(Glob{"*"}));
  EXPECT_FALSE(Glob{"get*"}.covers(Glob{"ge*t"}));
  EXPECT_FALSE(Glob{"*a*"}.covers(Glob{"b*b"}));
  EXPECT_FALSE(Glob{"*ab*"}.covers(Glob{"a*b"}));
  EXPECT_FALSE(Glob{"*a*b*"}.covers(Glob{"b*a"}));
  EXPECT_FALSE(Glob{"a*a"}.covers(Glob{"a"}));
  EXPECT_FALSE(Glob{"a\\*"}.covers(Glob{"a*"}));
}

TEST(GlobTest, GlobsForTheSameNamesHaveTheSameShortest) {
  EXPECT_EQ(Glob{"a"}.shortest(), "a");
  EXPECT_EQ(Glob{"\\a"}.shortest(), "a");
  EXPECT_EQ(Glob{"a\\*"}.shortest(), "a\\*");
  EXPECT_EQ(Glob{"*"}.shortest(), "*");
  EXPECT_EQ(Glob{"***"}.shortest(), "*");
  EXPECT_EQ(Glob{"a**b***c*"}.shortest(), "a*b*c*");
  EXPECT_EQ(Glob{""}.shortest(), "");
}

TEST(GlobTest, AGlobOfANameMatchesItAlone) {
  const std::string name = "a*b\\c/d";

  EXPECT_TRUE(Glob{glob_of(name)}.matches(name));
  EXPECT_TRUE(Glob{glob_of(name)}.is_exact());
  EXPECT_EQ(glob_of(name, "/"), "a\\*b\\\\c\\/d");
}

}  // namespace
}  // namespace wapc
