#include "wapc/wasi/wasi.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.hpp"
#include "support/recording_log.hpp"
#include "support/scripted_engine.hpp"

namespace wapc {
namespace {

using ::testing::ElementsAre;
using testing::RecordingLog;
using testing::Script;
using testing::ScriptedEngine;
using testing::ScriptedGuest;

constexpr std::uint64_t kSuccess = 0;
constexpr std::uint64_t kBadf = 8;
constexpr std::uint64_t kFault = 21;
constexpr std::uint64_t kInval = 28;
constexpr std::uint64_t kNotdir = 54;
constexpr std::uint64_t kNotsock = 57;
constexpr std::uint64_t kSpipe = 70;
constexpr std::uint64_t kOutside = 65536;

Result<std::uint64_t> run(Wasi& wasi, Script script, const Budget& budget = {}) {
  const auto module = ScriptedEngine{std::move(script)}.compile({}).value();
  const auto linked = module->link(std::array{Wasi::imports()}).value();
  const auto guest = linked->instantiate(std::array<HostState*, 1>{&wasi}, {}, {}).value();
  return guest->call(ExportIndex{0}, {}, budget);
}

/// What one function answers to a guest that has nothing.
std::uint64_t answer(std::string_view function, std::initializer_list<std::uint64_t> arguments,
                     WasiConfig config = {}) {
  Wasi wasi{std::move(config), 1, nullptr};
  return run(wasi, [&](ScriptedGuest& guest) { return guest.host(function, arguments); }).value();
}

/// Lays out one vector at 0 that says `text`, which stands at 100.
void put_vector(ScriptedGuest& guest, std::string_view text) {
  store<std::uint32_t>(guest.memory(), 0, 100);
  store(guest.memory(), 4, static_cast<std::uint32_t>(guest.put(100, text)));
}

TEST(WasiTest, OffersAll46FunctionsInBothEditions) {
  const auto functions = Wasi::imports().functions;
  EXPECT_EQ(functions.size(), 92U);
  EXPECT_TRUE(Wasi::offers_module("wasi_unstable"));
  EXPECT_TRUE(Wasi::offers_module("wasi_snapshot_preview1"));
  EXPECT_FALSE(Wasi::offers_module("wasi_snapshot_preview2"));
}

TEST(WasiTest, RemembersTheCodeThatTheGuestExitedWith) {
  Wasi wasi{{}, 1, nullptr};

  const auto returned = run(wasi, [](auto& guest) { return guest.host("proc_exit", {3}); });

  EXPECT_EQ(returned.error().code(), Errc::trapped);
  EXPECT_EQ(returned.error().message(), "the guest exited with code 3");
  EXPECT_EQ(wasi.exit_code(), 3);
}

TEST(WasiTest, AnswersWithFaultWhenAPointerIsOutsideTheMemory) {
  EXPECT_EQ(answer("clock_time_get", {1, 0, kOutside - 4}), kFault);
  EXPECT_EQ(answer("clock_res_get", {1, kOutside}), kFault);
  EXPECT_EQ(answer("args_sizes_get", {0, kOutside}), kFault);
  EXPECT_EQ(answer("environ_sizes_get", {kOutside, 0}), kFault);
  EXPECT_EQ(answer("args_get", {kOutside + 1, 0}), kFault);
  EXPECT_EQ(answer("random_get", {0, kOutside + 1}), kFault);
  EXPECT_EQ(answer("fd_fdstat_get", {1, kOutside - 23}), kFault);
  EXPECT_EQ(answer("fd_filestat_get", {1, kOutside - 63}), kFault);
  EXPECT_EQ(answer("fd_write", {1, kOutside - 4, 1, 0}), kFault);
  EXPECT_EQ(answer("fd_write", {1, 0, 0xFFFF'FFFF, 0}), kFault);
  EXPECT_EQ(answer("fd_write", {1, 0, 0, kOutside}), kFault);
  EXPECT_EQ(answer("fd_read", {0, 0, 0, kOutside}), kFault);
  EXPECT_EQ(answer("poll_oneoff", {kOutside, 0, 1, 0}), kFault);
  EXPECT_EQ(answer("poll_oneoff", {0, 0, 0xFFFF'FFFF, 0}), kFault);
}

TEST(WasiTest, GrantsNoDirectorySocketOrSeekableFile) {
  EXPECT_EQ(answer("fd_prestat_get", {3, 0}), kBadf);
  EXPECT_EQ(answer("fd_prestat_get", {1, 0}), kBadf);
  EXPECT_EQ(answer("path_open", {3, 0, 0, 1, 0, 0, 0, 0, 0}), kBadf);
  EXPECT_EQ(answer("path_open", {0, 0, 0, 1, 0, 0, 0, 0, 0}), kNotdir);
  EXPECT_EQ(answer("path_symlink", {0, 1, 1, 0, 1}), kNotdir);
  EXPECT_EQ(answer("path_symlink", {0, 1, 3, 0, 1}), kBadf);
  EXPECT_EQ(answer("fd_seek", {1, 0, 0, 0}), kSpipe);
  EXPECT_EQ(answer("fd_tell", {9, 0}), kBadf);
  EXPECT_EQ(answer("sock_accept", {0, 0, 0}), kNotsock);
  EXPECT_EQ(answer("sock_send", {5, 0, 0, 0, 0}), kBadf);
}

TEST(WasiTest, TellsTheTimeOfTheClocksItWasGiven) {
  Wasi wasi{{.realtime_clock = [] { return std::chrono::nanoseconds{7}; },
             .monotonic_clock = [] { return std::chrono::nanoseconds{5}; }},
            1,
            nullptr};

  const auto returned = run(wasi, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    EXPECT_EQ(guest.host("clock_time_get", {0, 0, 8}).value(), kSuccess);
    EXPECT_EQ(guest.host("clock_time_get", {1, 0, 16}).value(), kSuccess);
    EXPECT_EQ(load<std::uint64_t>(guest.memory(), 8), 7U);
    EXPECT_EQ(load<std::uint64_t>(guest.memory(), 16), 5U);
    return guest.host("clock_time_get", {2, 0, 0});
  });

  EXPECT_EQ(returned.value(), kInval);
}

TEST(WasiTest, FillsWithRandomBytes) {
  Wasi wasi{{}, 1, nullptr};

  const auto returned = run(wasi, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    EXPECT_EQ(guest.host("random_get", {0, 1000}).value(), kSuccess);
    const auto zeros = std::ranges::count(guest.memory().first(1000), std::byte{0});
    EXPECT_LT(zeros, 100);
    return 0;
  });

  EXPECT_TRUE(returned.has_value());
}

TEST(WasiTest, LogsOutputLineByLineAndKeepsTheLastPartUntilItIsFlushed) {
  const auto log = std::make_shared<RecordingLog>();
  Wasi wasi{{}, 1, log};

  const auto returned = run(wasi, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    put_vector(guest, "one\ntw");
    EXPECT_EQ(guest.host("fd_write", {1, 0, 1, 8}).value(), kSuccess);
    EXPECT_EQ(load<std::uint32_t>(guest.memory(), 8), 6U);
    put_vector(guest, "o\n\nthree");
    EXPECT_EQ(guest.host("fd_write", {1, 0, 1, 8}).value(), kSuccess);
    put_vector(guest, "error");
    return guest.host("fd_write", {2, 0, 1, 8});
  });

  EXPECT_EQ(returned.value(), kSuccess);
  EXPECT_THAT(log->lines, ElementsAre("stdout: one", "stdout: two", "stdout: "));
  wasi.flush();
  EXPECT_THAT(log->lines, ElementsAre("stdout: one", "stdout: two", "stdout: ", "stdout: three",
                                      "stderr: error"));
}

TEST(WasiTest, CutsALongLineBetweenCharacters) {
  const auto log = std::make_shared<RecordingLog>();
  Wasi wasi{{}, 1, log};

  const auto returned = run(wasi, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    const auto text = std::string(65535, 'a') + "\u00e9\n";  // The last character is cut in two.
    for (std::size_t at = 0; at < text.size(); at += 32768) {
      put_vector(guest, std::string_view{text}.substr(at, 32768));
      EXPECT_EQ(guest.host("fd_write", {1, 0, 1, 8}).value(), kSuccess);
    }
    return 0;
  });

  EXPECT_TRUE(returned.has_value());
  EXPECT_THAT(log->lines, ElementsAre("stdout: " + std::string(65535, 'a'), "stdout: \u00e9"));
}

TEST(WasiTest, WritesAtMost64KiBAtOnceAndNothingWhenTheCallIsOver) {
  std::stop_source stopped;
  stopped.request_stop();
  Wasi wasi{{}, 1, std::make_shared<RecordingLog>()};
  const auto writes = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    for (const std::uint32_t at : {0U, 8U}) {
      store<std::uint32_t>(guest.memory(), at, 100);
      store<std::uint32_t>(guest.memory(), at + 4, 65000);
    }
    WAPC_CHECK(guest.host("fd_write", {1, 0, 2, 16}));
    return load<std::uint32_t>(guest.memory(), 16);
  };

  EXPECT_EQ(run(wasi, writes).value(), 65536U);
  EXPECT_EQ(run(wasi, writes, {.stop = stopped.get_token()}).error().code(), Errc::cancelled);
}

TEST(WasiTest, FindsStandardInputAtItsEnd) {
  Wasi wasi{{}, 1, nullptr};

  const auto returned = run(wasi, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    put_vector(guest, "untouched");
    store<std::uint32_t>(guest.memory(), 8, 99);
    EXPECT_EQ(guest.host("fd_read", {0, 0, 1, 8}).value(), kSuccess);
    EXPECT_EQ(load<std::uint32_t>(guest.memory(), 8), 0U);
    return guest.host("fd_read", {1, 0, 1, 8});
  });

  EXPECT_EQ(returned.value(), kBadf);
}

TEST(WasiTest, KnowsNoDescriptorThatWasClosed) {
  Wasi wasi{{}, 1, nullptr};

  const auto returned = run(wasi, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    EXPECT_EQ(guest.host("fd_close", {1}).value(), kSuccess);
    EXPECT_EQ(guest.host("fd_close", {1}).value(), kBadf);
    return guest.host("fd_write", {1, 0, 0, 0});
  });

