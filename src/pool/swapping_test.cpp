#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_pool.hpp"

// How one version of a pool's guest follows another.

namespace wapc {
namespace {

using namespace std::chrono_literals;
using testing::answering_with;
using testing::Caller;
using testing::Gate;
using ::testing::HasSubstr;
using testing::load;
using testing::operation_of;
using testing::respond;
using testing::ScriptedGuest;
using testing::trap;
using testing::wait_until;

const Invocation kAny{.operation = "any"};

std::string answer(Pool& pool) {
  const auto answered = pool.invoke(kAny);
  return answered ? std::string{as_text(*answered)} : answered.error().message();
}

TEST(PoolSwapTest, AnswersFromTheNewVersionOnceItIsSwapped) {
  const auto pool =
      Pool::start(answering_with("old"), {.instances_min = 2, .instances_max = 2}).value();
  EXPECT_EQ(answer(*pool), "old");

  EXPECT_TRUE(pool->swap(answering_with("new")));

  for (int i = 0; i < 10; ++i) EXPECT_EQ(answer(*pool), "new");
  EXPECT_EQ(pool->stats().version, 2U);
  EXPECT_EQ(pool->swap_status().phase, SwapStatus::Phase::took_over);
  wait_until([&] { return pool->stats().instances == 2; });  // The old ones go.
}

TEST(PoolSwapTest, LetsCallsOfTheOldVersionEnd) {
  const auto gate = std::make_shared<Gate>();
  const auto pool = Pool::start(load([gate](ScriptedGuest& guest) -> Result<std::uint64_t> {
                                  EXPECT_TRUE(gate->pass(guest.budget()));
                                  return respond(guest, "old");
                                }),
                                {.instances_max = 1})
                        .value();
  Caller running{*pool};
  gate->await(1);
  Caller waiting{*pool};
  wait_until([&] { return pool->stats().waiting_now == 1; });

  EXPECT_TRUE(pool->swap(answering_with("new")));

  // Who waits has seen no version yet.
  EXPECT_EQ(as_text(waiting.outcome().value()), "new");
  EXPECT_EQ(answer(*pool), "new");
  gate->open();
  EXPECT_EQ(as_text(running.outcome().value()), "old");
  wait_until([&] { return pool->stats().instances == 1; });
}

TEST(PoolSwapTest, LeavesEverythingWhenTheNewVersionDoesNotStart) {
  const auto pool = Pool::start(answering_with("old"), {.instances_max = 2}).value();

  const auto swapped = pool->swap(load({.functions = {{"__guest_call", trap}}, .start = trap}));

  EXPECT_EQ(swapped.error().code(), Errc::init_failed);
  EXPECT_EQ(answer(*pool), "old");
  EXPECT_EQ(pool->stats().version, 1U);
  EXPECT_EQ(pool->swap_status().phase, SwapStatus::Phase::none);
  EXPECT_TRUE(pool->swap(answering_with("new")));
  EXPECT_EQ(answer(*pool), "new");
}

TEST(PoolSwapTest, LeavesEverythingWhenOneOfTheNewInstancesDoesNotStart) {
  const auto pool =
      Pool::start(answering_with("old"), {.instances_min = 3, .instances_max = 3}).value();
  const auto left = std::make_shared<std::atomic<int>>(2);
  const auto module = load({.functions = {{"__guest_call", trap}},
                            .start = [left](ScriptedGuest& guest) -> Result<std::uint64_t> {
                              if ((*left)-- <= 0) return trap(guest);
                              return 0;
                            }});

  const auto swapped = pool->swap(module);

  EXPECT_THAT(swapped.error().message(), HasSubstr("instance 3 of 3"));
  EXPECT_EQ(answer(*pool), "old");
  wait_until([&] { return pool->stats().instances == 3; });
}

TEST(PoolSwapTest, GivesUpWhenTheBudgetIsSpent) {
  const auto pool = Pool::start(answering_with("old")).value();
  const auto gate = std::make_shared<Gate>();
  const auto hangs = load({.functions = {{"__guest_call", trap}},
                           .start = [gate](ScriptedGuest& guest) -> Result<std::uint64_t> {
                             if (auto passed = gate->pass(guest.budget()); !passed) {
                               return std::unexpected{passed.error()};
                             }
                             return 0;
                           }});
  const auto swapped = pool->swap(hangs, {}, {.deadline = Budget::Clock::now() + 1ms});
  EXPECT_EQ(swapped.error().code(), Errc::deadline_exceeded);
  EXPECT_EQ(answer(*pool), "old");
}

TEST(PoolSwapTest, WaitsForRoomWhileVersionsBeforeTheLastDrain) {
  const auto gate = std::make_shared<Gate>();
  const auto gated = load([gate](ScriptedGuest& guest) -> Result<std::uint64_t> {
    EXPECT_TRUE(gate->pass(guest.budget()));
    return respond(guest, "gated");
  });
  const auto pool = Pool::start(gated, {.instances_max = 1}).value();
  Caller first{*pool};
  gate->await(1);
  ASSERT_TRUE(pool->swap(gated));
  Caller second{*pool};
  gate->await(2);

  const auto swapped =
      pool->swap(answering_with("new"), {}, {.deadline = Budget::Clock::now() + 1ms});

  EXPECT_EQ(swapped.error().code(), Errc::deadline_exceeded);
  gate->open();
  EXPECT_TRUE(first.outcome());
  EXPECT_TRUE(second.outcome());
  EXPECT_TRUE(pool->swap(answering_with("new")));
  EXPECT_EQ(answer(*pool), "new");
}

TEST(PoolSwapTest, SendsAShareOfTheCallsToAVersionOnTrial) {
  const auto pool = Pool::start(answering_with("old"), {.instances_max = 4}).value();
  ASSERT_TRUE(pool->swap(answering_with("new"), {.percent = 25, .slower_max = 1e9}));

  int answered_by_new = 0;
  for (int i = 0; i < 100; ++i) answered_by_new += answer(*pool) == "new" ? 1 : 0;

  EXPECT_EQ(answered_by_new, 25);
  EXPECT_EQ(pool->swap_status().phase, SwapStatus::Phase::on_trial);
  EXPECT_EQ(pool->swap_status().trial_calls, 25U);
  EXPECT_EQ(pool->swap(answering_with("newer")).error().code(), Errc::busy);
}

TEST(PoolSwapTest, LetsAGoodVersionTakeOver) {
  const auto pool = Pool::start(answering_with("old")).value();
  ASSERT_TRUE(
      pool->swap(answering_with("new"), {.percent = 50, .trial_calls = 10, .slower_max = 1e9}));
  for (int i = 0; i < 20; ++i) (void)answer(*pool);
  EXPECT_EQ(pool->swap_status().phase, SwapStatus::Phase::took_over);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(answer(*pool), "new");
}

TEST(PoolSwapTest, RollsBackAVersionThatGetsWorse) {
  const auto calls = std::make_shared<std::atomic<int>>(0);
  const auto worsening = load([calls](ScriptedGuest& guest) {
    return ++*calls > 250 ? trap(guest) : respond(guest, "new");
  });
  std::vector<std::string> told;
  const auto events = recording_to([&](const Event& event) {
    if (event.kind == EventKind::replaced) told.emplace_back(event.message);
  });
  const auto pool = Pool::start(answering_with("old"), {.host = {.events = events}}).value();
  ASSERT_TRUE(pool->swap(worsening, {.percent = 50, .slower_max = 1e9}));

  int failed = 0;
  for (int i = 0; i < 1000; ++i) failed += pool->invoke(kAny) ? 0 : 1;

  EXPECT_EQ(failed, 6);
  EXPECT_EQ(pool->swap_status().phase, SwapStatus::Phase::rolled_back);
  EXPECT_THAT(pool->swap_status().reason, HasSubstr("calls failed"));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_THAT(told.front(), HasSubstr("rolled back: "));
  EXPECT_EQ(pool->stats().version, 1U);
  EXPECT_EQ(answer(*pool), "old");
  EXPECT_TRUE(pool->swap(answering_with("newer")));
  EXPECT_EQ(answer(*pool), "newer");
}

TEST(PoolSwapTest, RollsBackAVersionWhoseCallsHang) {
  const auto gate = std::make_shared<Gate>();
  const auto hangs = load([gate](ScriptedGuest& guest) -> Result<std::uint64_t> {
    if (auto passed = gate->pass(guest.budget()); !passed) return std::unexpected{passed.error()};
    return respond(guest);
  });
  const auto pool = Pool::start(answering_with("old"), {.host = {.call_timeout = 1ms}}).value();
  ASSERT_TRUE(pool->swap(hangs, {.percent = 50, .slower_max = 1e9}));
  for (int i = 0; i < 20; ++i) (void)pool->invoke(kAny);
  EXPECT_EQ(pool->swap_status().phase, SwapStatus::Phase::rolled_back);
}

TEST(PoolSwapTest, CanBeEndedByHand) {
  const auto pool = Pool::start(answering_with("old")).value();
  EXPECT_EQ(pool->promote().error().code(), Errc::unavailable);
  ASSERT_TRUE(pool->swap(answering_with("new"), {.percent = 1}));
  EXPECT_TRUE(pool->roll_back("changed my mind"));
  EXPECT_EQ(pool->swap_status().reason, "changed my mind");
  EXPECT_EQ(answer(*pool), "old");
  ASSERT_TRUE(pool->swap(answering_with("newer"), {.percent = 1}));
  EXPECT_TRUE(pool->promote());
  EXPECT_EQ(answer(*pool), "newer");
  EXPECT_EQ(pool->stats().version, 3U);
}

TEST(PoolSwapTest, RefusesOptionsThatMakeNoSense) {
  const auto pool = Pool::start(answering_with("old")).value();
  EXPECT_EQ(pool->swap(answering_with("new"), {.percent = 0}).error().code(),
            Errc::invalid_options);
}

TEST(PoolSwapTest, AnswersEveryCallByOneVersionOrTheOther) {
  const auto pool = Pool::start(answering_with("1"), {.instances_max = 3}).value();
  std::atomic<int> wrong = 0;
  std::atomic<bool> done = false;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      while (!done) {
        Bytes response;
        CallStats stats;
        const auto answered = pool->invoke_into(kAny, response, stats);
        if (!answered || as_text(response) != std::to_string(stats.version)) ++wrong;
      }
    });
  }
  for (int version = 2; version <= 50; ++version) {
    ASSERT_TRUE(pool->swap(answering_with(std::to_string(version))));
    wait_until([&, calls = pool->stats().calls] { return pool->stats().calls > calls + 10; });
  }
  done = true;
  threads.clear();
  EXPECT_EQ(wrong, 0);
  wait_until([&] { return pool->stats().instances <= 3; });
}

}  // namespace
}  // namespace wapc
