#include "policy/contradictions.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

std::size_t contradictions(const GuestPolicy& policy) {
  Faults faults;
  Effort effort;
  report_contradictions(
      policy, {std::vector<Place>(policy.deny.size()), std::vector<Place>(policy.allow.size())},
      effort, faults);
  return faults.take().size();
}

TEST(ContradictionsTest, RulesThatShareCallsAreNone) {
  EXPECT_EQ(contradictions({.allow = {{.names = {{"kv"}, {"a"}, {"get"}}},
                                      {.names = {{"kv"}, {"*"}, {"get"}}},
                                      {.names = {{"*"}, {"a*"}, {"*"}}},
                                      {}}}),
            0U);
  EXPECT_EQ(contradictions({.deny = {{{"kv"}, {"secrets"}, {"*"}}}, .allow = {{}}}), 0U);
}

TEST(ContradictionsTest, ARuleThatAnEarlierOneCoversIsOne) {
  EXPECT_EQ(contradictions({.allow = {{.names = {{"kv"}, {"a", "b*"}, {"*"}}},
                                      {.names = {{"kv"}, {"bc", "a"}, {"get"}}}}}),
            1U);
  EXPECT_EQ(contradictions({.allow = {{}, {}, {}}}), 2U);
}

TEST(ContradictionsTest, ARuleThatIsDeniedIsOne) {
  EXPECT_EQ(contradictions(
                {.deny = {{{"kv"}, {"*"}, {"*"}}}, .allow = {{.names = {{"kv"}, {"a"}, {"*"}}}}}),
            1U);
}

TEST(ContradictionsTest, NamesWithAndWithoutStarsAreCompared) {
  EXPECT_EQ(contradictions({.allow = {{.names = {{"b", "a*", "\\*"}, {"*"}, {"*"}}},
                                      {.names = {{"\\*", "b", "a", "ab*"}, {"*"}, {"x"}}},
                                      {.names = {{"b*"}, {"*"}, {"x"}}},
                                      {.names = {{"*"}, {"*"}, {"x"}}}}}),
            1U);
}

TEST(ContradictionsTest, ManyExactNamesTakeLittleEffort) {
  GuestPolicy policy;
  for (int i = 0; i < 1'000; ++i) {
    AllowRule rule{.names = {{"kv"}, {"*"}, {}}};
    for (int n = 0; n < 10; ++n) {
      rule.names.operations.push_back("op" + std::to_string(i) + "_" + std::to_string(n));
    }
    policy.allow.push_back(rule);
  }
  Effort effort;
  Faults faults;

  report_contradictions(policy, {{}, std::vector<Place>(1'000)}, effort, faults);

  EXPECT_FALSE(effort.is_spent());
  EXPECT_FALSE(faults.any());
}

TEST(ContradictionsTest, MoreThanCanBeLookedThroughIsOne) {
  AllowRule first{.names = {{"kv"}, {"*"}, {}}};
  AllowRule second{.names = {{"kv"}, {"*"}, {}}};
  for (int n = 0; n < 3'300; ++n) {
    first.names.operations.push_back("a" + std::to_string(n) + "*");
    second.names.operations.push_back("a3299*" + std::to_string(n) + "*");  // The last takes it.
  }
  second.names.operations.push_back("b*");

  EXPECT_EQ(contradictions({.allow = {first, second, second}}), 1U);
}

TEST(ContradictionsTest, ARuleBeyondTheLimitsIsOne) {
  EXPECT_EQ(contradictions({.allow = {{.payload_bytes = 2}}, .limits = {.host_call_bytes = 1}}),
            1U);
  EXPECT_EQ(contradictions({.allow = {{.payload_bytes = 2}}, .limits = {.host_call_bytes = 2}}),
            0U);
  EXPECT_EQ(contradictions({.allow = {{.calls_per_call = 2}}, .limits = {.host_calls = 1}}), 1U);
}

TEST(ContradictionsTest, GuestsWithTheSameNamesAreOne) {
  Faults faults;
  report_same_guests({{{.guest = "a"}, {.guest = "a*"}, {.guest = "\\a"}, {.guest = "a**"}}},
                     std::vector<Place>(4), faults);
  EXPECT_EQ(faults.take().size(), 2U);
}

}  // namespace
}  // namespace wapc
