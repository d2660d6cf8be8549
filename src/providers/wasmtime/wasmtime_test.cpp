#include "wapc/providers/wasmtime.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <typeinfo>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/wasmtime/wasmtime_fixture.hpp"
#include "support/thread_with_stack.hpp"
#include "wapc/engine/trap.hpp"

// What is particular to this engine. What all engines must do alike stands in conformance/.

namespace wapc {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::on_thread_with_stack;
using ::testing::StartsWith;

using wasmtime::from_text;
using wasmtime::function;
using wasmtime::kTable;
using wasmtime::Probe;
using wasmtime::within;

constexpr std::string_view kLoop = R"((module (func (export "run") (loop br 0))))";

/// What made the code, and where instances live.
struct Way {
  WasmtimeOptions::Compiler compiler;
  std::uint32_t slots;
};

constexpr auto kCranelift = WasmtimeOptions::Compiler::cranelift;
constexpr auto kWinch = WasmtimeOptions::Compiler::winch;

std::string to_string(const Way& way) {
  return std::string{way.compiler == kWinch ? "Winch" : "Cranelift"} +
         (way.slots > 0 ? "InSlots" : "");
}

std::vector<Way> ways() {
  std::vector<Way> ways{{kCranelift, 0}, {kCranelift, 2}};
#if WAPC_TESTS_WINCH
  ways.push_back({kWinch, 0});
  ways.push_back({kWinch, 2});
#endif
  return ways;
}

/// Each of these holds each way.
class WasmtimeTest : public wasmtime::WasmtimeFixture, public ::testing::WithParamInterface<Way> {
 protected:
  WasmtimeTest()
      : WasmtimeFixture{{.compiler = GetParam().compiler, .instance_slots = GetParam().slots}} {}

  [[nodiscard]] bool has(Feature feature) const {
    return engine_->info().features.contains(feature);
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, WasmtimeTest, ::testing::ValuesIn(ways()),
                         [](const auto& test) { return to_string(test.param); });

TEST_P(WasmtimeTest, SaysWhatItIs) {
  const bool optimised = GetParam().compiler == kCranelift;
  EXPECT_EQ(engine_->info().name, optimised ? "wasmtime" : "winch");
  EXPECT_THAT(engine_->info().version, StartsWith("5"));
  EXPECT_EQ(has(Feature::tail_call), optimised);
  EXPECT_TRUE(has(Feature::simd));
  EXPECT_FALSE(has(Feature::threads));
}

TEST_P(WasmtimeTest, RefusesOptionsThatWouldEndTheProgram) {
  EXPECT_EQ(make_wasmtime_engine({.stack_bytes = 0}).error().code(), Errc::invalid_options);
  EXPECT_EQ(make_wasmtime_engine({.stack_bytes = SIZE_MAX}).error().code(), Errc::invalid_options);
  EXPECT_EQ(make_wasmtime_engine({.tick = milliseconds{0}}).error().code(), Errc::invalid_options);
}

#if WAPC_TESTS_WINCH
TEST(WinchTest, IsNotThereWithoutSignals) {
  const auto engine = make_wasmtime_engine({.compiler = kWinch, .use_signals = false});
  EXPECT_EQ(engine.error().code(), Errc::invalid_options);
  EXPECT_EQ(engine.error().message(), "wasmtime: code of Winch's needs use_signals");
}

TEST(WinchTest, CountsFuel) {
  const auto engine = make_wasmtime_engine({.compiler = kWinch, .count_fuel = true}).value();
  const auto module = engine->compile(from_text(kLoop)).value();
  const auto linked = module->link({}).value();
  const auto instance = linked->instantiate({}, {.fuel = 1000}, {}).value();

  const auto result = instance->call(function(*module, "run"), {}, within(std::chrono::minutes{1}));

  EXPECT_EQ(result.error().code(), Errc::limit_exceeded) << result.error().message();
}

TEST(WinchTest, MakesCodeOfWhatTheOtherCompilerLeavesOut) {
  std::string body;
  for (int i = 0; i < 20'000; ++i) body += "(local.set 0 (i32.mul (local.get 0) (local.get 1)))";
  const auto wasm = from_text("(module (func (export \"run\") (param i32 i32) " + body + "))");

  const auto cranelift = make_wasmtime_engine().value()->compile(wasm).value()->code_bytes();
  const auto winch =
      make_wasmtime_engine({.compiler = kWinch}).value()->compile(wasm).value()->code_bytes();

  EXPECT_GT(winch, cranelift + 20'000);
}

TEST(WinchTest, TakesNoCodeOfTheOtherCompilers) {
  const auto cranelift = make_wasmtime_engine().value();
  const auto winch = make_wasmtime_engine({.compiler = kWinch}).value();
  const auto wasm = from_text(kLoop);
  for (const auto& [from, to] :
       {std::pair{winch.get(), cranelift.get()}, std::pair{cranelift.get(), winch.get()}}) {
    const auto artefact = Artefact::copy(from->compile(wasm).value()->artefact().value()).value();
    EXPECT_TRUE(from->restore(artefact, wasm, {}));
    const auto module = to->restore(artefact, wasm, {});
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().code(), Errc::unsupported) << module.error().message();
  }
}
#else
TEST(WinchTest, IsUnsupportedWhereThereIsNone) {
  EXPECT_EQ(make_wasmtime_engine({.compiler = kWinch}).error().code(), Errc::unsupported);
}
#endif

TEST_P(WasmtimeTest, PassesArgumentsAndResultsExactly) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "mix" (func $mix (param i32 i64 i32) (result i64)))
    (func (export "run") (param i32 i64 i32) (result i64)
      (call $mix (local.get 0) (local.get 1) (local.get 2)))))";

  const auto result = run(kGuest, {0xFFFF'FFFE, 0x1234'5678'9ABC'DEF0, 7});

  EXPECT_EQ(result.value(), 0xFFFF'FFFEU + 0x1234'5678'9ABC'DEF0U * 3 + 35);
}

