#include <atomic>
#include <deque>
#include <latch>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_pool.hpp"

// Who waits for an instance, and what becomes of it.

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
using testing::ScriptedGuest;
using testing::trap;
using testing::wait_until;

TEST(PoolWaitingTest, IsOverloadedAsSoonAsTheQueueIsFull) {
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

TEST(PoolWaitingTest, LetsNobodyWaitWhenThereIsNoQueue) {
  Gated gated{{.instances_max = 1, .queue_max = 0}};
  Caller running{*gated.pool, kWait};
  gated.gate->await(1);

  EXPECT_EQ(gated.pool->invoke(kAny).error().code(), Errc::overloaded);
  gated.gate->open();
}

TEST(PoolWaitingTest, ServesFirstComeFirst) {
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

TEST(PoolWaitingTest, CountsTheWaitToTheDeadline) {
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

TEST(PoolWaitingTest, WaitsNoLongerThanACallMayTake) {
  Gated gated{{.host = {.call_timeout = 1ms}, .instances_max = 1}};
  Caller running{*gated.pool, {.operation = "wait"}};

  // Whichever of the two got the instance, the other one waits, and both end.
  const auto other = gated.pool->invoke(kWait);

  EXPECT_EQ(other.error().code(), Errc::deadline_exceeded);
  EXPECT_EQ(running.outcome().error().code(), Errc::deadline_exceeded);
}

TEST(PoolWaitingTest, GivesTheGuestWhatIsLeftOfTheTime) {
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

TEST(PoolWaitingTest, LetsAWaiterBeCancelled) {
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

TEST(PoolWaitingTest, HandsTheCapacityOfASpentInstanceToWhoeverWaits) {
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

struct Reentrant {
  Reentrant(std::size_t instances, int deep) {
    const auto handler = answering([this, deep](const HostCall&) -> Result<Bytes> {
      if (++depth > deep) return Bytes{};
      const auto inner = pool->invoke(kAny);
      if (!inner) failed = inner.error().code();
      return Bytes{};
    });
    pool = Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                         if (auto asked = ask(guest); !asked) return asked;
                         return respond(guest);
                       }),
                       {.host = {.handler = handler}, .instances_max = instances})
               .value();
  }

  std::unique_ptr<Pool> pool;
  std::atomic<int> depth = 0;
  std::atomic<Errc> failed{};
};

TEST(PoolWaitingTest, LetsAHandlerCallItsOwnPool) {
  Reentrant reentrant{3, 2};
  EXPECT_TRUE(reentrant.pool->invoke(kAny));
  EXPECT_EQ(reentrant.depth, 3);
  EXPECT_EQ(reentrant.failed, Errc{});
}

TEST(PoolWaitingTest, IsBusyWhenAHandlerHoldsAllInstancesAndWantsOne) {
  Reentrant reentrant{3, 3};
  EXPECT_TRUE(reentrant.pool->invoke(kAny));
  EXPECT_EQ(reentrant.failed, Errc::busy);
  EXPECT_TRUE(reentrant.pool->invoke(kAny));
}

TEST(PoolWaitingTest, IsBusyWhenAStartCallsItsOwnPoolOrDrainsIt) {
  // The pool's thread starts another instance, and the handler would wait for that one.
  std::unique_ptr<Pool> pool;
  std::atomic<int> starts = 0;
  std::atomic<int> busy = 0;
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    if (++starts != 2) return Bytes{};
    const auto called = pool->invoke(kAny);
    if (!called && called.error().code() == Errc::busy) ++busy;
    const auto drained = pool->drain();
    if (!drained && drained.error().code() == Errc::busy) ++busy;
    return Bytes{};
  });
  const auto module =
      load({.functions = {{"__guest_call", trap},
                          testing::start_function("wapc_init", [](ScriptedGuest& guest) {
                            const auto asked = ask(guest);
                            return asked ? Result<std::uint64_t>{0} : asked;
                          })}});
  pool = Pool::start(module, {.host = {.handler = handler, .call_timeout = 1h}, .instances_max = 1})
             .value();

  EXPECT_EQ(pool->invoke(kAny).error().code(), Errc::trapped);

  wait_until([&] { return pool->stats().idle == 1; });
  EXPECT_EQ(busy, 2);
}

TEST(PoolWaitingTest, IsBusyWhenCallsWaitForEachOther) {
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
  pool = Pool::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                       if (auto asked = ask(guest); !asked) return asked;
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

}  // namespace
}  // namespace wapc
