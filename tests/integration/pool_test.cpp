// Pools of real guests: many threads at once, failures of every kind, swaps, forks.

#include "wapc/pool/pool.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/thread_with_stack.hpp"
#include "wapc/conformance/puppet.hpp"
#include "wapc/conformance/suite.hpp"
#include "wapc/pool/tiered_pool.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace wapc {
namespace {

using namespace std::chrono_literals;
using conformance::PuppetTrap;
using conformance::Script;
using conformance::Verb;

std::shared_ptr<const GuestModule> load(const Engine& engine) {
  static const Bytes puppet = conformance::webassembly_guest("puppet").value();
  return GuestModule::load(engine, puppet).value();
}

/// Does a script; the code of its failure, or nothing.
std::optional<Errc> outcome_of(Invoker& invoker, const Script& script, const Budget& budget = {}) {
  const auto answer =
      invoker.invoke({.operation = "script", .payload = script.bytes(), .budget = budget});
  if (answer) return std::nullopt;
  return answer.error().code();
}

template <typename Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

class PoolOnEnginesTest : public ::testing::TestWithParam<BuiltinEngine> {
 protected:
  std::unique_ptr<Engine> engine_ = GetParam().make().value();
  std::shared_ptr<const GuestModule> module_ = load(*engine_);
};

/// One call of some kind, chosen by `random`; whether it ended as such a call must.
bool call_somehow(Pool& pool, std::minstd_rand& random, unsigned thread, int round) {
  switch (random() % 6) {
    case 0: {  // Cancelled while it waits, or while it runs.
      std::stop_source stop;
      const std::jthread canceller{[&] { stop.request_stop(); }};
      return outcome_of(pool, Script{}.say(Verb::loop), {.stop = stop.get_token()}) ==
             Errc::cancelled;
    }
    case 1:
      return outcome_of(pool, Script{}.say(Verb::loop), {.deadline = Budget::Clock::now() + 1ms}) ==
             Errc::deadline_exceeded;
    case 2: return outcome_of(pool, Script{}.trap(PuppetTrap::unreachable)) == Errc::trapped;
    case 3: return outcome_of(pool, Script{}.error("no")) == Errc::guest_error;
    case 4: return outcome_of(pool, Script{}.say(Verb::grow, {1}).response("x")) == std::nullopt;
    default: {
      const auto text = std::to_string(thread) + "/" + std::to_string(round);
      const auto answer = pool.invoke({.operation = "echo", .payload = as_bytes(text)});
      return answer && as_text(*answer) == text;
    }
  }
}

TEST_P(PoolOnEnginesTest, AnswersManyThreadsAmongFailuresCancelsAndSwaps) {
  constexpr unsigned kThreads = 8;
  constexpr int kRounds = 60;
  const auto pool =
      Pool::start(module_,
                  {.host = {.call_timeout = 1h},
                   .instances_max = 3,
                   .idle_timeout = 1ms,
                   .recycling = {.calls = 20, .memory_bytes = 3 * conformance::kPageBytes}})
          .value();
  std::atomic<unsigned> at_work = kThreads;
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::minstd_rand random{thread};
      for (int i = 0; i < kRounds; ++i) wrong += call_somehow(*pool, random, thread, i) ? 0 : 1;
      --at_work;
    });
  }
  const auto others = load(*engine_);
  for (int i = 0; at_work > 0; ++i) {
    EXPECT_TRUE(pool->swap(i % 2 == 0 ? others : module_));
    // Else 3 calls of each version before might have to end first.
    wait_until([&] { return pool->stats().instances <= 3 || at_work == 0; });
  }
  threads.clear();

  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(pool->stats().calls, kThreads * kRounds);
  EXPECT_EQ(pool->stats().waiting_now, 0U);
  EXPECT_EQ(pool->stats().running_now, 0U);
  // No capacity was lost: as many as ever run at a time.
  std::atomic<int> asked = 0;
  std::stop_source stop;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      ++asked;
      EXPECT_EQ(outcome_of(*pool, Script{}.say(Verb::loop), {.stop = stop.get_token()}),
                Errc::cancelled);
    });
  }
  wait_until([&] { return pool->stats().running_now == 3; });
  stop.request_stop();
}