TEST_P(WasmtimeTest, IgnoresTheHighHalfOfI32s) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "minus" (func $minus (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $minus (local.get 0)))))";

  EXPECT_EQ(run(kGuest, {0xABCD'0000'0001}).value(), 0xFFFF'FFFFU);
}

TEST_P(WasmtimeTest, LinksAFunctionThatIsImportedTwice) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "minus" (func $a (param i32) (result i32)))
    (import "env" "minus" (func $b (param i32) (result i32)))
    (func (export "run") (result i32) (i32.add (call $a (i32.const -1)) (call $b (i32.const -2))))))";

  EXPECT_EQ(run(kGuest).value(), 3);
}

TEST_P(WasmtimeTest, CallsNoFunctionsOfOtherTypes) {
  EXPECT_EQ(run(R"((module (func (export "run") (result f32) (f32.const 1))))").error().code(),
            Errc::unsupported);
  EXPECT_EQ(run(R"((module (func (export "run") (result i32 i32) (i32.const 1) (i32.const 2))))")
                .error()
                .code(),
            Errc::unsupported);
}

TEST_P(WasmtimeTest, HandsBackTheVeryErrorOfAHostFunction) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "fail" (func $fail)) (func (export "run") (call $fail))))";

  const auto result = run(kGuest);

  EXPECT_EQ(&result.error().message(), &probe_.error.message());
}

TEST_P(WasmtimeTest, EntersAnInstanceAgainAfterAnErrorOfAHostFunction) {
  auto instance = instantiate(R"((module
    (import "env" "fail" (func $fail))
    (func (export "run") (call $fail)) (func (export "nine") (result i32) (i32.const 9))))");
  ASSERT_FALSE((*instance)->call(function(*module_, "run"), {}, {}));

  EXPECT_EQ((*instance)->call(function(*module_, "nine"), {}, {}).value(), 9);
}

struct TrapCase {
  Trap trap;
  std::string_view body;
};

class WasmtimeTrapTest : public wasmtime::WasmtimeFixture,
                         public ::testing::WithParamInterface<TrapCase> {
 protected:
  WasmtimeTrapTest() : WasmtimeFixture{{}} {}
};

