// Clocks, waiting, and standard streams.

#include <array>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <unistd.h>

#include "support/recording_log.hpp"
#include "support/wasi_test.hpp"

namespace wapc {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of these tests.
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kForever = UINT64_MAX;
constexpr std::uint32_t kRealtime = 0;
constexpr std::uint32_t kMonotonic = 1;
constexpr std::uint16_t kAbsolute = 1;

/// Where subscriptions and events stand.
constexpr std::uint32_t kSubscriptions = 1024;
constexpr std::uint32_t kEvents = 32768;

/// A pipe; the ends that are left open close with it.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }

  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) ::close(end);
    }
  }

  void write(std::string_view text) const {
    EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  void close(std::size_t end) {
    ::close(ends[end]);
    ends[end] = -1;
  }

  std::array<int, 2> ends{};
};

class WasiWaitingTest : public WasiTest {
 protected:
  static void put_clock(RawWasi& guest, std::uint32_t i, std::uint64_t user_data,
                        std::uint32_t clock, std::uint64_t timeout, std::uint16_t flags = 0) {
    const auto at = kSubscriptions + 48 * i;
    std::ranges::fill(guest.memory().subspan(at, 48), std::byte{0});
    guest.set(at, user_data);
    guest.set(at + 16, clock);
    guest.set(at + 24, timeout);
    guest.set(at + 40, flags);
  }

  /// Of type 1 (can be read) or 2 (can be written).
  static void put_descriptor(RawWasi& guest, std::uint32_t i, std::uint64_t user_data,
                             std::uint8_t type, std::uint32_t fd) {
    const auto at = kSubscriptions + 48 * i;
    std::ranges::fill(guest.memory().subspan(at, 48), std::byte{0});
    guest.set(at, user_data);
    guest.set(at + 8, type);
    guest.set(at + 16, fd);
  }

  static std::uint32_t poll(RawWasi& guest, std::uint32_t count) {
    return guest.call("poll_oneoff", {kSubscriptions, kEvents, count, kSize});
  }

  static std::uint32_t happened(RawWasi& guest) { return guest.at<std::uint32_t>(kSize); }

  struct Event {
    std::uint64_t user_data;
    std::uint16_t error;
    std::uint8_t type;
    std::uint64_t bytes;
    std::uint16_t flags;

    friend bool operator==(const Event&, const Event&) = default;
  };

  static Event event(RawWasi& guest, std::uint32_t i) {
    const auto at = kEvents + 32 * i;
    return {guest.at<std::uint64_t>(at), guest.at<std::uint16_t>(at + 8),
            guest.at<std::uint8_t>(at + 10), guest.at<std::uint64_t>(at + 16),
            guest.at<std::uint16_t>(at + 24)};
  }
};

TEST_P(WasiWaitingTest, TellsTheTimeOfTheMachine) {
  auto guest = start();
  const auto before = std::chrono::system_clock::now().time_since_epoch().count();
  EXPECT_EQ(guest.call("clock_time_get", {kRealtime, 0, 8}), e::success);
  EXPECT_GE(guest.at<std::uint64_t>(8), static_cast<std::uint64_t>(before));
  EXPECT_EQ(guest.call("clock_time_get", {kMonotonic, 0, 8}), e::success);
  EXPECT_EQ(guest.call("clock_time_get", {kMonotonic, 0, 16}), e::success);
  EXPECT_LE(guest.at<std::uint64_t>(8), guest.at<std::uint64_t>(16));
  for (const std::uint32_t clock : {kRealtime, kMonotonic}) {
    EXPECT_EQ(guest.call("clock_res_get", {clock, 8}), e::success);
    EXPECT_EQ(guest.at<std::uint64_t>(8), 1U);
  }
}

