// Arguments, environment, random bytes, ending, and sockets that nobody has.

#include <algorithm>

#include <gmock/gmock.h>

#include "support/wasi_test.hpp"

namespace wapc {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of these tests.
using ::testing::Each;
using ::testing::HasSubstr;

class WasiProcessTest : public WasiTest {};

TEST_P(WasiProcessTest, OffersAll46FunctionsInBothEditions) {
  EXPECT_EQ(Wasi::imports().functions.size(), 92U);
  EXPECT_TRUE(Wasi::offers_module("wasi_unstable"));
  EXPECT_TRUE(Wasi::offers_module("wasi_snapshot_preview1"));
  EXPECT_FALSE(Wasi::offers_module("wasi_snapshot_preview2"));
}

TEST_P(WasiProcessTest, HasNoArgumentsAndNoEnvironmentUnlessGiven) {
  auto guest = start();
  guest.set<std::uint32_t>(8, 99);
  guest.set<std::uint32_t>(12, 99);
  EXPECT_EQ(guest.call("args_sizes_get", {8, 12}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(8), 0U);
  EXPECT_EQ(guest.at<std::uint32_t>(12), 0U);
  EXPECT_EQ(guest.call("environ_sizes_get", {8, 12}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(8), 0U);
  EXPECT_EQ(guest.call("args_get", {0, 0}), e::success);
  EXPECT_EQ(guest.call("environ_get", {0, 0}), e::success);
}

TEST_P(WasiProcessTest, GivesArgumentsAndEnvironmentInOrder) {
  auto guest = start({.arguments = {"program", "", "über"}, .environment = {"A=1", "EMPTY="}});

  EXPECT_EQ(guest.call("args_sizes_get", {8, 12}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(8), 3U);
  EXPECT_EQ(guest.at<std::uint32_t>(12), 15U);
  EXPECT_EQ(guest.call("args_get", {16, 100}), e::success);
  EXPECT_EQ(guest.text(100, 15), std::string("program\0\0über\0", 15));
  EXPECT_EQ(guest.at<std::uint32_t>(16), 100U);
  EXPECT_EQ(guest.at<std::uint32_t>(20), 108U);
  EXPECT_EQ(guest.at<std::uint32_t>(24), 109U);

  EXPECT_EQ(guest.call("environ_sizes_get", {8, 12}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(8), 2U);
  EXPECT_EQ(guest.at<std::uint32_t>(12), 11U);
  EXPECT_EQ(guest.call("environ_get", {16, 200}), e::success);
  EXPECT_EQ(guest.text(200, 11), std::string("A=1\0EMPTY=\0", 11));
}

TEST_P(WasiProcessTest, WritesNoStringWhenOneOfThemWouldNotFit) {
  auto guest = start({.arguments = {"program"}, .environment = {"A=1"}});
  for (const auto* const function : {"args_get", "environ_get"}) {
    EXPECT_EQ(guest.call(function, {kOutside - 3, 100}), e::fault);
    EXPECT_EQ(guest.call(function, {16, kOutside - 3}), e::fault);
    EXPECT_EQ(guest.call(function, {0xFFFF'FFFF, 0xFFFF'FFFF}), e::fault);
  }
  EXPECT_THAT(guest.memory(), Each(std::byte{0}));
  for (const auto* const function : {"args_sizes_get", "environ_sizes_get"}) {
    EXPECT_EQ(guest.call(function, {kOutside - 3, 8}), e::fault);
    EXPECT_EQ(guest.call(function, {8, kOutside}), e::fault);
  }
  EXPECT_THAT(guest.memory(), Each(std::byte{0}));
}

TEST_P(WasiProcessTest, FillsWithRandomBytesOfTheKernel) {
  auto guest = start();
  EXPECT_EQ(guest.call("random_get", {0, 1000}), e::success);
  EXPECT_LT(std::ranges::count(guest.memory().first(1000), std::byte{0}), 100);
  EXPECT_EQ(guest.call("random_get", {2000, 32}), e::success);
  EXPECT_EQ(guest.call("random_get", {2032, 32}), e::success);
  EXPECT_NE(guest.text(2000, 32), guest.text(2032, 32));
  EXPECT_EQ(guest.call("random_get", {0, 0}), e::success);
}

TEST_P(WasiProcessTest, FillsWithTheBytesOfTheProgram) {
  auto guest = start(
      {.random = [](std::span<std::byte> bytes) { std::ranges::fill(bytes, std::byte{'r'}); }});
  EXPECT_EQ(guest.call("random_get", {0, 4}), e::success);
  EXPECT_EQ(guest.text(0, 5), std::string("rrrr\0", 5));
}

TEST_P(WasiProcessTest, FillsNothingOutsideTheMemory) {
  auto guest = start();
  EXPECT_EQ(guest.call("random_get", {8, kOutside}), e::fault);
  EXPECT_EQ(guest.call("random_get", {kOutside + 1, 0}), e::fault);
  EXPECT_EQ(guest.call("random_get", {0, 0xFFFF'FFFF}), e::fault);
  EXPECT_THAT(guest.memory(), Each(std::byte{0}));
}

TEST_P(WasiProcessTest, EndsTheCallWhenTheProgramsGeneratorThrows) {
  auto guest = start({.random = [](std::span<std::byte>) { throw std::runtime_error{"no more"}; }});
  const auto done = guest.try_call("random_get", {0, 4});
  EXPECT_EQ(done.error().code(), Errc::internal);
  EXPECT_THAT(done.error().message(), HasSubstr("no more"));
}

TEST_P(WasiProcessTest, RemembersTheCodeThatTheGuestExitedWith) {
  for (const std::uint32_t code : {0U, 3U, 0xFFFF'FFFFU}) {
    auto guest = start();
    const auto done = guest.try_call("proc_exit", {code});
    EXPECT_EQ(done.error().code(), Errc::trapped);
    EXPECT_EQ(done.error().message(), "the guest exited with code " + std::to_string(code));
    EXPECT_EQ(guest.wasi().exit_code(), code);
    guest.wasi().forget_exit();
    EXPECT_FALSE(guest.wasi().exit_code());
  }
}

TEST_P(WasiProcessTest, RaisesNoSignalAndYields) {
  auto guest = start();
  EXPECT_EQ(guest.call("proc_raise", {6}), e::notsup);
  EXPECT_EQ(guest.call("proc_raise", {0xFFFF'FFFF}), e::notsup);
  EXPECT_EQ(guest.call("sched_yield", {}), e::success);
}

TEST_P(WasiProcessTest, EndsTheYieldingOfACallThatIsOver) {
  std::stop_source stopped;
  stopped.request_stop();
  auto guest = start();
  const auto done = guest.try_call("sched_yield", {}, {.stop = stopped.get_token()});
  EXPECT_EQ(done.error().code(), Errc::cancelled);
}

TEST_P(WasiProcessTest, HasNoSockets) {
  auto guest = start(granting());
  for (const std::uint32_t fd : {kInput, kOutput, kDirectory}) {
    EXPECT_EQ(guest.call("sock_accept", {fd, 0, 8}), e::notsock);
    EXPECT_EQ(guest.call("sock_recv", {fd, 0, 0, 0, 8, 12}), e::notsock);
    EXPECT_EQ(guest.call("sock_send", {fd, 0, 0, 0, 8}), e::notsock);
    EXPECT_EQ(guest.call("sock_shutdown", {fd, 0}), e::notsock);
  }
  EXPECT_EQ(guest.call("sock_accept", {kNone, 0, 8}), e::badf);
  EXPECT_EQ(guest.call("sock_recv", {kNone, 0, 0, 0, 8, 12}), e::badf);
  EXPECT_EQ(guest.call("sock_send", {0xFFFF'FFFF, 0, 0, 0, 8}), e::badf);
  EXPECT_EQ(guest.call("sock_shutdown", {kNone, 0}), e::badf);
}

WAPC_TEST_ON_EVERY_ENGINE(WasiProcessTest);

}  // namespace
}  // namespace wapc
