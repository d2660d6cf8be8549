#include "engine/background.hpp"

#include <chrono>
#include <latch>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace wapc {
namespace {

using std::chrono::hours;

Budget an_hour() {
  return {.deadline = Budget::Clock::now() + hours{1}};
}

/// Work that goes on until it is let go.
class Held {
 public:
  [[nodiscard]] std::function<void()> work() {
    return [state = state_] {
      state->began.count_down();
      state->let_go.wait();
    };
  }

  void wait_until_it_began() { state_->began.wait(); }

  ~Held() { state_->let_go.count_down(); }

 private:
  struct State {
    std::latch began{1};
    std::latch let_go{1};
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST(BackgroundTest, WorksOnTheCallersThreadWhenTheCallerHasAllTheTime) {
  Background background{1};
  std::thread::id on;
  ASSERT_TRUE(background.run({}, [&] { on = std::this_thread::get_id(); }));
  EXPECT_EQ(on, std::this_thread::get_id());
}

TEST(BackgroundTest, ReturnsWhenTheWorkIsDone) {
  Background background{1};
  bool done = false;
  ASSERT_TRUE(background.run(an_hour(), [&] { done = true; }));
  EXPECT_TRUE(done);
}

TEST(BackgroundTest, BeginsNothingForACallerWhoseTimeIsUp) {
  Background background{1};
  bool done = false;
  const auto result = background.run({.deadline = Budget::Clock::now()}, [&] { done = true; });
  EXPECT_EQ(result.error().code(), Errc::deadline_exceeded);
  EXPECT_FALSE(done);
}

TEST(BackgroundTest, LetsACallerGoWhoCancels) {
  Background background{1};
  Held held;
  std::stop_source stop;
  const std::jthread canceller{[&] {
    held.wait_until_it_began();
    stop.request_stop();
  }};
  const auto result = background.run({.stop = stop.get_token()}, held.work());
  EXPECT_EQ(result.error().code(), Errc::cancelled);
}

TEST(BackgroundTest, LetsACallerGoWhoseDeadlinePasses) {
  Background background{1};
  Held held;
  const Budget budget{.deadline = Budget::Clock::now() + std::chrono::milliseconds{1}};
  EXPECT_EQ(background.run(budget, held.work()).error().code(), Errc::deadline_exceeded);
}

TEST(BackgroundTest, TakesOnOnlySoMuchBehindCallersThatGaveUp) {
  Background background{1};
  {
    Held held;
    std::stop_source stop;
    const std::jthread canceller{[&] {
      held.wait_until_it_began();
      stop.request_stop();
    }};
    ASSERT_FALSE(background.run({.stop = stop.get_token()}, held.work()));
    EXPECT_EQ(background.run(an_hour(), [] {}).error().code(), Errc::overloaded);
  }
  // Done by and by; until then it is said to be too much.
  auto again = background.run(an_hour(), [] {});
  while (!again) {
    ASSERT_EQ(again.error().code(), Errc::overloaded);
    std::this_thread::yield();
    again = background.run(an_hour(), [] {});
  }
}

TEST(BackgroundTest, WorksOnSoMuchAtOnceAndOthersWaitForTheirTurn) {
  Background background{1};
  bool done = false;
  const auto work = [&done] { done = true; };
  {
    std::optional<Held> held{std::in_place};
    const std::jthread first{[&] { EXPECT_TRUE(background.run(an_hour(), held->work())); }};
    held->wait_until_it_began();
    const Budget short_time{.deadline = Budget::Clock::now() + std::chrono::milliseconds{1}};
    EXPECT_EQ(background.run(short_time, work).error().code(), Errc::deadline_exceeded);
    EXPECT_FALSE(done);
    held.reset();
  }
  EXPECT_TRUE(background.run(an_hour(), work));
  EXPECT_TRUE(done);
}

TEST(BackgroundTest, WaitsInTheEndForWhatItWorksOn) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  {
    Background background{1};
    std::stop_source stop;
    const auto work = [done, stop] {
      auto source = stop;
      source.request_stop();
      std::this_thread::yield();
      *done = true;
    };
    static_cast<void>(background.run({.stop = stop.get_token()}, work));
  }
  EXPECT_TRUE(*done);
}

class NoModule final : public Module {
 public:
  [[nodiscard]] std::span<const Import> imports() const noexcept override { return {}; }

  [[nodiscard]] std::span<const Export> exports() const noexcept override { return {}; }

  [[nodiscard]] Result<std::shared_ptr<const LinkedModule>> link(
      std::span<const ImportTable> /*tables*/) const override {
    return failure(Errc::unsupported, "of a test");
  }
};

TEST(CompileBehindTest, TellsOfAModuleThatIsMadeBehindACallerWhoGaveUp) {
  int told = 0;
  {
    Background background{1};
    Held held;
    std::stop_source stop;
    const std::jthread canceller{[&] {
      held.wait_until_it_began();
      stop.request_stop();
    }};
    const auto module = compile_behind(
        background, {},
        {.budget = {.stop = stop.get_token()}, .made = [&](const Module&) { ++told; }},
        [work = held.work()](BytesView, const ModuleLimits&) {
          work();
          return std::make_shared<const NoModule>();
        });
    EXPECT_EQ(module.error().code(), Errc::cancelled);
  }
  EXPECT_EQ(told, 1);
}

TEST(CompileBehindTest, TellsOfNoneThatIsNotMade) {
  Background background{1};
  const auto module = compile_behind(
      background, {}, {.made = [](const Module&) { ADD_FAILURE() << "there is none"; }},
      [](BytesView, const ModuleLimits&) { return failure(Errc::invalid_module, "no"); });

  EXPECT_EQ(module.error().code(), Errc::invalid_module);
}

}  // namespace
}  // namespace wapc