TEST_P(WasiWaitingTest, TellsTheTimeOfTheProgramsClocksAsCoarseAsAsked) {
  auto guest = start({.realtime_clock = [] { return std::chrono::nanoseconds{1'234'567}; },
                      .monotonic_clock = [] { return std::chrono::nanoseconds{999}; },
                      .clock_resolution = std::chrono::microseconds{1}});
  EXPECT_EQ(guest.call("clock_time_get", {kRealtime, 0, 8}), e::success);
  EXPECT_EQ(guest.at<std::uint64_t>(8), 1'234'000U);
  EXPECT_EQ(guest.call("clock_time_get", {kMonotonic, 0, 8}), e::success);
  EXPECT_EQ(guest.at<std::uint64_t>(8), 0U);
  EXPECT_EQ(guest.call("clock_res_get", {kRealtime, 8}), e::success);
  EXPECT_EQ(guest.at<std::uint64_t>(8), 1'000U);
}

TEST_P(WasiWaitingTest, KnowsTwoClocks) {
  auto guest = start();
  for (const std::uint32_t clock : {2U, 3U, 4U, 0xFFFF'FFFFU}) {
    EXPECT_EQ(guest.call("clock_time_get", {clock, 0, 8}), e::inval);
    EXPECT_EQ(guest.call("clock_res_get", {clock, 8}), e::inval);
  }
  EXPECT_EQ(guest.call("clock_time_get", {kRealtime, 0, kOutside - 7}), e::fault);
  EXPECT_EQ(guest.call("clock_res_get", {kRealtime, kOutside}), e::fault);
}

TEST_P(WasiWaitingTest, WakesForTheFirstOfTwoClocks) {
  auto guest = start();
  put_clock(guest, 0, 11, kMonotonic, 1'000'000);
  put_clock(guest, 1, 22, kRealtime, kForever);
  EXPECT_EQ(poll(guest, 2), e::success);
  EXPECT_EQ(happened(guest), 1U);
  EXPECT_EQ(event(guest, 0), (Event{11, 0, 0, 0, 0}));
}

TEST_P(WasiWaitingTest, WakesAtOnceForWhatIsOver) {
  auto guest = start();
  put_clock(guest, 0, 1, kMonotonic, 0);
  put_clock(guest, 1, 2, kRealtime, 1, kAbsolute);
  put_clock(guest, 2, 3, kMonotonic, kForever);
  put_clock(guest, 3, 4, kRealtime, kForever, kAbsolute);
  EXPECT_EQ(poll(guest, 4), e::success);
  EXPECT_EQ(happened(guest), 2U);
  EXPECT_EQ(event(guest, 0).user_data, 1U);
  EXPECT_EQ(event(guest, 1).user_data, 2U);
}

TEST_P(WasiWaitingTest, TakesTheProgramsWordForWhatTimeItIs) {
  auto guest = start({.realtime_clock = [] { return std::chrono::hours{1}; }});
  put_clock(guest, 0, 1, kRealtime, 3'600'000'000'000, kAbsolute);
  EXPECT_EQ(poll(guest, 1), e::success);
  EXPECT_EQ(happened(guest), 1U);
}

TEST_P(WasiWaitingTest, LaysOutASubscriptionAsTheOldEditionDid) {
  auto guest = start({}, kUnstable);
  guest.set<std::uint64_t>(kSubscriptions, 77);
  guest.set<std::uint64_t>(kSubscriptions + 16, UINT64_MAX);  // The identifier.
  guest.set<std::uint32_t>(kSubscriptions + 24, kMonotonic);
  guest.set<std::uint64_t>(kSubscriptions + 32, 1'000);
  guest.set<std::uint64_t>(kSubscriptions + 56, 78);  // The second one: output.
  guest.set<std::uint8_t>(kSubscriptions + 56 + 8, 2);
  guest.set<std::uint32_t>(kSubscriptions + 56 + 16, kOutput);
  EXPECT_EQ(poll(guest, 1), e::success);
  EXPECT_EQ(event(guest, 0), (Event{77, 0, 0, 0, 0}));
  guest.set<std::uint64_t>(kSubscriptions + 32, kForever);
  EXPECT_EQ(poll(guest, 2), e::success);
  EXPECT_EQ(event(guest, 0).user_data, 78U);
}

TEST_P(WasiWaitingTest, ReportsEachSubscriptionsOwnError) {
  tree().write("file", "text");
  auto guest = start(granting());
  const auto file = open_or_fail(guest, "file");
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {kError, 64, 0}), e::success);
  put_clock(guest, 0, 1, 2, 1);
  put_descriptor(guest, 1, 2, 1, kNone);
  put_descriptor(guest, 2, 3, 1, kDirectory);
  put_descriptor(guest, 3, 4, 1, kOutput);
  put_descriptor(guest, 4, 5, 2, kError);  // No right to poll any more.
  put_descriptor(guest, 5, 6, 2, file);    // Not open for writing.
  put_clock(guest, 6, 7, kMonotonic, kForever);
  EXPECT_EQ(poll(guest, 7), e::success);
  EXPECT_EQ(happened(guest), 6U);
  EXPECT_EQ(event(guest, 0), (Event{1, e::inval, 0, 0, 0}));
  EXPECT_EQ(event(guest, 1), (Event{2, e::badf, 1, 0, 0}));
  EXPECT_EQ(event(guest, 2).error, e::badf);
  EXPECT_EQ(event(guest, 3).error, e::badf);
  EXPECT_EQ(event(guest, 4).error, e::notcapable);
  EXPECT_EQ(event(guest, 5).error, e::badf);
}

TEST_P(WasiWaitingTest, FindsFilesAndBytesReady) {
  tree().write("file", "text");
  auto config = granting();
  config.standard_input = std::make_shared<const Bytes>(3, std::byte{'i'});
  auto guest = start(std::move(config));
  const auto file = open_or_fail(guest, "file", {.rights = 66});
  EXPECT_EQ(read_from(guest, file, 1), "t");
  put_descriptor(guest, 0, 1, 1, file);
  put_descriptor(guest, 1, 2, 2, file);
  put_descriptor(guest, 2, 3, 1, kInput);
  put_descriptor(guest, 3, 4, 2, kOutput);
  EXPECT_EQ(poll(guest, 4), e::success);
  EXPECT_EQ(happened(guest), 4U);
  EXPECT_EQ(event(guest, 0), (Event{1, 0, 1, 3, 0}));
  EXPECT_EQ(event(guest, 1).error, 0U);
  EXPECT_EQ(event(guest, 2), (Event{3, 0, 1, 3, 0}));
  EXPECT_EQ(event(guest, 3).error, 0U);
  EXPECT_EQ(read_from(guest, file), "ext");
  EXPECT_EQ(poll(guest, 1), e::success);
  EXPECT_EQ(event(guest, 0).flags, 1U);  // Its end.
}

TEST_P(WasiWaitingTest, WaitsForAPipe) {
  const Pipe pipe;
  auto guest = start({.standard_input = HostDescriptor{pipe.ends[0]}});
  put_descriptor(guest, 0, 1, 1, kInput);
  put_clock(guest, 1, 2, kMonotonic, kForever);
  std::jthread writer{[&] { pipe.write("hello"); }};
  EXPECT_EQ(poll(guest, 2), e::success);
  writer.join();
  EXPECT_EQ(happened(guest), 1U);
  EXPECT_EQ(event(guest, 0), (Event{1, 0, 1, 5, 0}));
  EXPECT_EQ(read_from(guest, kInput), "hello");
}

TEST_P(WasiWaitingTest, AnswersPollsOfWhatCannotBe) {
  auto guest = start();
  put_clock(guest, 0, 1, kMonotonic, 0);
  EXPECT_EQ(poll(guest, 0), e::inval);
  EXPECT_EQ(poll(guest, 0xFFFF'FFFF), e::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {0, 0, 4097, kSize}), e::inval);
  EXPECT_EQ(guest.call("poll_oneoff", {kOutside - 47, kEvents, 1, kSize}), e::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {kSubscriptions, kOutside - 31, 1, kSize}), e::fault);
  EXPECT_EQ(guest.call("poll_oneoff", {kSubscriptions, kEvents, 1, kOutside - 3}), e::fault);
  put_descriptor(guest, 0, 1, 3, kInput);
  EXPECT_EQ(poll(guest, 1), e::inval);
  put_clock(guest, 0, 1, kMonotonic, 0, 2);
  EXPECT_EQ(poll(guest, 1), e::inval);
}

TEST_P(WasiWaitingTest, EndsAWaitWhenTheCallIsCancelledOrItsDeadlinePasses) {
  const Pipe pipe;
  const auto soon = [] { return Budget::Clock::now() + std::chrono::milliseconds{5}; };
  std::stop_source stopped;
  stopped.request_stop();
  for (const bool polls : {true, false}) {
    for (const bool cancels : {true, false}) {
      auto guest = start({.standard_input = HostDescriptor{pipe.ends[0]}});
      put_clock(guest, 0, 1, kMonotonic, kForever);
      put_descriptor(guest, 1, 1, 1, kInput);
      put_vector(guest, 10);
      const auto budget =
          cancels ? Budget{.stop = stopped.get_token()} : Budget{.deadline = soon(), .stop = {}};
      const auto done =
          polls ? guest.try_call("poll_oneoff", {kSubscriptions, kEvents, 2, kSize}, budget)
                : guest.try_call("fd_read", {kInput, kVector, 1, kSize}, budget);
      EXPECT_EQ(done.error().code(), cancels ? Errc::cancelled : Errc::deadline_exceeded);
    }
  }
}

TEST_P(WasiWaitingTest, EndsAWaitThatIsCancelledMeanwhile) {
  const Pipe pipe;
  auto guest = start({.standard_input = HostDescriptor{pipe.ends[0]}});
  put_vector(guest, 10);
  std::stop_source stop;
  std::jthread stopper{[&] { stop.request_stop(); }};
  const auto done =
      guest.try_call("fd_read", {kInput, kVector, 1, kSize}, {.stop = stop.get_token()});
  EXPECT_EQ(done.error().code(), Errc::cancelled);
}

TEST_P(WasiWaitingTest, EndsTheCallOfAGuestThatSleepsLongerThanItMay) {
  auto guest = start({.limits = {.time_slept = std::chrono::milliseconds{1}}});
  put_clock(guest, 0, 1, kMonotonic, kForever);
  const auto done = guest.try_call("poll_oneoff", {kSubscriptions, kEvents, 1, kSize});
  EXPECT_EQ(done.error().code(), Errc::limit_exceeded);
  EXPECT_THAT(done.error().message(), HasSubstr("time_slept"));
}

TEST_P(WasiWaitingTest, ReadsNothingUnlessGiven) {
  auto guest = start();
  EXPECT_EQ(read_from(guest, kInput), "");
  EXPECT_EQ(guest.call("fd_write", {kInput, kVector, 1, kSize}), e::badf);
}

TEST_P(WasiWaitingTest, ReadsAPipeToItsEnd) {
  Pipe pipe;
  auto guest = start({.standard_input = HostDescriptor{pipe.ends[0]}});
  pipe.write("one");
  EXPECT_EQ(read_from(guest, kInput), "one");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {kInput, 4}), e::success);
  put_vector(guest, 10);
  EXPECT_EQ(guest.call("fd_read", {kInput, kVector, 1, kSize}), e::again);
  pipe.close(1);
  EXPECT_EQ(read_from(guest, kInput), "");
}

