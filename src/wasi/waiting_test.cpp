#include "wasi/waiting.hpp"

#include <array>
#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include "support/host_resources.hpp"

namespace wapc::wasi {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::Connected;
using testing::LoweredLimit;
using Clock = Budget::Clock;

// What never ends by itself, so that only the end in question can end it.
constexpr auto kForever = nanoseconds::max();
constexpr nanoseconds kLong = hours{1000};
constexpr nanoseconds kShort = milliseconds{1};

pollfd readable(const UniqueFd& fd) {
  return {.fd = fd.get(), .events = POLLIN, .revents = -1};
}

Budget until_soon() {
  return {.deadline = Clock::now() + kShort, .stop = {}};
}

/// Why a wait ended the call; nothing when it did not.
std::optional<Errc> ended(Outcome<> outcome) {
  if (outcome) return std::nullopt;
  const auto told = std::move(outcome).error().to_guest();
  EXPECT_FALSE(told.has_value()) << "a number for the guest: " << told.value();
  if (told) return std::nullopt;
  return told.error().code();
}

TEST(WaitingTest, WaitsUntilTheTimeIsOver) {
  Waiting waiting{kLong};
  const auto start = Clock::now();

  EXPECT_EQ(ended(waiting.wait({}, kShort, {})), std::nullopt);

  EXPECT_GE(Clock::now() - start, kShort);
}

TEST(WaitingTest, SaysThatNothingWasReadyWhenTheTimeIsOver) {
  const auto pipe = Connected::pipe();
  auto polled = readable(pipe.reader);
  Waiting waiting{kLong};

  EXPECT_EQ(ended(waiting.wait({&polled, 1}, kShort, {})), std::nullopt);

  EXPECT_EQ(polled.revents, 0);
}

TEST(WaitingTest, EndsWhenADescriptorIsReadyAndSaysWhich) {
  const auto quiet = Connected::pipe();
  const auto pipe = Connected::pipe();
  std::array polled{readable(quiet.reader), readable(pipe.reader)};
  Waiting waiting{kForever};
  const std::jthread writer{[&] { pipe.put("x"); }};

  EXPECT_EQ(ended(waiting.wait(polled, kForever, {})), std::nullopt);

  EXPECT_EQ(polled[0].revents, 0);
  EXPECT_EQ(polled[1].revents, POLLIN);
}

TEST(WaitingTest, EndsWhenAWriterGoesAway) {
  auto pipe = Connected::pipe();
  auto polled = readable(pipe.reader);
  Waiting waiting{kForever};
  const std::jthread writer{[&] { const UniqueFd closed{std::move(pipe.writer)}; }};

  EXPECT_EQ(ended(waiting.wait({&polled, 1}, kForever, {})), std::nullopt);

  EXPECT_EQ(polled.revents, POLLHUP);
}

TEST(WaitingTest, SaysWhichDescriptorIsNotOpen) {
  pollfd polled{.fd = std::numeric_limits<int>::max(), .events = POLLIN, .revents = 0};
  Waiting waiting{kForever};

  EXPECT_EQ(ended(waiting.wait({&polled, 1}, kForever, {})), std::nullopt);

  EXPECT_EQ(polled.revents, POLLNVAL);
}

TEST(WaitingTest, OnlyLooksWhenThereIsNoTime) {
  const auto pipe = Connected::pipe();
  const auto full = Connected::pipe();
  full.put("x");
  std::array polled{readable(pipe.reader), readable(full.reader)};
  Waiting waiting{nanoseconds{0}};  // So it is no wait that counts.

  EXPECT_EQ(ended(waiting.wait(polled, nanoseconds{0}, {})), std::nullopt);
  EXPECT_EQ(ended(waiting.wait(polled, nanoseconds::min(), {})), std::nullopt);
  EXPECT_EQ(ended(waiting.wait({}, nanoseconds{0}, {})), std::nullopt);

  EXPECT_EQ(polled[0].revents, 0);
  EXPECT_EQ(polled[1].revents, POLLIN);
}

TEST(WaitingTest, EndsTheCallWhenItsDeadlinePasses) {
  const auto pipe = Connected::pipe();
  auto polled = readable(pipe.reader);
  Waiting waiting{kForever};

  EXPECT_EQ(ended(waiting.wait({&polled, 1}, kForever, until_soon())), Errc::deadline_exceeded);
  EXPECT_EQ(ended(waiting.wait({}, kLong, until_soon())), Errc::deadline_exceeded);
}

TEST(WaitingTest, EndsTheCallWhenItIsCancelledMeanwhile) {
  const auto pipe = Connected::pipe();
  auto polled = readable(pipe.reader);
  Waiting waiting{kForever};
  std::stop_source stop;
  const std::jthread stopper{[&] { stop.request_stop(); }};

  EXPECT_EQ(ended(waiting.wait({&polled, 1}, kForever,
                               {.deadline = Clock::now() + kLong, .stop = stop.get_token()})),
            Errc::cancelled);
}

TEST(WaitingTest, DoesNotWaitWhenTheBudgetIsSpentAlready) {
  const auto pipe = Connected::pipe();
  pipe.put("x");
  auto polled = readable(pipe.reader);
  Waiting waiting{kForever};
  std::stop_source stop;
  stop.request_stop();
  const Budget cancelled{.stop = stop.get_token()};
  const Budget late{.deadline = Clock::now(), .stop = {}};

  for (const auto timeout : {nanoseconds{0}, kForever}) {
    EXPECT_EQ(ended(waiting.wait({&polled, 1}, timeout, cancelled)), Errc::cancelled);
    EXPECT_EQ(ended(waiting.wait({}, timeout, late)), Errc::deadline_exceeded);
  }
}

TEST(WaitingTest, CanBeCancelledWhenTheProcessCanOpenNoDescriptor) {
  if (testing::kNeedsDescriptors) GTEST_SKIP() << "the sanitizer opens descriptors";
  const auto pipe = Connected::pipe();
  auto polled = readable(pipe.reader);
  Waiting waiting{kForever};
  std::stop_source stop;
  const auto limit = LoweredLimit::to_open_descriptors();
  ASSERT_EQ(::dup(STDIN_FILENO), -1);
  const Budget budget{.stop = stop.get_token()};

  EXPECT_EQ(ended(waiting.wait({&polled, 1}, milliseconds{10}, budget)), std::nullopt);

  // Not a std::jthread: UBSan wants a descriptor to look at its virtual functions.
  const auto stop_it = [](void* source) -> void* {
    static_cast<std::stop_source*>(source)->request_stop();
    return nullptr;
  };
  pthread_t stopper{};
  ASSERT_EQ(::pthread_create(&stopper, nullptr, stop_it, &stop), 0);
  EXPECT_EQ(ended(waiting.wait({&polled, 1}, kForever, budget)), Errc::cancelled);
  EXPECT_EQ(::pthread_join(stopper, nullptr), 0);
}

TEST(WaitingTest, LeavesNoDescriptorOpen) {
  std::stop_source stop;
  Waiting waiting{kForever};
  const UniqueFd before{::dup(STDIN_FILENO)};

  EXPECT_EQ(ended(waiting.wait({}, kShort, {.stop = stop.get_token()})), std::nullopt);

  const UniqueFd after{::dup(STDIN_FILENO)};
  EXPECT_EQ(after.get(), before.get() + 1);
}

TEST(WaitingTest, EndsTheCallOfAGuestThatSleepsTooLong) {
  Waiting waiting{kShort};

  const auto outcome = waiting.wait({}, kForever, {});

  ASSERT_FALSE(outcome.has_value());
  const auto told = Failure{outcome.error()}.to_guest();
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code(), Errc::limit_exceeded);
  EXPECT_EQ(told.error().message(),
            "the guest waited longer than WasiLimits::time_slept allows in one call (1 ms)");
}