TEST_P(PoolOnEnginesTest, IsNotHarmedByAThreadWithoutStack) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a sanitizer gives no thread a stack as small, or needs a larger one itself";
#endif
  const auto pool = Pool::start(module_, {.instances_max = 1}).value();
  constexpr std::size_t kTooLittle = 112U << 10U;
  std::optional<Errc> refused;
  const auto call = [&] { refused = outcome_of(*pool, Script{}.response("x")); };

  testing::on_thread_with_stack(kTooLittle, call);
  EXPECT_EQ(refused, Errc::limit_exceeded);
  EXPECT_EQ(outcome_of(*pool, Script{}.trap(PuppetTrap::unreachable)), Errc::trapped);
  testing::on_thread_with_stack(kTooLittle, call);
  EXPECT_EQ(refused, Errc::limit_exceeded);
  EXPECT_EQ(outcome_of(*pool, Script{}.response("x")), std::nullopt);
}

/// As much address space as the process has, and so much more.
void limit_address_space(std::size_t more) {
  std::size_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> pages;
  const auto bytes = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + more;
  const rlimit limit{bytes, bytes};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
}

TEST_P(PoolOnEnginesTest, SaysWhatToChangeWhenTheMachineHasNotGotWhatItIsAskedFor) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a sanitizer needs address space of its own";
#endif
  if (engine_->info().execution != Execution::compiled) {
    GTEST_SKIP() << "instances take so little that the program's own memory would run out first";
  }
  const auto pid = ::fork();  // The limit cannot be lifted again.
  if (pid == 0) {
    const auto engine = GetParam().make().value();
    const auto module = load(*engine);
    limit_address_space(std::size_t{64} << 30U);
    const auto pool = Pool::start(module, {.instances_min = 5000, .instances_max = 5000});
    const bool good = !pool && pool.error().code() == Errc::limit_exceeded &&
                      pool.error().message().contains("PoolOptions::instances_min");
    if (!good) std::fprintf(stderr, "%s\n", pool ? "started" : pool.error().message().c_str());
    // One that is content with less does start, and serves.
    const auto small = Pool::start(module, {.instances_min = 1, .instances_max = 5000});
    ::_exit(good && small && outcome_of(**small, Script{}.response("x")) == std::nullopt ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_P(PoolOnEnginesTest, RefusesToServeAProcessThatWasForkedOff) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer wants an exec after the fork of a process with threads";
#endif
  auto pool = Pool::start(module_, {.instances_max = 2, .recycling = {.calls = 1}}).value();
  std::stop_source stop;
  const std::jthread running{[&, token = stop.get_token()] {
    EXPECT_EQ(outcome_of(*pool, Script{}.say(Verb::loop), {.stop = token}), Errc::cancelled);
  }};
  wait_until([&] { return pool->stats().running_now == 1; });

  const auto pid = ::fork();
  if (pid == 0) {
    // More often than there are instances; then everything can go.
    bool good = true;
    for (int i = 0; i < 5; ++i) {
      good = good && outcome_of(*pool, Script{}.response("x")) == Errc::unsupported;
    }
    good = good && pool->swap(module_).error().code() == Errc::unsupported;
    good = good && pool->drain().error().code() == Errc::unsupported;
    pool.reset();
    module_.reset();
    engine_.reset();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(outcome_of(*pool, Script{}.response("x")), std::nullopt);
  stop.request_stop();
}

TEST_P(PoolOnEnginesTest, GoesOnWithItsEngineWithoutLosingACall) {
  const auto puppet = conformance::webassembly_guest("puppet").value();
  const std::shared_ptr<const Engine> first = builtin_engines().back().make().value();
  const std::shared_ptr<const Engine> second = GetParam().make().value();
  for (int round = 0; round < 5; ++round) {
    const auto pool =
        TieredPool::start(first, second, puppet,
                          {.pool = {.instances_max = 4}, .patience = std::chrono::nanoseconds{0}})
            .value();
    std::array<std::jthread, 4> threads;
    for (auto& thread : threads) {
      thread = std::jthread{[&pool] {
        for (int i = 0; pool->status().phase == TierStatus::Phase::first || i < 100; ++i) {
          EXPECT_EQ(outcome_of(*pool, Script{}.response("x")), std::nullopt);
        }
      }};
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(pool->status().phase, TierStatus::Phase::second) << pool->status().reason;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, PoolOnEnginesTest, ::testing::ValuesIn(builtin_engines()),
                         [](const auto& engine) { return std::string{engine.param.name}; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PoolOnEnginesTest);

}  // namespace
}  // namespace wapc
