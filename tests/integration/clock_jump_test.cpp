// The wall clock is set while guests run. This program has a `clock_gettime` of its own, which all
// that is linked into it uses, engines too.

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime is POSIX's.
#include <unistd.h>

#include "wapc/conformance/puppet.hpp"
#include "wapc/conformance/suite.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace {

constinit std::atomic<std::time_t> wall_clock_ahead = 0;  // Seconds.

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    time->tv_sec += wall_clock_ahead.load();
  }
  return static_cast<int>(result);
}

namespace wapc {
namespace {

using conformance::Script;
using conformance::Verb;
using std::chrono::hours;

constexpr std::time_t kYear = 365 * 24 * 3600;

class ClockJumpTest : public ::testing::TestWithParam<BuiltinEngine> {
 protected:
  void TearDown() override { wall_clock_ahead = 0; }

  static Result<Bytes> call(Host& host, const Script& script, const Budget& budget) {
    return host.invoke({.operation = "script", .payload = script.bytes(), .budget = budget});
  }

  std::unique_ptr<Host> start(std::shared_ptr<HostHandler> handler = nullptr) {
    const auto puppet = conformance::webassembly_guest("puppet").value();
    module_ = GuestModule::load(*engine_, puppet).value();
    return Host::start(module_, {.handler = std::move(handler)}).value();
  }

  std::unique_ptr<Engine> engine_ = GetParam().make().value();
  std::shared_ptr<const GuestModule> module_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClockJumpTest);

TEST(WallClockTest, IsWhatTheseTestsSet) {
  const auto before = std::chrono::system_clock::now();
  wall_clock_ahead = kYear;
  EXPECT_GT(std::chrono::system_clock::now() - before, hours{24 * 300});
  wall_clock_ahead = 0;
}

TEST_P(ClockJumpTest, DeadlinesHoldWhileTheClockIsSetBackAndForth) {
  const auto host = start();
  const std::jthread setter{[](const std::stop_token& stop) {
    for (int sign = 1; !stop.stop_requested(); sign = -sign) {
      wall_clock_ahead = sign * kYear;
      std::this_thread::yield();
    }
  }};
  for (int i = 0; i < 5; ++i) {
    const auto ended = call(*host, Script{}.say(Verb::loop),
                            {.deadline = Budget::Clock::now() + std::chrono::milliseconds{5}});
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code(), Errc::deadline_exceeded);
  }
}

TEST_P(ClockJumpTest, NoCallIsCutShortWhenTheClockIsSetAhead) {
  const auto host = start(answering([](const HostCall& call) -> Result<Bytes> {
    wall_clock_ahead += kYear;
    EXPECT_TRUE(call.budget.check());
    return Bytes{};
  }));
  const auto script = Script{}.host_call("a", "b", "c", "").response("still here");
  for (const auto deadline : {Budget::Clock::now() + hours{1}, Budget::Clock::time_point::max()}) {
    const auto answer = call(*host, script, {.deadline = deadline});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(as_text(*answer), "still here");
  }
}

TEST_P(ClockJumpTest, GuestsAreLoadedStartedAndReplacedWhenTheClockWasSetBack) {
  const auto host = start();
  wall_clock_ahead = -kYear;
  EXPECT_TRUE(start());
  EXPECT_TRUE(host->replace_module(module_, {.deadline = Budget::Clock::now() + hours{1}}));
  EXPECT_TRUE(call(*host, Script{}.response("x"), {}));
}

INSTANTIATE_TEST_SUITE_P(Engines, ClockJumpTest, ::testing::ValuesIn(builtin_engines()),
                         [](const auto& engine) { return std::string{engine.param.name}; });

}  // namespace
}  // namespace wapc
