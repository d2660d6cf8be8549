#include <atomic>
#include <deque>
#include <filesystem>
#include <iterator>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_pool.hpp"

// How instances come and go.

namespace wapc {
namespace {

using namespace std::chrono_literals;
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
using testing::ScriptedModule;
using testing::trap;
using testing::wait_until;
using testing::waiting_at;

TEST(PoolInstancesTest, StartsAsManyAsItIsToldAndKeepsThem) {
  const auto pool = Pool::start(load(Script{[](auto& guest) { return respond(guest); }}),
                                {.instances_min = 3, .instances_max = 5})
                        .value();

  EXPECT_EQ(pool->stats().instances, 3U);
  EXPECT_EQ(pool->stats().idle, 3U);
  EXPECT_EQ(as_text(pool->invoke(kAny).value()), "done");
  EXPECT_EQ(pool->stats().instances, 3U);
}

std::ptrdiff_t threads_of_process() {
  return std::distance(std::filesystem::directory_iterator{"/proc/self/task"}, {});
}

TEST(PoolInstancesTest, HasAThreadOnceThereIsSomethingForIt) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer has a thread of its own from when there is a second one";
#endif
  if (!std::filesystem::exists("/proc/self/task")) GTEST_SKIP() << "nothing says what threads are";
  const auto without = threads_of_process();
  Gated quiet{{.instances_min = 1}};
  EXPECT_TRUE(quiet.pool->invoke(kAny));
  EXPECT_EQ(threads_of_process(), without);

  EXPECT_FALSE(quiet.pool->invoke({.operation = "trap"}));  // It starts another one.
  EXPECT_EQ(threads_of_process(), without + 1);
  {
    Gated growing{{.instances_min = 0}};
    EXPECT_TRUE(growing.pool->invoke(kAny));  // It drops that one when it is idle.
    EXPECT_EQ(threads_of_process(), without + 2);
  }
  EXPECT_TRUE(quiet.pool->drain());
}

TEST(PoolInstancesTest, KeepsAThreadOnTheSameInstance) {
  const auto pool = Pool::start(load(Script{[](auto& guest) { return respond(guest); }}),
                                {.instances_min = 3, .instances_max = 3})
                        .value();
  std::set<std::uint64_t> guests;
  for (int i = 0; i < 100; ++i) {
    Bytes response;
    CallStats stats;
    EXPECT_TRUE(pool->invoke_into(kAny, response, stats));
    guests.insert(stats.guest_id);
  }
  EXPECT_EQ(guests.size(), 1U);
}

TEST(PoolInstancesTest, GrowsOnDemandAndNoFurther) {
  Gated gated{{.instances_min = 0, .instances_max = 3}};
  EXPECT_EQ(gated.pool->stats().instances, 0U);
  std::deque<Caller> callers;
  for (int i = 0; i < 5; ++i) callers.emplace_back(*gated.pool, kWait);
  gated.gate->await(3);
  await_waiters(*gated.pool, 2);
  EXPECT_EQ(gated.pool->stats().running_now, 3U);
  EXPECT_EQ(gated.pool->stats().instances, 3U);

  gated.gate->open();

  for (auto& caller : callers) EXPECT_TRUE(caller.outcome());
  EXPECT_EQ(gated.pool->stats().calls, 5U);
}

TEST(PoolInstancesTest, ShrinksWhenIdle) {
  Gated gated{{.instances_min = 1, .instances_max = 3, .idle_timeout = 1ms}};
  std::deque<Caller> callers;
  for (int i = 0; i < 3; ++i) callers.emplace_back(*gated.pool, kWait);
  gated.gate->await(3);
  gated.gate->open();
  for (auto& caller : callers) EXPECT_TRUE(caller.outcome());

  wait_until([&] { return gated.pool->stats().instances == 1; });

  EXPECT_EQ(gated.pool->stats().dropped_idle, 2U);
  EXPECT_TRUE(gated.pool->invoke(kAny));
}

TEST(PoolInstancesTest, ReplacesSpentInstancesBehindItsCallers) {
  Gated gated{{.instances_min = 2, .instances_max = 2}};
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(gated.pool->invoke({.operation = "trap"}).error().code(), Errc::trapped);
  }
  wait_until([&] { return gated.pool->stats().idle == 2; });
  EXPECT_EQ(gated.pool->stats().spent, 10U);
  EXPECT_EQ(gated.pool->stats().failures(Errc::trapped), 10U);
}

