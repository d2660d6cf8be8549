#include "wapc/base/guest_log.hpp"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_log.hpp"

namespace wapc {
namespace {

using ::testing::ElementsAre;
using testing::RecordingLog;

TEST(GuestLogTest, TakesSoManyLinesInACall) {
  const auto sink = std::make_shared<RecordingLog>();
  GuestLog log{sink, 1, {.lines = 2}};
  EXPECT_TRUE(log.log(LogSource::console, "one"));
  EXPECT_TRUE(log.log(LogSource::standard_output, "two"));
  const auto refused = log.log(LogSource::console, "three");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::limit_exceeded);
  EXPECT_EQ(refused.error().message(), "the guest logged more than 2 lines in one call");
  log.begin_call();
  EXPECT_TRUE(log.log(LogSource::console, "four"));
  EXPECT_THAT(sink->lines, ElementsAre("console: one", "stdout: two", "console: four"));
}

TEST(GuestLogTest, TakesSoManyBytesInACall) {
  const auto sink = std::make_shared<RecordingLog>();
  GuestLog log{sink, 1, {.bytes = 6}};
  EXPECT_TRUE(log.log(LogSource::console, "one"));
  const auto refused = log.log(LogSource::console, "four");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "the guest logged more than 6 bytes in one call");
  EXPECT_TRUE(log.log(LogSource::console, "two"));
  EXPECT_TRUE(log.log(LogSource::console, ""));
  EXPECT_THAT(sink->lines, ElementsAre("console: one", "console: two", "console: "));
}

TEST(GuestLogTest, CountsWhenNobodyListens) {
  GuestLog log{nullptr, 1, {.lines = 1}};
  EXPECT_TRUE(log.log(LogSource::console, "one"));
  EXPECT_FALSE(log.log(LogSource::console, "two"));
}

TEST(GuestLogTest, DropsWhatIsSaidOfTheGuestWhenItIsTooMuch) {
  const auto sink = std::make_shared<RecordingLog>();
  GuestLog log{sink, 1, {.bytes = 100, .lines = 2}};
  for (int i = 0; i < 5; ++i) log.report("the host handler threw");
  EXPECT_THAT(sink->lines,
              ElementsAre("host: the host handler threw", "host: the host handler threw"));
  log.begin_call();
  log.report(std::string(101, 'x'));
  EXPECT_EQ(sink->lines.size(), 2U);
}

}  // namespace
}  // namespace wapc
