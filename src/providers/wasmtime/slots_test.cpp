// What is particular to instances that live in slots. All else that holds for instances holds for
// these: wasmtime_test.cpp and the conformance suite run with slots, too.

#include "providers/wasmtime/slots.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/wasmtime/module.hpp"
#include "providers/wasmtime/wasmtime_fixture.hpp"

namespace wapc::wasmtime {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::uint32_t kSlots = 2;

class SlotsTest : public WasmtimeFixture {
 protected:
  SlotsTest() : WasmtimeFixture{{.instance_slots = kSlots}} {}

  void load(std::string_view wat) { link(compile(wat)); }

  void link(std::shared_ptr<const Module> module) {
    module_ = std::move(module);
    linked_ = *module_->link(std::span{&kTable, 1});
  }

  Result<std::unique_ptr<Instance>> try_start(const InstanceLimits& limits) {
    std::array<HostState*, 1> states{&probe_};
    return linked_->instantiate(states, limits, {});
  }

  std::unique_ptr<Instance> start(const InstanceLimits& limits = {}) {
    auto instance = try_start(limits);
    EXPECT_TRUE(instance) << instance.error().message();
    return *std::move(instance);
  }

  Result<std::uint64_t> call(Instance& instance, std::string_view name,
                             std::vector<std::uint64_t> arguments = {}, const Budget& budget = {}) {
    return instance.call(function(*module_, name), arguments, budget);
  }

  std::shared_ptr<const LinkedModule> linked_;
};

// Changes all the state that an instance has: returns what it finds, all in one number.
constexpr std::string_view kDirty = R"((module
  (memory (export "memory") 2 10) (table $t 1 10 funcref) (global $g (mut i32) (i32.const 5))
  (data (i32.const 8) "\07") (data (i32.const 131064) "\09") (elem (i32.const 0) $dirty)
  (func $dirty (export "run") (result i32) (local $found i32)
    (local.set $found
      (i32.add (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 70000)))
        (i32.add (i32.add (i32.load (i32.const 131064)) (global.get $g))
          (i32.add (i32.mul (memory.size) (i32.const 1000))
            (i32.add (i32.mul (table.size $t) (i32.const 100000))
              (ref.is_null (table.get $t (i32.const 0))))))))
    (memory.fill (i32.const 0) (i32.const 255) (i32.const 131072))
    (drop (memory.grow (i32.const 3)))
    (memory.fill (i32.const 131072) (i32.const 255) (i32.const 196608))
    (global.set $g (i32.const 77))
    (drop (table.grow $t (ref.func $dirty) (i32.const 4)))
    (table.set $t (i32.const 0) (ref.null func))
    (local.get $found))))";
constexpr std::uint64_t kClean = 7 + 0 + 9 + 5 + 2'000 + 100'000 + 0;

TEST_F(SlotsTest, AFreshInstanceSeesNothingOfThoseBeforeIt) {
  load(kDirty);

  for (int i = 0; i < 20; ++i) {
    const auto first = start();
    const auto second = start();
    EXPECT_EQ(call(*first, "run").value(), kClean);
    EXPECT_EQ(call(*second, "run").value(), kClean);
    EXPECT_NE(call(*first, "run").value(), kClean);
  }
}

TEST_F(SlotsTest, AFreshInstanceSeesNothingOfOneThatTrapped) {
  load(R"((module (memory (export "memory") 1) (global $g (mut i32) (i32.const 0))
    (func (export "run") (result i32)
      (if (i32.or (global.get $g) (i32.load (i32.const 0))) (then (return (i32.const 1))))
      (global.set $g (i32.const 1)) (i32.store (i32.const 0) (i32.const 1)) (unreachable))))");

  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(call(*start(), "run").error().code(), Errc::trapped);
  }
}

TEST_F(SlotsTest, AnInstanceHasASlotUntilItGoes) {
  load(kDirty);
  const auto& slots = *dynamic_cast<const WasmtimeModule&>(*module_).slots();
  auto first = start();
  EXPECT_TRUE(slots.take({}));
  const auto second = start();
  EXPECT_FALSE(slots.take({}));

  first.reset();
  EXPECT_TRUE(slots.take({}));
  EXPECT_FALSE(try_start({.memory_bytes = 1}));
  EXPECT_TRUE(slots.take({}));  // What did not become an instance keeps none.
}

TEST_F(SlotsTest, MoreInstancesThanSlotsAreAsGood) {
  load(kDirty);
  std::vector<std::unique_ptr<Instance>> instances;
  for (std::uint32_t i = 0; i < 3 * kSlots; ++i) instances.push_back(start());

  for (const auto& instance : instances) EXPECT_EQ(call(*instance, "run").value(), kClean);
  for (const auto& instance : instances) EXPECT_NE(call(*instance, "run").value(), kClean);
}

