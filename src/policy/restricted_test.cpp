#include "wapc/policy/restricted.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace wapc {
namespace {

using namespace std::chrono_literals;

TEST(RestrictedTest, WhatThePolicyNamesIsInPlaceOfTheProgramsOwn) {
  const auto options =
      restricted(HostOptions{.limits = {.memory_bytes = 1000, .table_elements = 7}},
                 {.limits = {.memory_bytes = 2000,
                             .memories = 2,
                             .tables = 3,
                             .fuel = 4,
                             .call_timeout = 5s,
                             .start_timeout = 6s,
                             .response_bytes = 7,
                             .error_bytes = 8,
                             .host_call_bytes = 9,
                             .name_bytes = 10,
                             .host_calls = 11,
                             .log_bytes = 12,
                             .log_lines = 13,
                             .nesting_max = 14}});

  EXPECT_EQ(options.limits.memory_bytes, 2000U);
  EXPECT_EQ(options.limits.table_elements, 7U);
  EXPECT_EQ(options.limits.memories, 2U);
  EXPECT_EQ(options.limits.tables, 3U);
  EXPECT_EQ(options.limits.fuel, 4U);
  EXPECT_EQ(options.call_timeout, 5s);
  EXPECT_EQ(options.start_timeout, 6s);
  EXPECT_EQ(options.call_limits.response_bytes, 7U);
  EXPECT_EQ(options.call_limits.error_bytes, 8U);
  EXPECT_EQ(options.call_limits.host_call_bytes, 9U);
  EXPECT_EQ(options.call_limits.name_bytes, 10U);
  EXPECT_EQ(options.call_limits.host_calls, 11U);
  EXPECT_EQ(options.call_limits.log_bytes, 12U);
  EXPECT_EQ(options.call_limits.log_lines, 13U);
  EXPECT_EQ(options.nesting_max, 14U);
}

TEST(RestrictedTest, WhatThePolicyDoesNotNameStays) {
  const auto options = restricted(
      HostOptions{
          .limits = {.memory_bytes = 1000}, .call_timeout = 1s, .wasi = {.arguments = {"a"}}},
      GuestPolicy{});

  EXPECT_EQ(options.limits.memory_bytes, 1000U);
  EXPECT_EQ(options.call_timeout, 1s);
  EXPECT_EQ(options.wasi.arguments, std::vector<std::string>{"a"});
  EXPECT_TRUE(options.ending_codes.empty());
}

TEST(RestrictedTest, GrantsWhatThePolicySaysAndNothingElse) {
  const HostOptions given{.wasi = {.arguments = {"name"},
                                   .environment = {"SECRET=1"},
                                   .directories = {{.host_path = "/", .guest_path = "/"}}}};
  const auto options =
      restricted(given, {.wasi = {.arguments = {"--fast"},
                                  .environment = {{"A", "1"}, {"B", ""}},
                                  .directories = {{"/srv", "/data", DirectoryAccess::read_write}},
                                  .descriptors = 5,
                                  .time_slept = 1s}});

  EXPECT_EQ(options.wasi.arguments, (std::vector<std::string>{"name", "--fast"}));
  EXPECT_EQ(options.wasi.environment, (std::vector<std::string>{"A=1", "B="}));
  ASSERT_EQ(options.wasi.directories.size(), 1U);
  EXPECT_EQ(options.wasi.directories[0].host_path, "/srv");
  EXPECT_EQ(options.wasi.directories[0].guest_path, "/data");
  EXPECT_EQ(options.wasi.directories[0].access, DirectoryAccess::read_write);
  EXPECT_EQ(options.wasi.limits.descriptors, 5U);
  EXPECT_EQ(options.wasi.limits.time_slept, 1s);

  EXPECT_TRUE(restricted(given, GuestPolicy{}).wasi.environment.empty());
  EXPECT_TRUE(restricted(given, GuestPolicy{}).wasi.directories.empty());
}

TEST(RestrictedTest, PutsTheHandlerBehindTheRules) {
  const auto options = restricted(
      HostOptions{.handler = answering([](const HostCall&) { return Result<Bytes>{Bytes{}}; })},
      GuestPolicy{.on_denial = OnDenial::end_call});
  const Budget budget;
  Bytes reply;

  EXPECT_EQ(options.ending_codes, std::vector<Errc>{Errc::denied});
  EXPECT_EQ(options.handler
                ->answer({.guest_id = 1,
                          .binding = "a",
                          .name_space = "b",
                          .operation = "c",
                          .payload = {},
                          .budget = budget},
                         reply)
                .error()
                .code(),
            Errc::denied);
}

TEST(RestrictedTest, LimitsTheModule) {
  const auto options = restricted(
      GuestModuleOptions{},
      {.module = {.load_timeout = 1s, .bytes = 2, .functions = 3, .locals = ~0ULL, .nesting = 4}});

  EXPECT_EQ(options.load_timeout, 1s);
  EXPECT_EQ(options.limits.bytes, 2U);
  EXPECT_EQ(options.limits.functions, 3U);
  EXPECT_EQ(options.limits.locals, std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(options.limits.nesting, 4U);
  EXPECT_EQ(options.limits.globals, ModuleLimits{}.globals);
}

}  // namespace
}  // namespace wapc