TEST(WaitingTest, AddsUpAllWaitsOfACall) {
  Waiting waiting{2 * kShort};

  EXPECT_EQ(ended(waiting.wait({}, kShort, {})), std::nullopt);
  EXPECT_EQ(ended(waiting.wait({}, 2 * kShort, {})), Errc::limit_exceeded);
  EXPECT_EQ(ended(waiting.wait({}, nanoseconds{1}, {})), Errc::limit_exceeded);

  waiting.begin_call();
  EXPECT_EQ(ended(waiting.wait({}, 2 * kShort, {})), std::nullopt);
}

TEST(WaitingTest, StillSeesWhatIsReadyWhenTheGuestHasSleptEnough) {
  const auto pipe = Connected::pipe();
  pipe.put("x");
  auto polled = readable(pipe.reader);
  Waiting waiting{nanoseconds{0}};

  EXPECT_EQ(ended(waiting.wait({&polled, 1}, kForever, {})), std::nullopt);
  EXPECT_EQ(polled.revents, POLLIN);
}

TEST(WaitingTest, FailsAsTheHostDoesWhenItCannotPoll) {
  // More than a process may have open cannot be polled.
  std::vector<pollfd> polled(1000, {.fd = -1, .events = POLLIN, .revents = 0});
  Waiting waiting{kForever};
  const LoweredLimit limit{RLIMIT_NOFILE, 500};

  for (const auto timeout : {nanoseconds{0}, kForever}) {
    const auto outcome = waiting.wait(polled, timeout, {});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_TRUE(outcome.error() == Errno::inval);
  }
}

}  // namespace
}  // namespace wapc::wasi
