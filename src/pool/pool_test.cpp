#include "wapc/pool/pool.hpp"

#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_pool.hpp"

namespace wapc {
namespace {

using namespace std::chrono_literals;
using testing::ask;
using testing::await_waiters;
using testing::Caller;
using testing::Gate;
using testing::Gated;
using ::testing::HasSubstr;
using testing::kAny;
using testing::kWait;
using testing::load;
using testing::operation_of;
using testing::respond;
using testing::Script;
using testing::ScriptedGuest;
using testing::trap;

TEST(PoolTest, RefusesSizesThatMakeNoSense) {
  constexpr auto kAbsurd = std::numeric_limits<std::size_t>::max();
  for (const auto& options :
       {PoolOptions{.instances_min = 3, .instances_max = 2}, PoolOptions{.instances_max = kAbsurd},
        PoolOptions{.instances_min = kAbsurd}, PoolOptions{.idle_timeout = 0s},
        PoolOptions{.idle_timeout = -1s}}) {
    const auto pool = Pool::start(load(trap), options);
    ASSERT_FALSE(pool);
    EXPECT_EQ(pool.error().code(), Errc::invalid_options);
    EXPECT_THAT(pool.error().message(), HasSubstr("PoolOptions::"));
  }
}

TEST(PoolTest, StandsAnyQueueAndAnyTime) {
  const auto pool = Pool::start(load(Script{[](auto& guest) { return respond(guest); }}),
                                {.host = {.call_timeout = std::chrono::nanoseconds::max()},
                                 .instances_min = 0,
                                 .instances_max = 1,
                                 .queue_max = std::numeric_limits<std::size_t>::max(),
                                 .idle_timeout = std::chrono::nanoseconds::max()})
                        .value();
  EXPECT_TRUE(pool->invoke(kAny));
}

TEST(PoolTest, OpensDirectoriesOnceAndSaysWhichIsNotThere) {
  const auto pool = Pool::start(
      load(trap),
      {.host = {.wasi = {.directories = {{.host_path = "/no/such", .guest_path = "/"}}}}});
  EXPECT_EQ(pool.error().code(), Errc::invalid_options);
  EXPECT_THAT(pool.error().message(), HasSubstr("/no/such"));
}

TEST(PoolTest, SaysWhatACallCameTo) {
  const auto pool = Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                                  for (int i = 0; i < 3; ++i) {
                                    if (auto asked = ask(guest); !asked) return asked;
                                  }
                                  return respond(guest);
                                }),
                                {.host = {.guest_id = 7}})
                        .value();
  Bytes response;
  CallStats stats;
  ASSERT_TRUE(pool->invoke_into(kAny, response, stats));
  EXPECT_EQ(stats.host_calls, 3U);
  EXPECT_EQ(stats.memory_bytes, 65536U);
  EXPECT_EQ(stats.guest_id, 7U);
  EXPECT_EQ(stats.version, 1U);
  EXPECT_GT(stats.running, 0ns);
  EXPECT_EQ(stats.waiting, 0ns);
  EXPECT_EQ(pool->stats().host_calls, 3U);
  EXPECT_EQ(pool->stats().memory_bytes, 65536U);
}

TEST(PoolTest, DrainsWhatRunsAndWhatWaitsAndTakesNoMore) {
  Gated gated{{.instances_max = 1}};
  Caller running{*gated.pool, kWait};
  gated.gate->await(1);
  Caller waiting{*gated.pool};
  await_waiters(*gated.pool, 1);

  EXPECT_EQ(gated.pool->drain({.deadline = Budget::Clock::now()}).error().code(),
            Errc::deadline_exceeded);
  EXPECT_EQ(gated.pool->invoke(kAny).error().code(), Errc::unavailable);
  gated.gate->open();
  EXPECT_TRUE(gated.pool->drain());

  EXPECT_TRUE(running.outcome());
  EXPECT_TRUE(waiting.outcome());
  EXPECT_EQ(gated.pool->stats().instances, 0U);
  EXPECT_EQ(gated.pool->invoke(kAny).error().code(), Errc::unavailable);
  EXPECT_EQ(gated.pool->swap(load(trap)).error().code(), Errc::unavailable);
  EXPECT_TRUE(gated.pool->drain());
}

TEST(PoolTest, DrainsForAsLongAsItMay) {
  Gated gated{{.instances_max = 1}};
  Caller running{*gated.pool, kWait};
  gated.gate->await(1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(gated.pool->drain({.stop = stop.get_token()}).error().code(), Errc::cancelled);
  gated.gate->open();
}

TEST(PoolTest, CannotBeDrainedByAHandlerOfItsOwn) {
  std::unique_ptr<Pool> pool;
  Errc drained{};
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    drained = pool->drain().error().code();
    return Bytes{};
  });
  pool = Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                       if (auto asked = ask(guest); !asked) return asked;
                       return respond(guest);
                     }),
                     {.host = {.handler = handler}})
             .value();
  EXPECT_TRUE(pool->invoke(kAny));
  EXPECT_EQ(drained, Errc::busy);
}

TEST(PoolTest, LetsHandlersOfCallsThatRunCallItWhileItDrains) {
  std::unique_ptr<Pool> pool;
  Gate gate;
  const auto handler = answering([&](const HostCall& call) -> Result<Bytes> {
    if (call.invocation->operation == "inner") return Bytes{};
    if (auto passed = gate.pass(call.budget); !passed) return std::unexpected{passed.error()};
    EXPECT_TRUE(pool->invoke({.operation = "inner"}));
    return Bytes{};
  });
  pool = Pool::start(load(Script{[](ScriptedGuest& guest) -> Result<std::uint64_t> {
                       if (auto asked = ask(guest); !asked) return asked;
                       return respond(guest);
                     }}),
                     {.host = {.handler = handler}, .instances_min = 2, .instances_max = 2})
             .value();
  Caller running{*pool, {.operation = "outer"}};
  gate.await(1);
  EXPECT_FALSE(pool->drain({.deadline = Budget::Clock::now()}));
  gate.open();
  EXPECT_TRUE(pool->drain());
  EXPECT_TRUE(running.outcome());
}

TEST(PoolTest, GivesEachInstanceToOneCallerAtATime) {
  // Each guest counts who is inside it.
  std::atomic<int> shared = 0;
  const auto pool =
      Pool::start(load([&](ScriptedGuest& guest) -> Result<std::uint64_t> {
                    auto inside = std::atomic_ref{guest.memory()[6000]};
                    if (inside.exchange(std::byte{1}) != std::byte{0}) ++shared;
                    const auto operation = operation_of(guest);
                    std::this_thread::yield();
                    inside = std::byte{0};
                    return operation == "trap" ? trap(guest) : respond(guest, operation);
                  }),
                  {.instances_max = 3, .idle_timeout = 1ms, .recycling = {.calls = 7}})
          .value();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 500; ++i) {
          const auto name = std::to_string(thread) + "/" + std::to_string(i);
          const auto traps = i % 10 == 9;
          const auto answer = pool->invoke({.operation = traps ? "trap" : std::string_view{name}});
          if (traps ? answer || answer.error().code() != Errc::trapped
                    : !answer || as_text(*answer) != name) {
            ++wrong;
          }
        }
      });
    }
  }
  EXPECT_EQ(shared, 0);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(pool->stats().calls, 4000U);
  EXPECT_EQ(pool->stats().failures(Errc::trapped), 400U);
}

}  // namespace
}  // namespace wapc
