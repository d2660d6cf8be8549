#include "wapc/pool/tiered_pool.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_pool.hpp"

// How a pool goes from one engine to another.

namespace wapc {
namespace {

using namespace std::chrono_literals;
using testing::answering_with;
using testing::Gate;
using ::testing::HasSubstr;
using testing::kAny;
using testing::respond;
using testing::Script;
using testing::ScriptedEngine;
using testing::ScriptedGuest;
using testing::trap;
using testing::wait_until;
using Phase = TierStatus::Phase;

/// An engine that compiles when a test lets it, if at all.
class GatedEngine final : public Engine {
 public:
  GatedEngine(std::shared_ptr<Gate> gate, ScriptedEngine engine)
      : gate_{std::move(gate)}, engine_{std::move(engine)} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return engine_.info(); }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override {
    if (auto passed = gate_->pass(options.budget); !passed) {
      return std::unexpected{passed.error()};
    }
    return engine_.compile(wasm, options);
  }

 private:
  std::shared_ptr<Gate> gate_;
  ScriptedEngine engine_;
};

class RefusingEngine final : public Engine {
 public:
  explicit RefusingEngine(std::string reason) : reason_{std::move(reason)} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return info_; }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView /*wasm*/, const CompileOptions& /*options*/) const override {
    return failure(Errc::invalid_module, reason_);
  }

 private:
  EngineInfo info_{
      .name = "refusing", .version = "1", .execution = Execution::native, .features = {}};
  std::string reason_;
};

Script answering(std::string text) {
  return [text = std::move(text)](ScriptedGuest& guest) { return respond(guest, text); };
}

std::shared_ptr<const Engine> engine_answering(std::string text) {
  return std::make_shared<const ScriptedEngine>(answering(std::move(text)));
}

std::shared_ptr<const Engine> gated(std::shared_ptr<Gate> gate, Script guest_call) {
  return std::make_shared<GatedEngine>(std::move(gate), ScriptedEngine{std::move(guest_call)});
}

std::string answer(Invoker& pool) {
  const auto answered = pool.invoke(kAny);
  return answered ? std::string{as_text(*answered)} : answered.error().message();
}

TEST(TieredPoolTest, ServesFromTheFirstEngineUntilTheSecondIsReady) {
  const auto gate = std::make_shared<Gate>();
  const auto pool = TieredPool::start(engine_answering("first"), gated(gate, answering("second")),
                                      {}, {.patience = 0ns})
                        .value();
  gate->await(1);
  EXPECT_EQ(answer(*pool), "first");
  EXPECT_EQ(pool->status().phase, Phase::first);

  gate->open();

  wait_until([&] { return pool->status().phase == Phase::second; });
  EXPECT_EQ(answer(*pool), "second");
  EXPECT_EQ(pool->pool().stats().version, 2U);
}

TEST(TieredPoolTest, UsesTheSecondEngineAloneWhenThatIsQuickAsWell) {
  const auto pool = TieredPool::start(std::make_shared<RefusingEngine>("not asked"),
                                      engine_answering("second"), {}, {.patience = 1h})
                        .value();

  EXPECT_EQ(answer(*pool), "second");
  EXPECT_EQ(pool->status().phase, Phase::second);
  EXPECT_EQ(pool->pool().stats().version, 1U);
}

TEST(TieredPoolTest, WaitsForTheSecondWhenTheFirstRefusesTheGuest) {
  const auto pool = TieredPool::start(std::make_shared<RefusingEngine>("no SIMD"),
                                      engine_answering("second"), {}, {.patience = 0ns})
                        .value();

  EXPECT_EQ(answer(*pool), "second");
}

TEST(TieredPoolTest, WaitsForTheSecondWhenTheGuestDoesNotStartOnTheFirst) {
  const auto gate = std::make_shared<Gate>();
  const auto first = std::make_shared<const ScriptedEngine>(testing::ScriptedModule{
      .functions = {{"__guest_call", answering("first")},
                    testing::start_function("wapc_init", [gate](ScriptedGuest& guest) {
                      gate->open();
                      return trap(guest);
                    })}});
  const auto pool =
      TieredPool::start(first, gated(gate, answering("second")), {}, {.patience = 0ns}).value();

  EXPECT_EQ(answer(*pool), "second");
  EXPECT_EQ(pool->status().phase, Phase::second);
}

