#include "wapc/providers/wasm3.hpp"

#include <algorithm>
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
#include <wabt/binary-writer.h>
#include <wabt/error-formatter.h>
#include <wabt/ir.h>
#include <wabt/stream.h>
#include <wabt/wast-lexer.h>
#include <wabt/wast-parser.h>

#include "engine/native_stack.hpp"
#include "providers/wasm3/loader.hpp"
#include "support/thread_with_stack.hpp"
#include "wapc/engine/trap.hpp"

// What is particular to this engine. What all engines must do alike stands in conformance/.

namespace wapc {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::on_thread_with_stack;
using ::testing::StartsWith;

// What the guests of these tests may call.
class Probe final : public HostState {
 public:
  // Each argument in another digit, so that one out of place shows.
  Result<std::uint64_t> mix(Caller& /*caller*/, std::uint32_t a, std::uint64_t b, std::uint32_t c) {
    return std::uint64_t{a} + b * 3 + std::uint64_t{c} * 5;
  }

  Result<std::uint32_t> minus(Caller& /*caller*/, std::uint32_t a) { return 0U - a; }

  Result<> fail(Caller& /*caller*/) { return std::unexpected{error}; }

  Result<> stop_call(Caller& /*caller*/) {
    stop.request_stop();
    return {};
  }

  Result<std::uint32_t> memory_size(Caller& caller) {
    return static_cast<std::uint32_t>(caller.memory().size());
  }

  Result<std::uint64_t> time_left(Caller& caller) {
    return caller.budget().deadline == Budget::Clock::time_point::max() ? 0 : 1;
  }