TEST(PoolInstancesTest, RecyclesAfterSoManyCalls) {
  const auto pool = Pool::start(load(Script{[](auto& guest) { return respond(guest); }}),
                                {.instances_max = 1, .recycling = {.calls = 3}})
                        .value();
  std::multiset<std::uint64_t> guests;
  for (int i = 0; i < 9; ++i) {
    Bytes response;
    CallStats stats;
    ASSERT_TRUE(pool->invoke_into(kAny, response, stats));
    guests.insert(stats.guest_id);
  }
  for (const auto guest : guests) EXPECT_EQ(guests.count(guest), 3U);
  EXPECT_EQ(pool->stats().recycled, 3U);
}

TEST(PoolInstancesTest, RecyclesAfterEachCallThatNoneSeesAnother) {
  const auto counts = [](ScriptedGuest& guest) {
    guest.memory()[5000] = static_cast<std::byte>(std::to_integer<int>(guest.memory()[5000]) + 1);
    return respond(guest, guest.memory()[5000] == std::byte{1} ? "fresh" : "used");
  };
  const auto pool =
      Pool::start(load(Script{counts}), {.instances_max = 2, .recycling = {.calls = 1}}).value();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(as_text(pool->invoke(kAny).value()), "fresh");
}

TEST(PoolInstancesTest, RecyclesWhatHasGrown) {
  const auto grows = [](ScriptedGuest& guest) {
    guest.grow();
    return respond(guest);
  };
  const auto pool = Pool::start(load(Script{grows}),
                                {.instances_max = 1, .recycling = {.memory_bytes = 3 * 65536}})
                        .value();
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(pool->invoke(kAny));  // Each third one is too many.
  EXPECT_EQ(pool->stats().recycled, 3U);
  EXPECT_LE(pool->stats().memory_bytes, 3 * 65536U);
}

ScriptedModule starting_while(std::shared_ptr<std::atomic<bool>> starts, Script guest_call) {
  return {.functions = {{"__guest_call", std::move(guest_call)}},
          .start = [starts](ScriptedGuest& guest) -> Result<std::uint64_t> {
            if (!*starts) return trap(guest);
            return 0;
          }};
}

TEST(PoolInstancesTest, SaysAtOnceWhyGuestsDoNotStartAndGoesOnWhenTheyDo) {
  const auto starts = std::make_shared<std::atomic<bool>>(true);
  const auto pool =
      Pool::start(load(starting_while(starts,
                                      [](ScriptedGuest& guest) {
                                        return operation_of(guest) == "trap" ? trap(guest)
                                                                             : respond(guest);
                                      })),
                  {.host = {.restart_wait = 1ms, .restart_wait_max = 2ms}, .instances_max = 2})
          .value();
  *starts = false;
  EXPECT_EQ(pool->invoke({.operation = "trap"}).error().code(), Errc::trapped);
  for (int i = 0; i < 10; ++i) {
    const auto refused = pool->invoke(kAny);
    if (refused) continue;  // The instance may have been replaced before the guest got worse.
    EXPECT_EQ(refused.error().code(), Errc::init_failed);
    EXPECT_THAT(refused.error().message(), HasSubstr("instantiate: unreachable"));
  }

  *starts = true;

  wait_until([&] { return pool->stats().idle > 0; });
  EXPECT_TRUE(pool->invoke(kAny));
}

TEST(PoolInstancesTest, TellsAllWhoWaitWhenTheLastGuestDoesNotStartAgain) {
  const auto starts = std::make_shared<std::atomic<bool>>(true);
  const auto gate = std::make_shared<Gate>();
  const auto pool =
      Pool::start(load(starting_while(starts, waiting_at(gate))),
                  {.host = {.restart_wait = 1h, .restart_wait_max = 1h}, .instances_max = 1})
          .value();
  std::stop_source stop;
  Caller running{*pool, {.operation = "wait", .budget = {.stop = stop.get_token()}}};
  gate->await(1);
  std::deque<Caller> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back(*pool);
  await_waiters(*pool, 4);
  *starts = false;

  stop.request_stop();

  EXPECT_EQ(running.outcome().error().code(), Errc::cancelled);
  for (auto& caller : waiting) EXPECT_EQ(caller.outcome().error().code(), Errc::init_failed);
  EXPECT_THAT(pool->invoke(kAny).error().message(), HasSubstr("not started again yet"));
}

