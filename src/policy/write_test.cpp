#include <string>

#include <gtest/gtest.h>

#include "wapc/policy/policy.hpp"

namespace wapc {
namespace {

using namespace std::chrono_literals;

void expect_to_read_back(const Policy& policy) {
  const auto text = write_policy(policy);
  const auto read = parse_policy(text, "written");
  ASSERT_TRUE(read) << read.error().message() << "\n" << text;
  EXPECT_EQ(*read, policy) << text;
}

TEST(WritePolicyTest, WritesWhatAPersonWould) {
  const Policy policy{
      {{.guest = "hello",
        .on_denial = OnDenial::end_call,
        .deny = {{{"kv"}, {"secrets"}, {"*"}}},
        .allow = {{.names = {{"kv"}, {"cache"}, {"get", "set*"}},
                   .calls_per_call = 5,
                   .payload_bytes = 65'536}},
        .limits = {.memory_bytes = 64U << 20U, .call_timeout = 500ms},
        .wasi = {.environment = {{"QUALITY", "80"}}, .directories = {{"/srv", "/data"}}}},
       {.guest = "*"}}};

  EXPECT_EQ(write_policy(policy), R"([guest."hello"]
on_denial = "end_call"

[[guest."hello".deny]]
binding = "kv"
namespace = "secrets"

[[guest."hello".allow]]
binding = "kv"
namespace = "cache"
operation = ["get", "set*"]
calls_per_call = 5
payload = "64KiB"

[guest."hello".limits]
deadline = "500ms"
memory = "64MiB"

[guest."hello".wasi]

[guest."hello".wasi.env]
"QUALITY" = "80"

[[guest."hello".wasi.directory]]
host = "/srv"
guest = "/data"

[guest."*"]
)");
  expect_to_read_back(policy);
}

TEST(WritePolicyTest, WhateverIsInATextReadsBack) {
  const std::string odd =
      "\x01\x1b\"\\'\n\r\t\x7f\u0085\u202e\ufeff\u034f\u3164\u2800\ufe0f\U000e0001\u00e4\U0001f600 "
      "] = # ";
  expect_to_read_back({{{.guest = odd,
                         .allow = {{.names = {{odd, ""}, {""}, {odd}}}},
                         .wasi = {.arguments = {odd, ""},
                                  .environment = {{"n" + odd.substr(0, 8), odd}, {"A", ""}},
                                  .directories = {{odd, odd}, {"a", "b" + odd}}}}}});
}

TEST(WritePolicyTest, ManyDotsReadBack) {
  const std::string dots(4'096, '.');
  const std::vector<std::string> names(300, "a.b");
  expect_to_read_back({{{.guest = dots,
                         .allow = {{.names = {names, {dots}, {"*" + dots.substr(1), "a.b"}}}},
                         .wasi = {.arguments = {dots, dots},
                                  .environment = {{dots, dots}},
                                  .directories = {{dots, "/" + dots}}}}}});
}

TEST(WritePolicyTest, FewDotsAreWrittenAsTheyAre) {
  EXPECT_EQ(write_policy({{{.guest = "hello.wasm"}}}), "[guest.\"hello.wasm\"]\n");
}

TEST(WritePolicyTest, EveryNumberReadsBack) {
  constexpr std::uint64_t kMax = 0x7FFF'FFFF'FFFF'FFFF;
  for (const std::uint64_t number :
       {std::uint64_t{1}, std::uint64_t{1023}, std::uint64_t{1536}, kMax}) {
    const std::chrono::nanoseconds time{static_cast<std::int64_t>(number)};
    expect_to_read_back(
        {{{.allow = {{.calls_per_call = number,
                      .calls_per_second = std::min<std::uint64_t>(number, 1'000'000'000),
                      .payload_bytes = number,
                      .answer_bytes = number}},
           .limits = {.memory_bytes = number,
                      .fuel = number,
                      .call_timeout = time,
                      .start_timeout = time,
                      .log_lines = number},
           .module = {.load_timeout = time, .bytes = number, .locals = 4'294'967'295},
           .wasi = {.descriptors = number, .bytes_written = number, .time_slept = time}}}});
  }
}

TEST(WritePolicyTest, NothingReadsBackAsNothing) {
  EXPECT_EQ(write_policy({}), "");
  expect_to_read_back({});
}

TEST(WritePolicyTest, AnythingIsWritten) {
  // Not to be read back, but nothing breaks.
  EXPECT_FALSE(write_policy({{{.guest = "\xff", .allow = {{.names = {{}, {"\0"}, {}}}}}}}).empty());
}

}  // namespace
}  // namespace wapc