TEST_P(WasmtimeTrapTest, IsReportedInTheWordsOfTheSpecification) {
  const auto result = run(R"((module (memory 1) (table 2 funcref)
    (type $void (func)) (type $int (func (result i32)))
    (func $int (type $int) (i32.const 1)) (elem (i32.const 0) $int)
    (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
    (func (export "run") )" +
                          std::string{GetParam().body} + "))");

  EXPECT_EQ(result.error().code(), Errc::trapped);
  EXPECT_EQ(result.error().message(), to_string(GetParam().trap));
  EXPECT_THAT(result.error().backtrace(), HasSubstr("#0 "));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, WasmtimeTrapTest,
    ::testing::Values(
        TrapCase{Trap::unreachable, "unreachable"},
        TrapCase{Trap::memory_out_of_bounds, "(drop (i32.load (i32.const 65536)))"},
        TrapCase{Trap::undefined_element, "(call_indirect (type $void) (i32.const 9))"},
        TrapCase{Trap::uninitialized_element, "(call_indirect (type $void) (i32.const 1))"},
        TrapCase{Trap::indirect_call_type_mismatch, "(call_indirect (type $void) (i32.const 0))"},
        TrapCase{Trap::integer_overflow,
                 "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"},
        TrapCase{Trap::integer_division_by_zero, "(drop (i32.div_u (i32.const 1) (i32.const 0)))"},
        TrapCase{Trap::invalid_conversion_to_integer, "(drop (i32.trunc_f32_s (f32.const nan)))"},
        TrapCase{Trap::null_reference, "(call_ref $void (ref.null $void))"},
        TrapCase{Trap::stack_exhausted, "(drop (call $deep))"}));

TEST_P(WasmtimeTest, NamesTheFunctionsOfABacktrace) {
  const auto result = run(R"((module
    (func $inner unreachable) (func $"two\nlines" (call $inner))
    (func (export "run") (call $"two\nlines"))))");

  EXPECT_THAT(result.error().backtrace(), StartsWith("#0 inner (offset 0x"));
  EXPECT_THAT(result.error().backtrace(), HasSubstr("\n#1 two lines (offset 0x"));
  EXPECT_THAT(result.error().backtrace(), HasSubstr("\n#2 function 2 (offset 0x"));
}

TEST_P(WasmtimeTest, ShowsNoOffsetWhereAFunctionDidNotBegin) {
  const auto result = run(R"((module (func $deep (export "run") (call $deep))))");

  EXPECT_EQ(result.error().message(), to_string(Trap::stack_exhausted));
  EXPECT_THAT(result.error().backtrace(), StartsWith("#0 deep\n#1 deep (offset 0x"));
}

TEST_P(WasmtimeTest, EndsALoopAtItsDeadline) {
  const auto result = run(kLoop, {}, within(milliseconds{5}));

  EXPECT_EQ(result.error().code(), Errc::deadline_exceeded);
  EXPECT_EQ(result.error().message(), budget_spent(Errc::deadline_exceeded).message());
}

TEST_P(WasmtimeTest, EndsALoopThatIsCancelledFromAnotherThread) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "stop" (func $stop)) (func (export "run") (call $stop) (loop br 0))))";
  std::stop_source cancel;
  // The guest says when it runs; another thread cancels it then.
  std::jthread other;
  const std::stop_callback entered{probe_.stop.get_token(),
                                   [&] { other = std::jthread{[&] { cancel.request_stop(); }}; }};

  EXPECT_EQ(run(kGuest, {}, {.stop = cancel.get_token()}).error().code(), Errc::cancelled);
}

TEST_P(WasmtimeTest, NeverEntersTheGuestForACallThatIsCancelledAlready) {
  std::stop_source cancel;
  cancel.request_stop();

  EXPECT_EQ(run(R"((module (func (export "run") unreachable)))", {}, {.stop = cancel.get_token()})
                .error()
                .code(),
            Errc::cancelled);
}

TEST_P(WasmtimeTest, LetsACallWithoutABudgetRunPastManyTicks) {
  constexpr std::string_view kGuest = R"((module
    (func (export "run") (result i32) (local i32)
      (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
                               (i32.const 30000000))))
      (local.get 0))))";

  EXPECT_EQ(run(kGuest).value(), 30'000'000);
}

TEST_P(WasmtimeTest, EndsALoopInTheStartSection) {
  const auto instance =
      instantiate("(module (func $loop (loop br 0)) (start $loop))", within(milliseconds{5}));

  EXPECT_EQ(instance.error().code(), Errc::deadline_exceeded);
}

TEST_P(WasmtimeTest, ReportsATrapInTheStartSection) {
  EXPECT_EQ(instantiate("(module (func $f unreachable) (start $f))").error().code(), Errc::trapped);
}

TEST_P(WasmtimeTest, ReportsSegmentsThatDoNotFit) {
  EXPECT_EQ(instantiate(R"((module (memory 1) (data (i32.const 65536) "x")))").error().message(),
            to_string(Trap::memory_out_of_bounds));
  EXPECT_EQ(
      instantiate("(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))").error().message(),
      to_string(Trap::table_out_of_bounds));
}

TEST_P(WasmtimeTest, FindsTheMemoryInTheStartSectionToo) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "size" (func $size (result i32)))
    (memory (export "other") 2) (global $size (mut i32) (i32.const 0))
    (func $start (global.set $size (call $size))) (start $start)
    (func (export "run") (result i32)
      (drop (memory.grow (i32.const 1)))
      (i32.sub (call $size) (global.get $size)))))";

  EXPECT_EQ(run(kGuest).value(), 65'536);
}