TEST_F(SlotsTest, EachInstanceEndsAtItsDeadlineInASlotOrNot) {
  load(R"((module (func (export "run") (loop br 0))))");
  std::vector<std::unique_ptr<Instance>> instances;
  for (std::uint32_t i = 0; i < 2 * kSlots; ++i) instances.push_back(start());

  for (const auto& instance : instances) {
    EXPECT_EQ(call(*instance, "run", {}, within(milliseconds{5})).error().code(),
              Errc::deadline_exceeded);
  }
}

// wasmtime would refuse to grow past the slot what may grow elsewhere.
TEST_F(SlotsTest, ATableGrowsAsFarAsTheLimitsSay) {
  load(R"((module (table $t 1 funcref)
    (func (export "run") (param i32) (result i32)
      (table.grow $t (ref.null func) (local.get 0)))))");

  EXPECT_EQ(call(*start(), "run", {99'999}).value(), 1);
  EXPECT_EQ(call(*start(), "run", {100'000}).value(), 0xFFFF'FFFFU);
  EXPECT_EQ(call(*start({.table_elements = 300'000}), "run", {299'999}).value(), 1);
}

TEST_F(SlotsTest, AMemoryGrowsAsFarAsTheLimitsSay) {
  load(R"((module (memory (export "memory") 1)
    (func (export "run") (param i32) (result i32)
      (if (result i32) (i32.eq (memory.grow (local.get 0)) (i32.const -1))
        (then (i32.const 0))
        (else (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))
                (i32.const 1))
              (memory.size))))))");

  EXPECT_EQ(call(*start(), "run", {4095}).value(), 4096);
  EXPECT_EQ(call(*start(), "run", {4096}).value(), 0);
  EXPECT_EQ(call(*start({.memory_bytes = std::size_t{1} << 32U}), "run", {20'000}).value(), 20'001);
}

TEST_F(SlotsTest, ModulesOfManyShapesHaveThem) {
  for (const std::string wat :
       {R"((module (func (export "run") (result i32) (i32.const 1))))",
        R"((module (memory 1) (func (export "run") (result i32) (i32.const 1))))",
        R"((module (memory 0) (table 0 funcref) (func (export "run") (result i32) (i32.const 1))))",
        R"((module (memory 100) (table 100000 externref) (table 3 3 funcref)
           (func (export "run") (result i32) (i32.const 1))))",
        R"((module (memory i64 1) (func (export "run") (result i32) (i32.const 1))))",
        R"((module (type $s (struct (field i32)))
           (func (export "run") (result i32) (struct.get $s 0 (struct.new $s (i32.const 1))))))"}) {
    load(wat);
    EXPECT_EQ(module_->instance_slots(), wat.contains("i64") ? 0 : kSlots) << wat;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(call(*start(), "run").value(), 1) << wat;
  }
}

TEST_F(SlotsTest, ARestoredModuleHasThemToo) {
  const auto wasm = from_text(kDirty);
  const auto bytes = engine_->compile(wasm).value()->artefact().value();
  link(engine_->restore(Artefact::copy(bytes).value(), wasm, {}).value());

  EXPECT_EQ(module_->instance_slots(), kSlots);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call(*start(), "run").value(), kClean);
}

TEST_F(SlotsTest, ManyThreadsShareThem) {
  load(kDirty);
  const auto work = [&] {
    for (int i = 0; i < 100; ++i) {
      Probe probe;
      std::array<HostState*, 1> states{&probe};
      const auto instance = linked_->instantiate(states, {}, {}).value();
      EXPECT_EQ(instance->call(function(*module_, "run"), {}, {}).value(), kClean);
    }
  };

  std::array<std::jthread, 4> threads;
  for (auto& thread : threads) thread = std::jthread{work};
}

TEST(SlotsOptionsTest, ThereAreNotMoreThanAddresses) {
  EXPECT_EQ(make_wasmtime_engine({.instance_slots = 1'000'000}).error().code(),
            Errc::invalid_options);
}

TEST(SlotsOptionsTest, AModuleWithoutAddressesForThemDoesWithout) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer takes the addresses for itself";
#endif
  // Each of them takes tens of terabytes: there are not many before there is none left.
  const auto engine = make_wasmtime_engine({.instance_slots = 4000}).value();
  std::vector<std::shared_ptr<const LinkedModule>> modules;
  std::vector<std::size_t> slots;
  for (int i = 0; i < 8; ++i) {
    const auto module =
        engine
            ->compile(
                from_text("(module (memory 1) (func (export \"run\") (result i32) (i32.const " +
                          std::to_string(i) + ")))"))
            .value();
    modules.push_back(module->link({}).value());
    slots.push_back(module->instance_slots());
    const auto instance = modules.back()->instantiate({}, {}, {}).value();
    EXPECT_EQ(instance->call(function(*module, "run"), {}, {}).value(), i);
  }
  EXPECT_EQ(slots.back(), 0U);
#if !defined(__SANITIZE_ADDRESS__)  // Which takes some, too.
  EXPECT_EQ(slots.front(), 4000U);
#endif
}

}  // namespace
}  // namespace wapc::wasmtime