TEST(TieredPoolTest, TheSecondMayBeReadyWhileTheFirstIsLoaded) {
  const auto first_gate = std::make_shared<Gate>();
  const auto second_gate = std::make_shared<Gate>();
  const std::jthread other{[&] {
    first_gate->await(1);
    second_gate->open();
    first_gate->open();
  }};
  const auto pool =
      TieredPool::start(gated(first_gate, answering("first")),
                        gated(second_gate, answering("second")), {}, {.patience = 0ns})
          .value();

  wait_until([&] { return pool->status().phase == Phase::second; });
  EXPECT_EQ(answer(*pool), "second");
}

TEST(TieredPoolTest, StaysOnTheFirstWhenTheSecondRefusesTheGuest) {
  const auto pool =
      TieredPool::start(engine_answering("first"), std::make_shared<RefusingEngine>("too new"), {},
                        {.patience = 0ns})
          .value();

  wait_until([&] { return pool->status().phase == Phase::gave_up; });
  EXPECT_EQ(pool->status().reason, "too new");
  EXPECT_EQ(answer(*pool), "first");
}

TEST(TieredPoolTest, StaysOnTheFirstWhenNoInstanceStartsOnTheSecond) {
  const auto gate = std::make_shared<Gate>();
  const auto second = std::make_shared<GatedEngine>(
      gate, ScriptedEngine{testing::ScriptedModule{
                .functions = {{"__guest_call", answering("second")},
                              testing::start_function("wapc_init", trap)}}});
  const auto pool =
      TieredPool::start(engine_answering("first"), second, {}, {.patience = 0ns}).value();
  gate->open();

  wait_until([&] { return pool->status().phase == Phase::gave_up; });
  EXPECT_THAT(pool->status().reason, HasSubstr("unreachable"));
  EXPECT_EQ(answer(*pool), "first");
}

TEST(TieredPoolTest, SaysWhatTheSecondSaysWhenNeitherLoadsTheGuest) {
  const auto pool =
      TieredPool::start(std::make_shared<RefusingEngine>("of the first"),
                        std::make_shared<RefusingEngine>("of the second"), {}, {.patience = 0ns});

  EXPECT_EQ(pool.error().code(), Errc::invalid_module);
  EXPECT_EQ(pool.error().message(), "of the second");
}

TEST(TieredPoolTest, AVersionThatIsSwappedInMeanwhileStays) {
  const auto gate = std::make_shared<Gate>();
  const auto pool = TieredPool::start(engine_answering("first"), gated(gate, answering("second")),
                                      {}, {.patience = 0ns})
                        .value();
  EXPECT_TRUE(pool->pool().swap(answering_with("newer")));

  gate->open();

  wait_until([&] { return pool->status().phase == Phase::gave_up; });
  EXPECT_THAT(pool->status().reason, HasSubstr("version 2 takes calls"));
  EXPECT_EQ(answer(*pool), "newer");
}

TEST(TieredPoolTest, GoesWhileTheSecondStillCompiles) {
  const auto gate = std::make_shared<Gate>();
  auto pool = TieredPool::start(engine_answering("first"), gated(gate, answering("second")), {},
                                {.patience = 0ns})
                  .value();
  gate->await(1);

  pool.reset();  // Without the gate being opened.
}

TEST(TieredPoolTest, EndsTheStartWithItsBudget) {
  const auto gate = std::make_shared<Gate>();
  const auto second = gated(gate, answering("second"));
  const Budget short_one{.deadline = Budget::Clock::now() + 10ms};
  std::stop_source stop;
  stop.request_stop();

  const auto late = TieredPool::start(std::make_shared<RefusingEngine>("no"), second, {},
                                      {.patience = 1h}, short_one);
  const auto cancelled =
      TieredPool::start(engine_answering("first"), second, {}, {}, {.stop = stop.get_token()});

  EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
  EXPECT_EQ(cancelled.error().code(), Errc::cancelled);
}

TEST(TieredPoolTest, FailsAsThePoolDoes) {
  EXPECT_EQ(TieredPool::start(engine_answering("first"), engine_answering("second"), {},
                              {.pool = {.instances_min = 2, .instances_max = 1}})
                .error()
                .code(),
            Errc::invalid_options);
}

}  // namespace
}  // namespace wapc
