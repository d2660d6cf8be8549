#include "wapc/base/budget.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

using Time = Budget::Clock::time_point;
using std::chrono::nanoseconds;

TEST(BudgetTest, IsUnlimitedUnlessTold) {
  EXPECT_FALSE(Budget{}.limited());
  EXPECT_TRUE(Budget{}.check().has_value());
}

TEST(BudgetTest, IsSpentWhenTheDeadlineHasCome) {
  const Budget budget{.deadline = Time{nanoseconds{10}}, .stop = {}};

  EXPECT_EQ(budget.spent(Time{nanoseconds{9}}), std::nullopt);
  EXPECT_EQ(budget.spent(Time{nanoseconds{10}}), Errc::deadline_exceeded);
  EXPECT_EQ(budget.check().error().code(), Errc::deadline_exceeded);
}

TEST(BudgetTest, IsSpentWhenItIsCancelledWhateverTheDeadline) {
  std::stop_source source;
  const Budget budget{.deadline = Time::max(), .stop = source.get_token()};
  EXPECT_TRUE(budget.limited());
  EXPECT_TRUE(budget.check().has_value());

  source.request_stop();

  EXPECT_EQ(budget.check().error().code(), Errc::cancelled);
}

TEST(BudgetTest, NeverEndsWhenTheTimeoutIsPastWhatTheClockCanSay) {
  EXPECT_EQ(Budget::end_of(nanoseconds::max(), Time{nanoseconds{1}}), Time::max());
  EXPECT_EQ(Budget::end_of(nanoseconds{5}, Time{nanoseconds{1}}), Time{nanoseconds{6}});
}

}  // namespace
}  // namespace wapc