  std::stop_source stop;
  Error error{Errc::denied, "the very error"};
};

constexpr std::array kFunctions{
    offer<&Probe::mix>("env", "mix"),          offer<&Probe::minus>("env", "minus"),
    offer<&Probe::fail>("env", "fail"),        offer<&Probe::stop_call>("env", "stop"),
    offer<&Probe::memory_size>("env", "size"), offer<&Probe::time_left>("env", "time_left"),
};
const ImportTable kTable{kFunctions, &typeid(Probe)};

Bytes from_text(std::string_view wat) {
  wabt::Errors errors;
  const auto lexer =
      wabt::WastLexer::CreateBufferLexer("test.wat", wat.data(), wat.size(), &errors);
  wabt::Features features;
  features.EnableAll();
  wabt::WastParseOptions options{features};
  std::unique_ptr<wabt::Module> module;
  if (wabt::Failed(wabt::ParseWatModule(lexer.get(), &module, &errors, &options))) {
    ADD_FAILURE() << wabt::FormatErrorsToString(errors, wabt::Location::Type::Text);
    return {};
  }
  wabt::MemoryStream stream;
  wabt::WriteBinaryOptions writing;
  writing.features = features;
  writing.write_debug_names = true;
  EXPECT_TRUE(wabt::Succeeded(wabt::WriteBinaryModule(&stream, module.get(), writing)));
  const auto view = std::as_bytes(std::span{stream.output_buffer().data});
  return {view.begin(), view.end()};
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// The first export of `module` that is a function.
ExportIndex function(const Module& module, std::string_view name) {
  const auto index = find_function(module, name);
  EXPECT_TRUE(index) << name;
  return index.value_or(ExportIndex{});
}

Budget in(milliseconds time) {
  return {.deadline = Budget::Clock::now() + time};
}

class Wasm3Test : public ::testing::Test {
 protected:
  std::shared_ptr<const Module> compile(const Bytes& wasm) {
    auto module = engine_->compile(wasm);
    EXPECT_TRUE(module) << module.error().message();
    return module.value();
  }

  Result<std::unique_ptr<Instance>> instantiate(const Bytes& wasm, const Budget& budget = {},
                                                const InstanceLimits& limits = {}) {
    module_ = compile(wasm);
    auto linked = module_->link(std::span{&kTable, 1});
    if (!linked) return std::unexpected{linked.error()};
    std::array<HostState*, 1> states{&probe_};
    return (*linked)->instantiate(states, limits, budget);
  }

  Result<std::unique_ptr<Instance>> instantiate(std::string_view wat, const Budget& budget = {},
                                                const InstanceLimits& limits = {}) {
    return instantiate(from_text(wat), budget, limits);
  }

  // Calls the export `run` of a fresh instance.
  Result<std::uint64_t> run(const Bytes& wasm) {
    auto instance = instantiate(wasm);
    if (!instance) return std::unexpected{instance.error()};
    return (*instance)->call(function(*module_, "run"), {}, {});
  }

  Result<std::uint64_t> run(std::string_view wat, std::vector<std::uint64_t> arguments = {},
                            const Budget& budget = {}, const InstanceLimits& limits = {}) {
    auto instance = instantiate(wat, {}, limits);
    if (!instance) return std::unexpected{instance.error()};
    return (*instance)->call(function(*module_, "run"), arguments, budget);
  }

  Probe probe_;
  std::unique_ptr<Engine> engine_ = make_wasm3_engine().value();
  std::shared_ptr<const Module> module_;
};

constexpr std::string_view kEndless =
    R"((module (func $deep (export "run") (result i32) (i32.add (call $deep) (i32.const 1)))))";

TEST_F(Wasm3Test, SaysWhatItIs) {
  EXPECT_EQ(engine_->info().name, "wasm3");
  EXPECT_EQ(engine_->info().version, "0.9.0");
  EXPECT_EQ(engine_->info().execution, Execution::interpreted);
  EXPECT_TRUE(engine_->info().features.contains(Feature::tail_call));
  EXPECT_FALSE(engine_->info().features.contains(Feature::simd));
}

TEST_F(Wasm3Test, RefusesOptionsThatCannotBeMet) {
  EXPECT_EQ(make_wasm3_engine({.value_stack_bytes = 0}).error().code(), Errc::invalid_options);
  EXPECT_EQ(make_wasm3_engine({.stack_bytes = SIZE_MAX}).error().code(), Errc::invalid_options);
  EXPECT_EQ(make_wasm3_engine({.tick = milliseconds{0}}).error().code(), Errc::invalid_options);
}

TEST_F(Wasm3Test, PassesArgumentsAndResultsExactly) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "mix" (func $mix (param i32 i64 i32) (result i64)))
    (func (export "run") (param i32 i64 i32) (result i64)
      (call $mix (local.get 0) (local.get 1) (local.get 2)))))";

  const auto result = run(kGuest, {0xFFFF'FFFE, 0x1234'5678'9ABC'DEF0, 7});

  EXPECT_EQ(result.value(), 0xFFFF'FFFEU + 0x1234'5678'9ABC'DEF0U * 3 + 35);
}

TEST_F(Wasm3Test, IgnoresTheHighHalfOfI32s) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "minus" (func $minus (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $minus (local.get 0)))))";

  EXPECT_EQ(run(kGuest, {0xABCD'0000'0001}).value(), 0xFFFF'FFFFU);
}

TEST_F(Wasm3Test, LinksAFunctionThatIsImportedTwiceAndExported) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "minus" (func $a (param i32) (result i32)))
    (import "env" "minus" (func $b (param i32) (result i32)))
    (export "b" (func $b))
    (func (export "run") (result i32) (i32.add (call $a (i32.const -1)) (call $b (i32.const -2))))))";
  EXPECT_EQ(run(kGuest).value(), 3);

  auto instance = instantiate(kGuest);
  const std::array<std::uint64_t, 1> arguments{5};
  EXPECT_EQ((*instance)->call(function(*module_, "b"), arguments, {}).value(), 0xFFFF'FFFBU);
}

TEST_F(Wasm3Test, CallsNoFunctionsOfOtherTypes) {
  EXPECT_EQ(run(R"((module (func (export "run") (result f32) (f32.const 1))))").error().code(),
            Errc::unsupported);
  EXPECT_EQ(run(R"((module (func (export "run") (result i32 i32) (i32.const 1) (i32.const 2))))")
                .error()
                .code(),
            Errc::unsupported);
}