TEST_P(WasmtimeTest, TakesTheMemoryNamedMemory) {
  auto instance = instantiate(R"((module (memory $a 1) (memory $b 2)
    (export "first" (memory $a)) (export "memory" (memory $b))))",
                              {}, {.memories = 2});

  EXPECT_EQ((*instance)->memory().size(), 2U * 65'536U);
}

TEST_P(WasmtimeTest, HasNoMemoryWhereNoneIsExported) {
  EXPECT_TRUE((*instantiate("(module (memory 1))"))->memory().empty());
}

TEST_P(WasmtimeTest, HandsTheBudgetToHostFunctions) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "time_left" (func $f (result i64)))
    (func (export "run") (result i64) (call $f))))";

  EXPECT_EQ(run(kGuest).value(), 0);
  EXPECT_EQ(run(kGuest, {}, within(std::chrono::hours{1})).value(), 1);
}

TEST_P(WasmtimeTest, LetsNoMemoryOrTableGrowPastItsLimit) {
  constexpr std::string_view kGuest = R"((module (memory 1) (table 1 funcref)
    (func (export "run") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (memory.grow (i32.const 2)))
        (else (table.grow (ref.null func) (i32.const 100)))))))";
  const InstanceLimits limits{.memory_bytes = 2 * 65'536, .table_elements = 100};

  EXPECT_EQ(run(kGuest, {1}, {}, limits).value(), 0xFFFF'FFFFU);
  EXPECT_EQ(run(kGuest, {0}, {}, limits).value(), 0xFFFF'FFFFU);
}

TEST_P(WasmtimeTest, RefusesAModuleThatDeclaresMoreThanTheLimits) {
  const auto instance = instantiate("(module (memory 3))", {}, {.memory_bytes = 2 * 65'536});

  EXPECT_EQ(instance.error().code(), Errc::limit_exceeded);
}

TEST_P(WasmtimeTest, SaysSoWhenTheMachineHasNoRoomForAMemory) {
  const auto instance = instantiate("(module (memory i64 0x7000000000))", {},
                                    {.memory_bytes = std::size_t{1} << 60U});

  EXPECT_EQ(instance.error().code(), Errc::limit_exceeded);
  EXPECT_THAT(instance.error().message(), StartsWith("no room for an instance: "));
}

TEST_P(WasmtimeTest, CatchesAnExceptionWithinTheLimits) {
  if (!has(Feature::exceptions)) GTEST_SKIP() << "no exceptions";
  constexpr std::string_view kGuest = R"((module (memory 1) (tag $t (param i32))
    (func (export "run") (result i32)
      (block $caught (result i32)
        (try_table (catch $t $caught) (throw $t (i32.const 8)))
        unreachable))))";

  const auto result = run(kGuest);

  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(*result, 8);
}

TEST_P(WasmtimeTest, TrapsOnAnExceptionThatNobodyCatches) {
  if (!has(Feature::exceptions)) GTEST_SKIP() << "no exceptions";
  EXPECT_EQ(run(R"((module (tag $t) (func (export "run") (throw $t))))").error().code(),
            Errc::trapped);
}

TEST_P(WasmtimeTest, BoundsTheHeapOfCollectedObjects) {
  if (!has(Feature::gc)) GTEST_SKIP() << "no garbage collection";
  constexpr std::string_view kGuest = R"((module
    (type $bytes (array (mut i64))) (type $list (struct (field (ref null $list)) (field (ref $bytes))))
    (func (export "run") (local (ref null $list))
      (loop
        (local.set 0 (struct.new $list (local.get 0) (array.new_default $bytes (i32.const 10000))))
        (br 0)))))";

  const auto result = run(kGuest, {}, within(std::chrono::minutes{1}), {.memory_bytes = 4U << 20U});

  EXPECT_EQ(result.error().code(), Errc::limit_exceeded) << result.error().message();
}

