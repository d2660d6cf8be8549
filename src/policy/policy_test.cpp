#include "wapc/policy/policy.hpp"

#include <array>

#include <gtest/gtest.h>

namespace wapc {
namespace {

std::string found(const Policy& policy, std::span<const std::string> names) {
  const auto* const guest = policy.find(names);
  return guest == nullptr ? "none" : guest->guest;
}

std::string found(const std::vector<std::string>& globs, const std::string& name) {
  Policy policy;
  for (const auto& glob : globs) policy.guests.push_back({.guest = glob});
  return found(policy, std::span{&name, 1});
}

TEST(PolicyTest, TheExactNameCountsBeforeGlobs) {
  EXPECT_EQ(found({"*", "thumb*", "thumbnailer"}, "thumbnailer"), "thumbnailer");
  EXPECT_EQ(found({"thumbnailer", "thumb*"}, "thumbnailer"), "thumbnailer");
  EXPECT_EQ(found({"verylongname*", "a"}, "a"), "a");
}

TEST(PolicyTest, OfGlobsTheOneWithTheMostCharactersCounts) {
  EXPECT_EQ(found({"*", "t*", "thumb*"}, "thumbnailer"), "thumb*");
  EXPECT_EQ(found({"thumb*", "*"}, "thumbnailer"), "thumb*");
  EXPECT_EQ(found({"a*", "*b"}, "ab"), "a*");
}

TEST(PolicyTest, FindsNothingForAGuestThatNothingNames) {
  EXPECT_EQ(found({}, "a"), "none");
  EXPECT_EQ(found({"b", "b*"}, "a"), "none");
}

TEST(PolicyTest, AGuestMayGoBySeveralNames) {
  const Policy policy{{{.guest = "hello"}, {.guest = "hello.w*"}}};
  const std::array<std::string, 2> names{"hello.wasm", "hello"};

  EXPECT_EQ(found(policy, names), "hello");
}

TEST(PolicyTest, OfTwoExactNamesTheLongerCounts) {
  const Policy policy{{{.guest = "hello"}, {.guest = "hello.wasm"}}};
  const std::array<std::string, 2> names{"hello", "hello.wasm"};

  EXPECT_EQ(found(policy, names), "hello.wasm");
}

}  // namespace
}  // namespace wapc