TEST_P(WasiWaitingTest, WritesToABufferUntilItIsFull) {
  const auto buffer = std::make_shared<OutputBuffer>(5);
  auto guest = start({.standard_output = buffer, .standard_error = buffer});
  EXPECT_EQ(write_to(guest, kOutput, "out"), e::success);
  EXPECT_EQ(write_to(guest, kError, "error"), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 2U);
  EXPECT_EQ(write_to(guest, kError, "more"), e::dquot);
  EXPECT_EQ(as_text(buffer->take()), "outer");
  EXPECT_EQ(write_to(guest, kOutput, "again"), e::success);
}

TEST_P(WasiWaitingTest, SurvivesAReaderThatHasGone) {
  Pipe pipe;
  auto guest = start({.standard_output = HostDescriptor{pipe.ends[1]}});
  EXPECT_EQ(write_to(guest, kOutput, "text"), e::success);
  pipe.close(0);
  EXPECT_EQ(write_to(guest, kOutput, "text"), e::pipe);  // And no signal has ended the test.
}

TEST_P(WasiWaitingTest, EndsAWriteThatNobodyReads) {
  const Pipe pipe;
  auto guest = start({.standard_output = HostDescriptor{pipe.ends[1]}});
  const std::string text(60'000, 'x');
  EXPECT_EQ(write_to(guest, kOutput, text), e::success);  // A pipe holds as much.
  const auto length = guest.put(kData, text);
  put_vector(guest, length);
  const Budget soon{.deadline = Budget::Clock::now() + std::chrono::milliseconds{5}, .stop = {}};
  auto done = guest.try_call("fd_write", {kOutput, kVector, 1, kSize}, soon);
  while (done && *done == e::success) {  // What fitted in.
    done = guest.try_call("fd_write", {kOutput, kVector, 1, kSize}, soon);
  }
  EXPECT_EQ(done.error().code(), Errc::deadline_exceeded);
}

TEST_P(WasiWaitingTest, LogsOutputLineByLineAndKeepsTheLastPartUntilItIsFlushed) {
  const auto log = std::make_shared<RecordingLog>();
  auto guest = start({}, kPreview1, log);
  EXPECT_EQ(write_to(guest, kOutput, "one\ntw"), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 6U);
  EXPECT_EQ(write_to(guest, kOutput, "o\n\nthree"), e::success);
  EXPECT_EQ(write_to(guest, kError, "error"), e::success);
  EXPECT_THAT(log->lines, ElementsAre("stdout: one", "stdout: two", "stdout: "));
  guest.wasi().flush();
  EXPECT_THAT(log->lines, ElementsAre("stdout: one", "stdout: two", "stdout: ", "stdout: three",
                                      "stderr: error"));
}

TEST_P(WasiWaitingTest, LosesNothingThatAGuestPrintedBeforeItClosedItsOutputOrExited) {
  const auto log = std::make_shared<RecordingLog>();
  auto guest = start({}, kPreview1, log);
  EXPECT_EQ(write_to(guest, kOutput, "closed"), e::success);
  EXPECT_EQ(guest.call("fd_close", {kOutput}), e::success);
  EXPECT_THAT(log->lines, ElementsAre("stdout: closed"));
  EXPECT_EQ(write_to(guest, kError, "exited"), e::success);
  EXPECT_FALSE(guest.try_call("proc_exit", {1}));
  EXPECT_THAT(log->lines, ElementsAre("stdout: closed", "stderr: exited"));
}

WAPC_TEST_ON_EVERY_ENGINE(WasiWaitingTest);

}  // namespace
}  // namespace wapc