TEST_F(Wasm3Test, HandsBackTheVeryErrorOfAHostFunction) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "fail" (func $fail)) (func (export "run") (call $fail))))";

  const auto result = run(kGuest);

  EXPECT_EQ(&result.error().message(), &probe_.error.message());
}

TEST_F(Wasm3Test, EntersAnInstanceAgainAfterAnErrorOfAHostFunction) {
  auto instance = instantiate(R"((module
    (import "env" "fail" (func $fail))
    (func $deeper (param i32) (if (local.get 0)
      (then (call $deeper (i32.sub (local.get 0) (i32.const 1)))) (else (call $fail))))
    (func (export "run") (call $deeper (i32.const 20)))
    (func (export "nine") (result i32) (i32.const 9))))");
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE((*instance)->call(function(*module_, "run"), {}, {}));

    ASSERT_EQ((*instance)->call(function(*module_, "nine"), {}, {}).value(), 9);
  }
}

struct TrapCase {
  Trap trap;
  std::string_view body;
};

class Wasm3TrapTest : public Wasm3Test, public ::testing::WithParamInterface<TrapCase> {};

TEST_P(Wasm3TrapTest, IsReportedInTheWordsOfTheSpecification) {
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
    Kinds, Wasm3TrapTest,
    ::testing::Values(
        TrapCase{Trap::unreachable, "unreachable"},
        TrapCase{Trap::memory_out_of_bounds, "(drop (i32.load (i32.const 65536)))"},
        TrapCase{Trap::memory_out_of_bounds, "(drop (i32.load offset=0xffffffff (i32.const -1)))"},
        TrapCase{Trap::memory_out_of_bounds,
                 "(memory.fill (i32.const 65535) (i32.const 1) (i32.const 2))"},
        TrapCase{Trap::table_out_of_bounds, "(drop (table.get 0 (i32.const 2)))"},
        TrapCase{Trap::undefined_element, "(call_indirect (type $void) (i32.const 9))"},
        TrapCase{Trap::uninitialized_element, "(call_indirect (type $void) (i32.const 1))"},
        TrapCase{Trap::indirect_call_type_mismatch, "(call_indirect (type $void) (i32.const 0))"},
        TrapCase{Trap::integer_overflow,
                 "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))"},
        TrapCase{Trap::integer_overflow, "(drop (i32.trunc_f32_s (f32.const 1e30)))"},
        TrapCase{Trap::integer_division_by_zero, "(drop (i32.div_u (i32.const 1) (i32.const 0)))"},
        TrapCase{Trap::invalid_conversion_to_integer, "(drop (i32.trunc_f32_s (f32.const nan)))"},
        TrapCase{Trap::stack_exhausted, "(drop (call $deep))"}));

TEST_F(Wasm3Test, NamesTheFunctionsOfABacktrace) {
  const auto result = run(R"((module (type $void (func)) (table 1 funcref)
    (func $inner unreachable) (elem (i32.const 0) $inner)
    (func $middle (call_indirect (type $void) (i32.const 0)))
    (func (export "run") (call $middle))))");

  EXPECT_EQ(result.error().backtrace(), "#0 inner\n#1 middle\n#2 function 2");
}

TEST_F(Wasm3Test, BoundsABacktrace) {
  const auto lines = run(kEndless).error().backtrace();

  EXPECT_EQ(std::ranges::count(lines, '\n'), 63);
}

// Each way to go on without end. The budget is looked at in loops and in calls.
class Wasm3EndlessTest : public Wasm3Test,
                         public ::testing::WithParamInterface<std::string_view> {};