  EXPECT_EQ(returned.value(), kBadf);
}

/// A subscription to the monotonic clock, as preview 1 lays it out.
void put_clock(ScriptedGuest& guest, std::uint32_t at, std::uint64_t user_data,
               std::uint64_t timeout, std::uint16_t flags) {
  store(guest.memory(), at, user_data);
  store<std::uint32_t>(guest.memory(), at + 16, 1);
  store(guest.memory(), at + 24, timeout);
  store(guest.memory(), at + 40, flags);
}

TEST(WasiTest, WakesForTheFirstOfTwoClocks) {
  Wasi wasi{{}, 1, nullptr};

  const auto returned = run(wasi, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    put_clock(guest, 0, 11, 1'000'000, 0);
    put_clock(guest, 48, 22, 3'600'000'000'000, 0);
    EXPECT_EQ(guest.host("poll_oneoff", {0, 1000, 2, 2000}).value(), kSuccess);
    EXPECT_EQ(load<std::uint32_t>(guest.memory(), 2000), 1U);
    EXPECT_EQ(load<std::uint64_t>(guest.memory(), 1000), 11U);
    return 0;
  });

  EXPECT_TRUE(returned.has_value()) << returned.error().message();
}

TEST(WasiTest, EndsAWaitWhenTheCallIsCancelledOrItsDeadlinePasses) {
  std::stop_source stopped;
  stopped.request_stop();
  const auto soon = Budget::Clock::now() + std::chrono::milliseconds{1};
  for (const auto& [budget, code] :
       {std::pair{Budget{.stop = stopped.get_token()}, Errc::cancelled},
        std::pair{Budget{.deadline = soon, .stop = {}}, Errc::deadline_exceeded}}) {
    Wasi wasi{{}, 1, nullptr};
    const auto returned = run(
        wasi,
        [](ScriptedGuest& guest) {
          put_clock(guest, 0, 11, 3'600'000'000'000, 0);
          return guest.host("poll_oneoff", {0, 1000, 1, 2000});
        },
        budget);
    EXPECT_EQ(returned.error().code(), code);
  }
}

TEST(WasiTest, RefusesToPollForNothing) {
  EXPECT_EQ(answer("poll_oneoff", {0, 0, 0, 0}), kInval);
}

}  // namespace
}  // namespace wapc
