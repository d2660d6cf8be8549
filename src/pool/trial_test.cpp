#include "pool/trial.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wapc::pool {
namespace {

using std::chrono::microseconds;
using ::testing::HasSubstr;

/// So many calls; what the last one leads to.
Trial::Verdict record(Trial& trial, Lane lane, int calls, std::optional<Errc> failure = {},
                      microseconds took = microseconds{100}) {
  auto verdict = Trial::Verdict::none_yet;
  for (int i = 0; i < calls && verdict == Trial::Verdict::none_yet; ++i) {
    verdict = trial.record(lane, failure, took);
  }
  return verdict;
}

TEST(PoolTrialTest, TakesOverAfterEnoughGoodCalls) {
  Trial trial{{.trial_calls = 250, .window_calls = 100}};
  EXPECT_EQ(record(trial, Lane::old_version, 1000), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::new_version, 249), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::new_version, 1), Trial::Verdict::take_over);
  EXPECT_EQ(trial.calls(), 250U);
}

TEST(PoolTrialTest, RollsBackAsSoonAsAWindowCanOnlyEndBadly) {
  Trial trial{{.window_calls = 100, .failures_more_max = 0.05}};
  EXPECT_EQ(record(trial, Lane::new_version, 5, Errc::trapped), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::new_version, 1, Errc::trapped), Trial::Verdict::roll_back);
  EXPECT_EQ(trial.reason(), "6 % of 100 calls failed, of the old version 0 %");
}

TEST(PoolTrialTest, ForgivesWhatTheOldVersionDoesToo) {
  Trial trial{{.trial_calls = 200, .window_calls = 100, .failures_more_max = 0.05}};
  EXPECT_EQ(record(trial, Lane::old_version, 10, Errc::guest_error), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::new_version, 100, Errc::guest_error), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::old_version, 10), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::new_version, 100, Errc::guest_error), Trial::Verdict::roll_back);
}

TEST(PoolTrialTest, FindsOutWhatGetsWorseLate) {
  Trial trial{{.trial_calls = 100'000, .window_calls = 100}};
  EXPECT_EQ(record(trial, Lane::new_version, 90'000), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::new_version, 100, Errc::trapped), Trial::Verdict::roll_back);
}

TEST(PoolTrialTest, RollsBackWhatIsSlower) {
  Trial trial{{.window_calls = 10, .slower_max = 3.0}};
  EXPECT_EQ(record(trial, Lane::old_version, 10), Trial::Verdict::none_yet);
  EXPECT_EQ(record(trial, Lane::new_version, 10, {}, microseconds{400}), Trial::Verdict::roll_back);
  EXPECT_THAT(trial.reason(), HasSubstr("of the old version 100 us"));
}

TEST(PoolTrialTest, ComparesNoTimesWithAnOldVersionThatTakesNoCalls) {
  Trial trial{{.trial_calls = 10, .window_calls = 10}};
  EXPECT_EQ(record(trial, Lane::new_version, 10, {}, std::chrono::seconds{9}),
            Trial::Verdict::take_over);
}

TEST(PoolTrialTest, CountsNoCallsThatSomebodyCancelled) {
  Trial trial{{.window_calls = 10}};
  EXPECT_EQ(record(trial, Lane::new_version, 1000, Errc::cancelled), Trial::Verdict::none_yet);
  EXPECT_EQ(trial.calls(), 0U);
}

TEST(PoolTrialTest, RefusesOptionsThatMakeNoSense) {
  for (const auto& options :
       {SwapOptions{.percent = 0}, SwapOptions{.percent = 101}, SwapOptions{.trial_calls = 0},
        SwapOptions{.window_calls = 0}, SwapOptions{.failures_more_max = -0.1},
        SwapOptions{.failures_more_max = std::nan("")}, SwapOptions{.slower_max = 0.5},
        SwapOptions{.slower_max = std::nan("")}}) {
    const auto checked = check(options);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code(), Errc::invalid_options);
    EXPECT_THAT(checked.error().message(), HasSubstr("SwapOptions::"));
  }
  EXPECT_TRUE(check(SwapOptions{}));
}

}  // namespace
}  // namespace wapc::pool