TEST_P(Wasm3EndlessTest, EndsAtItsDeadline) {
  const auto result = run(GetParam(), {}, in(milliseconds{5}));

  EXPECT_EQ(result.error().code(), Errc::deadline_exceeded) << result.error().message();
  EXPECT_EQ(result.error().message(), budget_spent(Errc::deadline_exceeded).message());
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Wasm3EndlessTest,
    ::testing::Values(R"((module (func (export "run") (loop br 0))))",
                      R"((module (func (export "run") (loop (br_if 0 (i32.const 1))))))",
                      R"((module (func (export "run") (loop (br_table 0 0 0 (i32.const 1))))))",
                      R"((module (func (export "run") (loop (loop (loop (br 2)))))))",
                      R"((module (func (export "run") (loop (loop) (loop) (br 0)))))",
                      R"((module (func (export "run")
             (i32.const 1) (loop (param i32) (drop) (i32.const 2) (br 0)))))",
                      R"((module (func $f (export "run") (return_call $f))))",
                      R"((module (type $t (func)) (table funcref (elem $f))
             (func $f (export "run") (return_call_indirect (type $t) (i32.const 0)))))",
                      R"((module (import "env" "minus" (func $minus (param i32) (result i32)))
             (func (export "run") (loop (drop (call $minus (i32.const 1))) br 0))))",
                      R"((module (memory 16) (func (export "run")
             (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) br 0))))"));

TEST_F(Wasm3Test, EndsALoopThatIsCancelledFromAnotherThread) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "stop" (func $stop)) (func (export "run") (call $stop) (loop br 0))))";
  std::stop_source cancel;
  // The guest says when it runs; another thread cancels it then.
  std::jthread other;
  const std::stop_callback entered{probe_.stop.get_token(),
                                   [&] { other = std::jthread{[&] { cancel.request_stop(); }}; }};

  EXPECT_EQ(run(kGuest, {}, {.stop = cancel.get_token()}).error().code(), Errc::cancelled);
}

TEST_F(Wasm3Test, NeverEntersTheGuestForACallThatIsCancelledAlready) {
  std::stop_source cancel;
  cancel.request_stop();

  EXPECT_EQ(run(R"((module (func (export "run") unreachable)))", {}, {.stop = cancel.get_token()})
                .error()
                .code(),
            Errc::cancelled);
}

TEST_F(Wasm3Test, LetsACallWithoutABudgetRunPastManyTicks) {
  constexpr std::string_view kGuest = R"((module
    (func (export "run") (result i32) (local i32)
      (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
                               (i32.const 3000000))))
      (local.get 0))))";

  EXPECT_EQ(run(kGuest).value(), 3'000'000);
}

TEST_F(Wasm3Test, MakesNoNativeFramesOfTailCalls) {
  constexpr std::string_view kGuest = R"((module
    (func $count (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 7))
        (else (return_call $count (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "run") (result i32) (call $count (i32.const 3000000)))))";

  EXPECT_EQ(run(kGuest).value(), 7);
}

TEST_F(Wasm3Test, HandsParametersToTheNextTurnOfALoop) {
  constexpr std::string_view kGuest = R"((module (func (export "run") (result i32) (local i32 i32)
    (i32.const 1) (i32.const 100)
    (loop $next (param i32 i32) (result i32)
      (local.set 0) (local.set 1)
      (local.get 0) (local.get 1)
      (block (param i32 i32) (result i32 i32)
        (br_if 0 (i32.ge_u (local.get 1) (i32.const 50)))
        (local.set 0) (local.set 1)
        (i32.add (local.get 0) (i32.const 1)) (i32.sub (local.get 1) (i32.const 2))
        (br $next))
      (i32.sub)))))";

  EXPECT_EQ(run(kGuest).value(), 0U - 1);
}

TEST_F(Wasm3Test, KeepsAValueOfWhichABlockTakesACopy) {
  constexpr std::string_view kGuest = R"((module
    (func (export "run") (param i32) (result i32)
      (local.get 0)
      (local.get 0)
      (block (param i32) (result i32) (drop) (i32.const 7))
      (i32.sub))))";

  EXPECT_EQ(run(kGuest, {100}).value(), 93);
}