TEST_P(WasmtimeTest, KeepsAliveWhatAnInstanceNeeds) {
  auto instance = instantiate(R"((module
    (import "env" "minus" (func $minus (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $minus (local.get 0)))))");
  const auto run = function(*module_, "run");
  engine_.reset();
  module_.reset();
  const std::array<std::uint64_t, 1> arguments{1};

  EXPECT_EQ((*instance)->call(run, arguments, {}).value(), 0xFFFF'FFFFU);
}

TEST_P(WasmtimeTest, EntersNoGuestOnAThreadWithTooLittleStack) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer gives no thread a stack as small";
#endif
  constexpr std::string_view kGuest =
      R"((module (func $deep (export "run") (result i32) (i32.add (call $deep) (i32.const 1)))))";
  auto instance = instantiate(kGuest);
  const auto linked = module_->link({}).value();
  Result<std::uint64_t> called;
  Errc instantiated{};

  on_thread_with_stack(256U << 10U, [&] {
    called = (*instance)->call(function(*module_, "run"), {}, {});
    instantiated = linked->instantiate({}, {}, {}).error().code();
  });

  EXPECT_EQ(called.error().code(), Errc::limit_exceeded);
  EXPECT_THAT(called.error().message(), HasSubstr("native stack"));
  EXPECT_FALSE((*instance)->was_entered());
  EXPECT_EQ(instantiated, Errc::limit_exceeded);
}

TEST_P(WasmtimeTest, CompilesNothingOnAThreadWithTooLittleStack) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer gives no thread a stack as small";
#endif
  const auto wasm = from_text("(module)");
  Errc compiled{};

  on_thread_with_stack(64U << 10U, [&] { compiled = engine_->compile(wasm).error().code(); });

  EXPECT_EQ(compiled, Errc::limit_exceeded);
}

TEST_P(WasmtimeTest, CompilesOnAThreadWithJustEnoughStack) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer gives no thread a stack as small";
#endif
  const std::size_t needed = GetParam().compiler == kWinch ? 512U << 10U : 128U << 10U;
  // Many locals, many operands and deep nesting take a compiler's own stack, if anything does.
  const auto repeated = [](std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  const auto wasm =
      from_text("(module (func (param i32) (local " + repeated("i64 ", 40'000) + ")" +
                repeated("(block ", 2'000) + "(br_if 0 (local.get 0))" + repeated(")", 2'000) +
                ") (func (result i32) " + repeated("(i32.add (i32.const 1) ", 2'000) +
                "(i32.const 1)" + repeated(")", 2'000) + "))");
  Result<std::shared_ptr<const Module>> compiled;

  on_thread_with_stack(needed + (16U << 10U), [&] { compiled = engine_->compile(wasm); });

  EXPECT_TRUE(compiled) << compiled.error().message();
}

TEST_P(WasmtimeTest, EndsRecursionOnAThreadWithJustEnoughStack) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer gives no thread a stack as small";
#endif
  auto instance = instantiate(
      R"((module (func $deep (export "run") (result i32) (i32.add (call $deep) (i32.const 1)))))");
  Result<std::uint64_t> called;

  on_thread_with_stack(704U << 10U,
                       [&] { called = (*instance)->call(function(*module_, "run"), {}, {}); });

  EXPECT_EQ(called.error().message(), to_string(Trap::stack_exhausted));
}

TEST_P(WasmtimeTest, RunsInstancesOfOneModuleOnManyThreads) {
  const auto module = compile(R"((module
    (import "env" "minus" (func $minus (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $minus (local.get 0)))))");
  const auto linked = *module->link(std::span{&kTable, 1});
  const auto work = [&] {
    for (std::uint64_t i = 0; i < 200; ++i) {
      Probe probe;
      std::array<HostState*, 1> states{&probe};
      const auto instance = linked->instantiate(states, {}, {});
      const std::array arguments{i};
      EXPECT_EQ((*instance)->call(function(*module, "run"), arguments, {}).value(),
                static_cast<std::uint32_t>(0 - i));
    }
  };

  const std::jthread first{work};
  const std::jthread second{work};
}

TEST_P(WasmtimeTest, SaysWhatItsCodeTakes) {
  // Data lies beside the machine code.
  const auto small = compile(R"((module (data "x")))")->code_bytes();
  const auto large = compile("(module (data \"" + std::string(1U << 20U, 'x') + "\"))");

  EXPECT_GT(small, 0U);
  EXPECT_GE(large->code_bytes(), small + (1U << 20U) - (64U << 10U));
}

TEST_P(WasmtimeTest, RefusesWhatTheFeaturesDoNotHold) {
  const auto tail_call = engine_->compile(from_text("(module (func $f return_call $f))"));
  EXPECT_EQ(tail_call.has_value(), has(Feature::tail_call));
  if (!tail_call) {
    EXPECT_EQ(tail_call.error().code(), Errc::invalid_module);
  }
  EXPECT_EQ(engine_->compile(from_text("(module (memory 1 1 shared))")).error().code(),
            Errc::invalid_module);
}

}  // namespace
}  // namespace wapc
