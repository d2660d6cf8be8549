#include "policy/contradictions.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

std::size_t contradictions(const GuestPolicy& policy) {
  Faults faults;
  report_contradictions(
      policy, {std::vector<Place>(policy.deny.size()), std::vector<Place>(policy.allow.size())},
      faults);
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