TEST_F(Wasm3Test, KeepsTheBitsOfASignallingNan) {
  // By way of a register, a local, a global, a selection, and with another sign.
  constexpr std::string_view kGuest = R"((module (memory 1) (global $f (mut f32) (f32.const 0))
    (func $bits (param f32) (result i32) (i32.xor (i32.reinterpret_f32 (local.get 0))
                                                  (i32.const 0x7F86FBF3)))
    (func (export "run") (result i32) (local f32 i32)
      (i32.store (i32.const 0) (i32.const 0x7F86FBF3))
      (f32.store (i32.const 4) (f32.load (i32.const 0)))
      (local.set 1 (call $bits (f32.load (i32.const 4))))
      (local.set 0 (f32.reinterpret_i32 (i32.const 0x7F86FBF3)))
      (local.set 1 (i32.or (local.get 1) (call $bits (local.get 0))))
      (global.set $f (f32.load (i32.const 0)))
      (local.set 1 (i32.or (local.get 1) (call $bits (global.get $f))))
      (local.set 1 (i32.or (local.get 1) (call $bits
        (select (f32.load (i32.const 0)) (local.get 0) (i32.const 1)))))
      (i32.or (local.get 1) (call $bits (f32.neg (f32.neg (f32.load (i32.const 0)))))))))";

  EXPECT_EQ(run(kGuest).value(), 0);
}

TEST_F(Wasm3Test, CopiesNothingBetweenTablesOfNothing) {
  constexpr std::string_view kGuest = R"((module (table 0 funcref) (table 0 funcref)
    (func (export "run") (result i32)
      (table.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0))
      (table.size 0))))";

  EXPECT_EQ(run(kGuest).value(), 0);
}

TEST_F(Wasm3Test, EndsALoopInTheStartSection) {
  const auto instance =
      instantiate("(module (func $loop (loop br 0)) (start $loop))", in(milliseconds{5}));

  EXPECT_EQ(instance.error().code(), Errc::deadline_exceeded);
}

TEST_F(Wasm3Test, ReportsATrapInTheStartSection) {
  const auto instance = instantiate("(module (func $f unreachable) (start $f))");

  EXPECT_EQ(instance.error().message(), to_string(Trap::unreachable));
  EXPECT_EQ(instance.error().backtrace(), "#0 f");
}

TEST_F(Wasm3Test, ReportsSegmentsThatDoNotFit) {
  EXPECT_EQ(instantiate(R"((module (memory 1) (data (i32.const 65536) "x")))").error().message(),
            to_string(Trap::memory_out_of_bounds));
  EXPECT_EQ(instantiate(R"((module (memory 1) (data (i32.const -1) "x")))").error().message(),
            to_string(Trap::memory_out_of_bounds));
  EXPECT_EQ(
      instantiate("(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))").error().message(),
      to_string(Trap::table_out_of_bounds));
  EXPECT_EQ(instantiate("(module (table 1 funcref) (func $f) (elem (i32.const -1) $f))")
                .error()
                .message(),
            to_string(Trap::table_out_of_bounds));
}

TEST_F(Wasm3Test, EvaluatesConstantExpressions) {
  constexpr std::string_view kGuest = R"((module
    (global $a i64 (i64.sub (i64.mul (i64.const 7) (i64.const -3)) (i64.const 5)))
    (global $b i32 (i32.add (i32.const 0x7fffffff) (i32.const 1)))
    (global $c f64 (f64.const 0x1p-3)) (global $d f32 (f32.const 2))
    (func (export "run") (result i64)
      (i64.add (i64.add (global.get $a) (i64.extend_i32_u (global.get $b)))
        (i64.trunc_f64_s (f64.div (f64.promote_f32 (global.get $d)) (global.get $c)))))))";

  EXPECT_EQ(run(kGuest).value(), 0x8000'0000U - 26 + 16);
}

