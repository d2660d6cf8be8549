#include "cli/bench_run.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wapc::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

/// Which target was called, in order.
class Diary {
 public:
  void note(char name) {
    const std::scoped_lock lock{mutex_};
    text_ += name;
  }

  [[nodiscard]] std::string text() const {
    const std::scoped_lock lock{mutex_};
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

/// Answers its calls, counted from 1, as a function says; makes two host calls in each.
class FakeTarget final : public BenchTarget {
 public:
  using Answer = std::function<Result<>(std::uint64_t number)>;

  FakeTarget(char name, Diary& diary, Answer answer)
      : name_{name}, diary_{diary}, answer_{std::move(answer)} {}

  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override {
    diary_.note(name_);
    if (!invocation.budget.stop.stop_possible()) all_stoppable_ = false;
    response.assign(invocation.payload.begin(), invocation.payload.end());
    const auto number = ++calls_;
    host_calls_ += 2;
    return answer_ ? answer_(number) : Result<>{};
  }

  [[nodiscard]] std::uint64_t host_calls() const override { return host_calls_; }

  [[nodiscard]] std::size_t memory_bytes() const override { return 65'536 * calls_; }

  [[nodiscard]] bool all_stoppable() const { return all_stoppable_; }

 private:
  char name_;
  Diary& diary_;
  Answer answer_;
  std::atomic<std::uint64_t> calls_ = 0;
  std::atomic<std::uint64_t> host_calls_ = 0;
  std::atomic<bool> all_stoppable_ = true;
};

class BenchRunTest : public ::testing::Test {
 protected:
  void add_target(FakeTarget::Answer answer = nullptr) {
    const auto name = static_cast<char>('a' + targets_.size());
    targets_.push_back(std::make_unique<FakeTarget>(name, diary_, std::move(answer)));
  }

  BenchOutcome measured(const BenchScope& scope, const BenchWatch& watch = {}) {
    return measure(targets_, {.payload = as_bytes("hello")}, scope, watch).value();
  }

  Diary diary_;
  std::vector<std::unique_ptr<BenchTarget>> targets_;
};

std::size_t longest_run(const std::string& text) {
  std::size_t longest = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != text[begin]) begin = i;
    longest = std::max(longest, i + 1 - begin);
  }
  return longest;
}

TEST_F(BenchRunTest, MakesSoManyCallsAfterAFirstOne) {
  add_target();
  const auto outcome = measured({.calls = 10});
  const auto& figures = outcome.targets.at(0);
  EXPECT_EQ(figures.calls(), 10U);
  EXPECT_EQ(figures.latencies.count(), 10U);
  EXPECT_EQ(figures.failures(), 0U);
  EXPECT_EQ(figures.host_calls, 20U);
  EXPECT_EQ(figures.answer_bytes_min, 5U);
  EXPECT_EQ(figures.answer_bytes_max, 5U);
  EXPECT_EQ(figures.memory_bytes, 11U * 65'536);
  EXPECT_GT(figures.calls_per_second, 0);
  EXPECT_EQ(diary_.text(), std::string(11, 'a'));
  EXPECT_FALSE(outcome.stopped);
}

TEST_F(BenchRunTest, SharesThemAmongThreads) {
  add_target();
  EXPECT_EQ(measured({.threads = 3, .calls = 10}).calls(), 10U);
  EXPECT_EQ(measured({.threads = 8, .calls = 3}).calls(), 3U);
}

TEST_F(BenchRunTest, TellsHowManyCallsWereAnsweredInTheTimeThatItTook) {
  add_target();
  constexpr std::size_t kThreads =
      16;  // More than there are processors, so that some have to wait.
  const auto figures = measured({.threads = kThreads, .calls = 10'000}).targets.at(0);
  const auto seconds = std::chrono::duration<double>{figures.duration}.count();
  EXPECT_DOUBLE_EQ(figures.calls_per_second, 10'000 / seconds);
  EXPECT_LE(figures.latencies.mean() * 10'000, figures.duration * kThreads);
}

TEST_F(BenchRunTest, EndsWhenTheTimeIsUpWithACallOfEachThreadAtLeast) {
  add_target();
  EXPECT_GE(measured({.threads = 2, .duration = std::chrono::nanoseconds{1}}).calls(), 2U);
}

TEST_F(BenchRunTest, DoesNotCountWhatWarmsUp) {
  add_target([](std::uint64_t number) {
    return number == 1 ? failure(Errc::trapped, "cold") : Result<>{};
  });
  const auto outcome = measured({.calls = 4, .warm_up = std::chrono::milliseconds{1}});
  EXPECT_GE(diary_.text().size(), 6U);
  EXPECT_EQ(outcome.targets.at(0).calls(), 4U);
  EXPECT_EQ(outcome.targets.at(0).host_calls, 8U);
}

TEST_F(BenchRunTest, LetsTwoTargetsTakeTurns) {
  add_target();
  add_target();
  const auto outcome = measured({.calls = 400});
  const auto diary = diary_.text();
  EXPECT_EQ(std::ranges::count(diary, 'a'), 401);
  EXPECT_EQ(std::ranges::count(diary, 'b'), 401);
  EXPECT_THAT(outcome.targets.at(0).slices_ns, SizeIs(Ge(20U)));
  EXPECT_THAT(outcome.targets.at(1).slices_ns, SizeIs(Ge(20U)));
  // To and fro: a slice of one comes after another of its own, and no third. Only where a machine
  // stood still for a while are there some at the end.
  EXPECT_THAT(longest_run(diary), AllOf(Ge(20U), Le(200U)));
}

TEST_F(BenchRunTest, CountsFailuresByCodeAndKeepsTheFirst) {
  add_target([](std::uint64_t number) {
    if (number == 3) return Result<>{failure(Errc::guest_error, "third")};
    if (number > 5) return Result<>{failure(Errc::trapped, "later")};
    return Result<>{};
  });
  const auto outcome = measured({.calls = 9});
  const auto& figures = outcome.targets.at(0);
  EXPECT_EQ(figures.calls(), 9U);
  EXPECT_EQ(figures.latencies.count(), 3U);
  EXPECT_EQ(figures.failures_by_code.at(std::to_underlying(Errc::guest_error)), 1U);
  EXPECT_EQ(figures.failures_by_code.at(std::to_underlying(Errc::trapped)), 5U);
  if (!figures.first_failure) FAIL() << "there is none";
  EXPECT_EQ(figures.first_failure->message(), "third");
}

TEST_F(BenchRunTest, MeasuresNothingWhenATargetAnswersNothing) {
  add_target();
  add_target([](std::uint64_t number) {
    return failure(Errc::trapped, "call " + std::to_string(number));
  });
  for (const auto warm_up : {std::chrono::nanoseconds{0}, std::chrono::nanoseconds{1}}) {
    const auto outcome = measured({.calls = 10, .warm_up = warm_up});
    if (!outcome.failing) FAIL() << "it was measured";
    EXPECT_EQ(outcome.failing->target, 1U);
    EXPECT_EQ(outcome.failing->error.code(), Errc::trapped);
    EXPECT_EQ(outcome.calls(), 0U);
  }
}

TEST_F(BenchRunTest, EndsWhenItIsStoppedWithTheCallsBefore) {
  std::stop_source stop;
  add_target([&](std::uint64_t number) {
    if (number < 6) return Result<>{};
    stop.request_stop();
    return Result<>{failure(Errc::cancelled, "stopped")};
  });
  const auto outcome = measured({}, {.stop = stop.get_token()});
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.targets.at(0).latencies.count(), 4U);  // After the first, without the last.
  EXPECT_EQ(outcome.targets.at(0).failures(), 0U);
}

TEST_F(BenchRunTest, HandsItsStopOnToCalls) {
  const std::stop_source stop;
  add_target();
  EXPECT_EQ(measured({.threads = 2, .calls = 8}, {.stop = stop.get_token()}).calls(), 8U);
  EXPECT_TRUE(dynamic_cast<const FakeTarget&>(*targets_.front()).all_stoppable());
}

TEST_F(BenchRunTest, EndsBeforeItBeginsWhenItIsStopped) {
  const std::stop_source stop;
  stop.request_stop();
  add_target();
  const auto outcome = measured({.threads = 2}, {.stop = stop.get_token()});
  EXPECT_TRUE(outcome.stopped);
  EXPECT_EQ(outcome.calls(), 0U);
}

TEST_F(BenchRunTest, SaysWhenEachTargetWasCalledOnce) {
  add_target();
  add_target();
  std::string first;
  const auto outcome = measured({.calls = 1}, {.first_calls_done = [&] { first = diary_.text(); }});
  EXPECT_EQ(first, "ab");
  EXPECT_EQ(diary_.text(), "abba");
  EXPECT_THAT(outcome.targets.at(0).slices_ns, ElementsAre(Ge(0)));
}

TEST_F(BenchRunTest, ShowsHowItGoesInALine) {
  std::mutex mutex;
  std::condition_variable written;
  std::string shown;
  const auto has = [&](std::string_view text) { return shown.find(text) != std::string::npos; };
  add_target([&](std::uint64_t number) {
    if (number != 3) return Result<>{};
    std::unique_lock lock{mutex};
    written.wait(lock, [&] { return has("1 of 5 calls in "); });
    return Result<>{};
  });
  const auto write = [&](std::string_view text) {
    const std::scoped_lock lock{mutex};
    shown += text;
    written.notify_all();
  };
  const std::chrono::milliseconds soon{1};
  const auto outcome =
      measured({.calls = 5}, {.line = {.write = write, .first = soon, .step = soon}});
  EXPECT_EQ(outcome.calls(), 5U);
  EXPECT_TRUE(shown.starts_with("\r\x1b[Kwapc: ")) << shown;
  EXPECT_TRUE(shown.ends_with("\r\x1b[K")) << shown;
}

}  // namespace
}  // namespace wapc::cli