TEST(PoolInstancesTest, DoesNotStartAPoolWhoseGuestDoesNotStart) {
  const auto module = load({.functions = {{"__guest_call", trap}}, .start = trap});
  const auto pool = Pool::start(module, {.instances_min = 2, .instances_max = 2});
  EXPECT_EQ(pool.error().code(), Errc::init_failed);
  EXPECT_THAT(pool.error().message(), HasSubstr("instance 1 of 2: "));
}

TEST(PoolInstancesTest, LeavesNothingBehindWhenItsStartIsCancelled) {
  // Its thread tries again at once, as the guest has not been given the chance, and is ended.
  for (int round = 0; round < 50; ++round) {
    std::stop_source stop;
    std::atomic<int> starts = 0;
    auto module = load({.functions = {{"__guest_call", trap}},
                        .start = [&](ScriptedGuest& guest) -> Result<std::uint64_t> {
                          if (++starts == 1) stop.request_stop();
                          wait_until([&] { return !guest.budget().check(); });
                          return std::unexpected{guest.budget().check().error()};
                        }});
    const auto cancelled = Pool::start(std::move(module), {}, {.stop = stop.get_token()});
    EXPECT_EQ(cancelled.error().code(), Errc::cancelled);
  }
}

TEST(PoolInstancesTest, FindsOutByACallWhenNothingIsWarmedUp) {
  const auto module = load({.functions = {{"__guest_call", trap}}, .start = trap});
  const auto pool = Pool::start(module, {.instances_min = 0, .instances_max = 2}).value();
  EXPECT_EQ(pool->invoke(kAny).error().code(), Errc::init_failed);
}

TEST(PoolInstancesTest, SaysWhatToChangeWhenTheMachineHasNotGotIt) {
  const auto left = std::make_shared<std::atomic<int>>(2);
  const auto module = load({.functions = {{"__guest_call", trap}},
                            .start = [left](ScriptedGuest&) -> Result<std::uint64_t> {
                              if ((*left)-- == 0) {
                                return failure(Errc::limit_exceeded, "no memory");
                              }
                              return 0;
                            }});
  const auto pool = Pool::start(module, {.instances_min = 9, .instances_max = 9});
  EXPECT_EQ(pool.error().code(), Errc::limit_exceeded);
  EXPECT_THAT(pool.error().message(), HasSubstr("instance 3 of 9: instantiate: no memory"));
  EXPECT_THAT(pool.error().message(), HasSubstr("PoolOptions::instances_min"));
}

TEST(PoolInstancesTest, ServesOnWithWhatItHasWhenItCannotGrow) {
  const auto starts = std::make_shared<std::atomic<bool>>(true);
  const auto gate = std::make_shared<Gate>();
  const auto pool =
      Pool::start(load(starting_while(starts, waiting_at(gate))), {.instances_max = 2}).value();
  *starts = false;
  Caller running{*pool, kWait};
  gate->await(1);
  Caller waiting{*pool};
  await_waiters(*pool, 1);

  gate->open();

  EXPECT_TRUE(running.outcome());
  EXPECT_TRUE(waiting.outcome());
}

TEST(PoolInstancesTest, EndsWhileItStartsAGuestThatHangs) {
  const auto gate = std::make_shared<Gate>();
  const auto starts = std::make_shared<std::atomic<int>>(0);
  auto pool = Pool::start(load({.functions = {{"__guest_call", trap}},
                                .start = [=](ScriptedGuest& guest) -> Result<std::uint64_t> {
                                  if (++*starts == 1) return 0;
                                  if (auto passed = gate->pass(guest.budget()); !passed) {
                                    return std::unexpected{passed.error()};
                                  }
                                  return 0;
                                }}),
                          {.host = {.start_timeout = 1h}})
                  .value();
  EXPECT_EQ(pool->invoke(kAny).error().code(), Errc::trapped);
  gate->await(1);  // The pool's own thread.
  pool.reset();
}

}  // namespace
}  // namespace wapc