TEST_F(Wasm3Test, FindsTheMemoryInTheStartSectionToo) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "size" (func $size (result i32)))
    (memory (export "other") 2) (global $size (mut i32) (i32.const 0))
    (func $start (global.set $size (call $size))) (start $start)
    (func (export "run") (result i32)
      (drop (memory.grow (i32.const 1)))
      (i32.sub (call $size) (global.get $size)))))";

  EXPECT_EQ(run(kGuest).value(), 65'536);
}

TEST_F(Wasm3Test, HasNoMemoryWhereNoneIsExported) {
  EXPECT_TRUE((*instantiate("(module (memory 1))"))->memory().empty());
}

TEST_F(Wasm3Test, GrowsAMemoryThatStartsEmpty) {
  constexpr std::string_view kGuest = R"((module (memory (export "memory") 0)
    (func (export "run") (result i32)
      (drop (memory.grow (i32.const 3)))
      (i32.store (i32.const 131072) (i32.const 5))
      (loop (nop)) (call $nothing)
      (i32.add (memory.size) (i32.load (i32.const 131072))))
    (func $nothing)))";

  EXPECT_EQ(run(kGuest, {}, in(milliseconds{60'000})).value(), 8);
}

TEST_F(Wasm3Test, HandsTheBudgetToHostFunctions) {
  constexpr std::string_view kGuest = R"((module
    (import "env" "time_left" (func $f (result i64)))
    (func (export "run") (result i64) (call $f))))";

  EXPECT_EQ(run(kGuest).value(), 0);
  EXPECT_EQ(run(kGuest, {}, {.deadline = Budget::Clock::now() + std::chrono::hours{1}}).value(), 1);
}

TEST_F(Wasm3Test, LetsNoMemoryOrTableGrowPastItsLimit) {
  constexpr std::string_view kGuest = R"((module (memory 1) (table 1 funcref) (table 0 0 funcref)
    (func (export "run") (param i32) (result i32)
      (block (block (block (br_table 0 1 2 (local.get 0)))
        (return (memory.grow (i32.const 2))))
        (return (table.grow 0 (ref.null func) (i32.const 100))))
      (table.grow 1 (ref.null func) (i32.const 1)))))";
  const InstanceLimits limits{.memory_bytes = 2 * 65'536, .table_elements = 100};

  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(run(kGuest, {i}, {}, limits).value(), 0xFFFF'FFFFU) << i;
  }
}

TEST_F(Wasm3Test, LetsMemoryAndTableGrowToTheirLimits) {
  constexpr std::string_view kGuest = R"((module (memory 1) (table 1 4000000000 funcref)
    (func (export "run") (result i32)
      (i32.add (memory.grow (i32.const 1)) (table.grow 0 (ref.null func) (i32.const 99))))))";
  const InstanceLimits limits{.memory_bytes = 2 * 65'536, .table_elements = 100};

  EXPECT_EQ(run(kGuest, {}, {}, limits).value(), 2);
}

