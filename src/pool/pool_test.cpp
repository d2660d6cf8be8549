#include "wapc/pool/pool.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <mutex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_pool.hpp"

namespace wapc {
namespace {

using namespace std::chrono_literals;
using testing::Caller;
using testing::Gate;
using ::testing::HasSubstr;
using testing::load;
using testing::operation_of;
using testing::respond;
using testing::Script;
using testing::ScriptedGuest;
using testing::ScriptedModule;
using testing::trap;
using testing::wait_until;

const Invocation kAny{.operation = "any"};

/// A guest that waits at `gate` when its operation is `wait`, and traps when it is `trap`.
Script waiting_at(std::shared_ptr<Gate> gate) {
  return [gate](ScriptedGuest& guest) -> Result<std::uint64_t> {
    const auto operation = operation_of(guest);
    if (operation == "trap") return trap(guest);
    if (operation == "wait") {
      if (auto passed = gate->pass(guest.budget()); !passed) {
        return std::unexpected{passed.error()};
      }
    }
    return respond(guest, operation);
  };
}

struct Gated {
  explicit Gated(PoolOptions options)
      : pool{Pool::start(load(waiting_at(gate)), std::move(options)).value()} {}

  ~Gated() { gate->open(); }

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  std::unique_ptr<Pool> pool;
};

const Invocation kWait{.operation = "wait"};

/// Waits until so many callers are in the queue.
void await_waiters(const Pool& pool, std::size_t count) {
  wait_until([&] { return pool.stats().waiting_now == count; });
}

TEST(PoolTest, StartsAsManyAsItIsToldAndKeepsThem) {
  const auto pool = Pool::start(load(Script{[](auto& guest) { return respond(guest); }}),
                                {.instances_min = 3, .instances_max = 5})
                        .value();

  EXPECT_EQ(pool->stats().instances, 3U);
  EXPECT_EQ(pool->stats().idle, 3U);
  EXPECT_EQ(as_text(pool->invoke(kAny).value()), "done");
  EXPECT_EQ(pool->stats().instances, 3U);
}

TEST(PoolTest, KeepsAThreadOnTheSameInstance) {
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

TEST(PoolTest, GrowsOnDemandAndNoFurther) {
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

TEST(PoolTest, ShrinksWhenIdle) {
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

TEST(PoolTest, IsOverloadedAsSoonAsTheQueueIsFull) {
  Gated gated{{.instances_max = 1, .queue_max = 1}};
  Caller running{*gated.pool, kWait};
  gated.gate->await(1);
  Caller waiting{*gated.pool};
  await_waiters(*gated.pool, 1);

  const auto refused = gated.pool->invoke(kAny);

  EXPECT_EQ(refused.error().code(), Errc::overloaded);
  EXPECT_THAT(refused.error().message(), HasSubstr("1 callers wait already"));
  gated.gate->open();
  EXPECT_TRUE(running.outcome());
  EXPECT_TRUE(waiting.outcome());
  EXPECT_EQ(gated.pool->stats().failures(Errc::overloaded), 1U);
}

TEST(PoolTest, LetsNobodyWaitWhenThereIsNoQueue) {
  Gated gated{{.instances_max = 1, .queue_max = 0}};
  Caller running{*gated.pool, kWait};
  gated.gate->await(1);

  EXPECT_EQ(gated.pool->invoke(kAny).error().code(), Errc::overloaded);
  gated.gate->open();
}

TEST(PoolTest, ServesFirstComeFirst) {
  std::mutex mutex;
  std::string order;
  const auto gate = std::make_shared<Gate>();
  const auto pool = Pool::start(load([&](ScriptedGuest& guest) -> Result<std::uint64_t> {
                                  const auto operation = operation_of(guest);
                                  if (operation == "wait") {
                                    EXPECT_TRUE(gate->pass(guest.budget()));
                                  }
                                  const std::scoped_lock lock{mutex};
                                  order += operation;
                                  return respond(guest);
                                }),
                                {.instances_max = 1})
                        .value();
  std::deque<Caller> callers;
  callers.emplace_back(*pool, kWait);
  gate->await(1);
  for (const auto* name : {"a", "b", "c", "d"}) {
    callers.emplace_back(*pool, Invocation{.operation = name});
    await_waiters(*pool, callers.size() - 1);
  }

  gate->open();
  for (auto& caller : callers) EXPECT_TRUE(caller.outcome());

  EXPECT_EQ(order, "waitabcd");
}

TEST(PoolTest, CountsTheWaitToTheDeadline) {
  Gated gated{{.instances_max = 1}};
  Caller running{*gated.pool, kWait};
  gated.gate->await(1);

  const auto late =
      gated.pool->invoke({.operation = "any", .budget = {.deadline = Budget::Clock::now() + 1ms}});

  EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
  EXPECT_THAT(late.error().message(), HasSubstr("waiting for an instance: "));
  EXPECT_EQ(gated.pool->stats().waiting_now, 0U);
  gated.gate->open();
}

TEST(PoolTest, WaitsNoLongerThanACallMayTake) {
  Gated gated{{.host = {.call_timeout = 1ms}, .instances_max = 1}};
  Caller running{*gated.pool, {.operation = "wait"}};

  // Whichever of the two got the instance, the other one waits, and both end.
  const auto other = gated.pool->invoke(kWait);

  EXPECT_EQ(other.error().code(), Errc::deadline_exceeded);
  EXPECT_EQ(running.outcome().error().code(), Errc::deadline_exceeded);
}

TEST(PoolTest, GivesTheGuestWhatIsLeftOfTheTime) {
  const auto gate = std::make_shared<Gate>();
  const auto deadline = Budget::Clock::now() + 1h;
  const auto pool = Pool::start(load([&](ScriptedGuest& guest) -> Result<std::uint64_t> {
                                  if (operation_of(guest) == "wait") {
                                    EXPECT_TRUE(gate->pass(guest.budget()));
                                  } else {
                                    EXPECT_EQ(guest.budget().deadline, deadline);
                                  }
                                  return respond(guest);
                                }),
                                {.host = {.call_timeout = 2h}, .instances_max = 1})
                        .value();
  Caller running{*pool, kWait};
  gate->await(1);
  Caller waiting{*pool, {.operation = "any", .budget = {.deadline = deadline}}};
  await_waiters(*pool, 1);
  gate->open();
  EXPECT_TRUE(running.outcome());
  EXPECT_TRUE(waiting.outcome());
}

TEST(PoolTest, LetsAWaiterBeCancelled) {
  Gated gated{{.instances_max = 1}};
  Caller running{*gated.pool, kWait};
  gated.gate->await(1);
  std::stop_source stop;
  Caller waiting{*gated.pool, {.operation = "any", .budget = {.stop = stop.get_token()}}};
  await_waiters(*gated.pool, 1);

  stop.request_stop();

  EXPECT_EQ(waiting.outcome().error().code(), Errc::cancelled);
  gated.gate->open();
  EXPECT_TRUE(running.outcome());
  EXPECT_TRUE(gated.pool->invoke(kAny));
}

TEST(PoolTest, ReplacesSpentInstancesBehindItsCallers) {
  Gated gated{{.instances_min = 2, .instances_max = 2}};
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(gated.pool->invoke({.operation = "trap"}).error().code(), Errc::trapped);
  }
  wait_until([&] { return gated.pool->stats().idle == 2; });
  EXPECT_EQ(gated.pool->stats().spent, 10U);
  EXPECT_EQ(gated.pool->stats().failures(Errc::trapped), 10U);
}

TEST(PoolTest, HandsTheCapacityOfASpentInstanceToWhoeverWaits) {
  Gated gated{{.instances_max = 1}};
  std::stop_source stop;
  Caller running{*gated.pool, {.operation = "wait", .budget = {.stop = stop.get_token()}}};
  gated.gate->await(1);
  std::deque<Caller> waiting;
  for (int i = 0; i < 3; ++i) waiting.emplace_back(*gated.pool, Invocation{.operation = "trap"});
  await_waiters(*gated.pool, 3);

  stop.request_stop();

  EXPECT_EQ(running.outcome().error().code(), Errc::cancelled);
  for (auto& caller : waiting) EXPECT_EQ(caller.outcome().error().code(), Errc::trapped);
}

TEST(PoolTest, RecyclesAfterSoManyCalls) {
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

TEST(PoolTest, RecyclesAfterEachCallThatNoneSeesAnother) {
  const auto counts = [](ScriptedGuest& guest) {
    guest.memory()[5000] = static_cast<std::byte>(std::to_integer<int>(guest.memory()[5000]) + 1);
    return respond(guest, guest.memory()[5000] == std::byte{1} ? "fresh" : "used");
  };
  const auto pool =
      Pool::start(load(Script{counts}), {.instances_max = 2, .recycling = {.calls = 1}}).value();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(as_text(pool->invoke(kAny).value()), "fresh");
}

TEST(PoolTest, RecyclesWhatHasGrown) {
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

/// A guest that starts while `*starts`.
ScriptedModule starting_while(std::shared_ptr<std::atomic<bool>> starts, Script guest_call) {
  return {.functions = {{"__guest_call", std::move(guest_call)}},
          .start = [starts](ScriptedGuest& guest) -> Result<std::uint64_t> {
            if (!*starts) return trap(guest);
            return 0;
          }};
}

TEST(PoolTest, SaysAtOnceWhyGuestsDoNotStartAndGoesOnWhenTheyDo) {
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

TEST(PoolTest, TellsAllWhoWaitWhenTheLastGuestDoesNotStartAgain) {
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

TEST(PoolTest, DoesNotStartAPoolWhoseGuestDoesNotStart) {
  const auto module = load({.functions = {{"__guest_call", trap}}, .start = trap});
  const auto pool = Pool::start(module, {.instances_min = 2, .instances_max = 2});
  EXPECT_EQ(pool.error().code(), Errc::init_failed);
  EXPECT_THAT(pool.error().message(), HasSubstr("instance 1 of 2: "));
}

TEST(PoolTest, FindsOutByACallWhenNothingIsWarmedUp) {
  const auto module = load({.functions = {{"__guest_call", trap}}, .start = trap});
  const auto pool = Pool::start(module, {.instances_min = 0, .instances_max = 2}).value();
  EXPECT_EQ(pool->invoke(kAny).error().code(), Errc::init_failed);
}

TEST(PoolTest, SaysWhatToChangeWhenTheMachineHasNotGotIt) {
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

TEST(PoolTest, ServesOnWithWhatItHasWhenItCannotGrow) {
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

/// A pool whose guests ask their handler, which calls the pool so many times deep.
struct Reentrant {
  Reentrant(std::size_t instances, int deep) {
    const auto handler = answering([this, deep](const HostCall&) -> Result<Bytes> {
      if (++depth > deep) return Bytes{};
      const auto inner = pool->invoke(kAny);
      if (!inner) failed = inner.error().code();
      return Bytes{};
    });
    pool = Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                         if (auto asked = guest.host("__host_call", {0, 0, 0, 0, 0, 0, 0, 0});
                             !asked) {
                           return asked;
                         }
                         return respond(guest);
                       }),
                       {.host = {.handler = handler}, .instances_max = instances})
               .value();
  }

  std::unique_ptr<Pool> pool;
  std::atomic<int> depth = 0;
  std::atomic<Errc> failed{};
};

TEST(PoolTest, LetsAHandlerCallItsOwnPool) {
  Reentrant reentrant{3, 2};
  EXPECT_TRUE(reentrant.pool->invoke(kAny));
  EXPECT_EQ(reentrant.depth, 3);
  EXPECT_EQ(reentrant.failed, Errc{});
}

TEST(PoolTest, IsBusyWhenAHandlerHoldsAllInstancesAndWantsOne) {
  Reentrant reentrant{3, 3};
  EXPECT_TRUE(reentrant.pool->invoke(kAny));
  EXPECT_EQ(reentrant.failed, Errc::busy);
  EXPECT_TRUE(reentrant.pool->invoke(kAny));
}

TEST(PoolTest, IsBusyWhenCallsWaitForEachOther) {
  // Two calls hold the two instances, and each handler wants one more.
  std::latch both{2};
  std::unique_ptr<Pool> pool;
  std::atomic<int> busy = 0;
  const auto handler = answering([&](const HostCall& call) -> Result<Bytes> {
    if (call.invocation->operation != "outer") return Bytes{};
    both.arrive_and_wait();
    const auto inner = pool->invoke({.operation = "inner"});
    if (!inner && inner.error().code() == Errc::busy) ++busy;
    return Bytes{};
  });
  pool =
      Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                    if (auto asked = guest.host("__host_call", {0, 0, 0, 0, 0, 0, 0, 0}); !asked) {
                      return asked;
                    }
                    return respond(guest);
                  }),
                  {.host = {.handler = handler, .call_timeout = 1h}, .instances_max = 2})
          .value();
  Caller one{*pool, {.operation = "outer"}};
  Caller other{*pool, {.operation = "outer"}};

  EXPECT_TRUE(one.outcome());
  EXPECT_TRUE(other.outcome());

  EXPECT_EQ(busy, 1);  // The one who came second; the other one got its instance.
}

TEST(PoolTest, SaysWhatACallCameTo) {
  const auto pool =
      Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                    for (int i = 0; i < 3; ++i) {
                      if (auto asked = guest.host("__host_call", {0, 0, 0, 0, 0, 0, 0, 0});
                          !asked) {
                        return asked;
                      }
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
  pool =
      Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                    if (auto asked = guest.host("__host_call", {0, 0, 0, 0, 0, 0, 0, 0}); !asked) {
                      return asked;
                    }
                    return respond(guest);
                  }),
                  {.host = {.handler = handler}})
          .value();
  EXPECT_TRUE(pool->invoke(kAny));
  EXPECT_EQ(drained, Errc::busy);
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