TEST_F(Wasm3Test, RefusesAModuleThatDeclaresMoreThanTheLimits) {
  const auto instance = instantiate("(module (memory 3))", {}, {.memory_bytes = 2 * 65'536});

  EXPECT_EQ(instance.error().code(), Errc::limit_exceeded);
}

TEST_F(Wasm3Test, KeepsAliveWhatAnInstanceNeeds) {
  auto instance = instantiate(R"((module
    (import "env" "minus" (func $minus (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $minus (local.get 0)))))");
  const auto run = function(*module_, "run");
  engine_.reset();
  module_.reset();
  const std::array<std::uint64_t, 1> arguments{1};

  EXPECT_EQ((*instance)->call(run, arguments, {}).value(), 0xFFFF'FFFFU);
}

TEST_F(Wasm3Test, EntersNoGuestOnAThreadWithTooLittleStack) {
  auto instance = instantiate(kEndless);
  Result<std::uint64_t> called;

  on_thread_with_stack(96U << 10U,
                       [&] { called = (*instance)->call(function(*module_, "run"), {}, {}); });

  EXPECT_EQ(called.error().code(), Errc::limit_exceeded);
  EXPECT_THAT(called.error().message(), HasSubstr("native stack"));
  EXPECT_FALSE((*instance)->was_entered());
}

// Of a module that is translated, and not run: what is asked while wasm3 translates it.
TEST_F(Wasm3Test, AsksWhetherToGoOnWhileItTranslatesWhenTheTimeHasMovedOn) {
  const auto wasm = from_text(R"((module (func (export "run") (nop) (nop))))");
  for (const std::uint32_t passed : {0U, 1U}) {
    std::uint32_t ticks = 0;
    int looks = 0;
    const WapcWasm3Options options{.ticks = &ticks,
                                   .look = [](void* count) -> M3Result {
                                     ++*static_cast<int*>(count);
                                     return "no further";
                                   },
                                   .budget = &looks,
                                   .value_stack_bytes = 64U << 10U};
    const WapcWasm3LoadLimits limits{
        .work_max = 1000, .code_bytes_max = 1U << 20U, .validate = false};
    const wasm3::Wasm3Handle module{wapc_wasm3_new(&options)};
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(wasm.data());
    ASSERT_EQ(wapc_wasm3_parse(module.get(), bytes, wasm.size(), nullptr, &limits), m3Err_none);

    ticks += passed;
    const auto* const result = wapc_wasm3_compile(module.get(), nullptr);

    EXPECT_EQ(looks, passed);
    EXPECT_STREQ(result, passed == 0 ? m3Err_none : "no further");
  }
}

// What a look in time is worth: bench/safety.
TEST_F(Wasm3Test, LooksAtTheBudgetWhileItTranslatesAModule) {
  const auto wasm = from_text(R"((module (func (export "run") (local i32) )" +
                              repeated("(local.set 0 (i32.const 1))", 400'000) + "))");
  module_ = engine_->compile(wasm).value();
  const auto linked = module_->link({}).value();

  const auto late = linked->instantiate({}, {}, {.deadline = Budget::Clock::now()});

  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
  EXPECT_TRUE(linked->instantiate({}, {}, {}));
}

// On a small stack: the guests trap before the thread's stack ends.
class Wasm3SmallStackTest : public Wasm3Test, public ::testing::WithParamInterface<std::string> {};

TEST_P(Wasm3SmallStackTest, EndsWhatTakesNativeStackWithoutEnd) {
  const auto wasm = from_text(GetParam());
  Result<std::uint64_t> called;

  on_thread_with_stack(256U << 10U, [&] { called = run(wasm); });

  EXPECT_EQ(called.error().message(), to_string(Trap::stack_exhausted));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Wasm3SmallStackTest,
    ::testing::Values(std::string{kEndless},
                      R"((module (type $t (func (result i32))) (table funcref (elem $f))
          (func $f (export "run") (result i32)
            (i32.add (call_indirect (type $t) (i32.const 0)) (i32.const 1)))))",
                      // Recursion within loops that nest, and loops behind one another: what
                      // follows a loop runs inside it.
                      R"((module (func $f (export "run") )" + repeated("(loop ", 900) +
                          "(call $f)" + repeated(")", 900) + "))",
                      R"((module (func (export "run") )" + repeated("(loop)", 20'000) + "))"));

TEST_F(Wasm3Test, CompilesOnAThreadWithALittleStack) {
  const auto wasm = from_text(R"((module (func (export "run") (result i32) )" +
                              repeated("(block ", 900) + repeated(")", 900) + "(i32.const 9)))");
  Result<std::uint64_t> called;

  on_thread_with_stack(192U << 10U, [&] { called = run(wasm); });

  EXPECT_EQ(called.value(), 9);
}

TEST_F(Wasm3Test, TakesNamesAsLongAsTheReaderDoes) {
  EXPECT_EQ(run("(module (func (export \"run\") (result i32) (i32.const 9)) (func (export \"" +
                std::string(100'000, 'x') + "\")))")
                .value(),
            9);
}

TEST_F(Wasm3Test, RefusesBlocksThatNestTooDeeply) {
  const auto refused = engine_->compile(
      from_text("(module (func " + repeated("block ", 10'000) + repeated("end ", 10'000) + "))"));

  EXPECT_EQ(refused.error().code(), Errc::invalid_module);
  EXPECT_THAT(refused.error().message(), StartsWith("wasm3 cannot run this module: "));
}

// Each block has the compiler compare each local with each operand: 300 KB for half an hour.
TEST_F(Wasm3Test, RefusesAModuleThatTakesTooLongToCompile) {
  const auto refused = engine_->compile(from_text(
      "(module (func (local " + repeated("i32 ", 3'000) + ") " + repeated("i32.const 1 ", 3'000) +
      repeated("block end ", 20'000) + repeated("drop ", 3'000) + "))"));

  EXPECT_EQ(refused.error().message(), "wasm3 cannot run this module: compiling takes too long");
}

// Each branch copies what the function returns.
TEST_F(Wasm3Test, RefusesAModuleWhoseCodeWouldBeTooLarge) {
  const auto refused = engine_->compile(from_text("(module (func (result " + repeated("i32 ", 900) +
                                                  ") " + repeated("i32.const 1 ", 900) +
                                                  repeated("i32.const 0 br_if 0 ", 5'000) + "))"));

  EXPECT_EQ(refused.error().message(),
            "wasm3 cannot run this module: its compiled code would be too large");
}

// wasm3 compiles it as if there were operands, and refuses some of it; ours skips it.
TEST_F(Wasm3Test, SkipsCodeThatIsNeverExecuted) {
  constexpr std::string_view kGuest = R"((module (memory 1) (table 1 funcref)
    (type $t (func (param i64 f32) (result i32 f64)))
    (func (export "run") (param i32) (result i32)
      (block $out (result i32)
        (br $out (i32.const 8))
        (if (result i32) (then (loop (br 0)) unreachable f32.store) (else i32.const 5))
        i64.const -9223372036854775808 f32.const 1 f64.const 2 drop drop drop
        br_table 0 $out 0
        (select (result i64)) drop i32.load offset=65536 memory.copy table.grow 0
        (call_indirect (type $t)) drop drop memory.fill ref.null func drop i32.trunc_sat_f32_s
        return f32.store i32.add i64.extend_i32_u i64.store8)
      return
      f32.add drop)))";

  EXPECT_EQ(run(kGuest, {1}).value(), 8);
}

TEST_F(Wasm3Test, RunsInstancesOfOneModuleOnManyThreads) {
  const auto module = compile(from_text(R"((module
    (import "env" "minus" (func $minus (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (loop (nop)) (call $minus (local.get 0)))))"));
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

TEST_F(Wasm3Test, SaysWhatTheBinaryAndInstancesTake) {
  const auto wasm = from_text(R"((module (memory 1) (data (i32.const 0) "text")))");
  const auto module = compile(wasm);

  EXPECT_EQ(module->code_bytes(), wasm.size());
  EXPECT_GE(module->instance_bytes(), Wasm3Options{}.value_stack_bytes + wasm.size());
}

TEST_F(Wasm3Test, RefusesWhatTheFeaturesDoNotHold) {
  EXPECT_EQ(engine_->compile(from_text("(module (memory 1 1 shared))")).error().code(),
            Errc::invalid_module);
  EXPECT_EQ(engine_->compile(from_text("(module (func (param v128)))")).error().code(),
            Errc::invalid_module);
}

TEST_F(Wasm3Test, LooksAtModulesWhoseImportsNobodyOffers) {
  const auto module = compile(from_text(R"((module (import "env" "memory" (memory 1))
    (import "env" "g" (global $g i32)) (data (i32.const 0) "x")
    (func (export "run") (result i32) (i32.add (global.get $g) (i32.load (i32.const 0))))))"));

  EXPECT_EQ(module->imports().size(), 2);
  EXPECT_EQ(module->link(std::span{&kTable, 1}).error().code(), Errc::invalid_module);
}

}  // namespace
}  // namespace wapc
