#include "wapc/wasi/command.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_engine.hpp"
#include "wapc/engine/trap.hpp"

namespace wapc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScriptedEngine;
using testing::ScriptedGuest;
using testing::ScriptedModule;
using testing::start_function;

Result<std::uint64_t> nothing(ScriptedGuest& /*guest*/) {
  return 0;
}

/// Writes `text` to a descriptor, as a program does.
void print(ScriptedGuest& guest, std::uint32_t fd, std::string_view text) {
  const auto length = static_cast<std::uint32_t>(guest.put(64, text));
  store<std::uint32_t>(guest.memory(), 0, 64);
  store<std::uint32_t>(guest.memory(), 4, length);
  ASSERT_EQ(guest.host("fd_write", {fd, 0, 1, 8}), 0U);
}

/// A program whose `_start` is `script`.
ScriptedModule program(testing::Script script) {
  return {.functions = {start_function("_start", std::move(script))}};
}

std::string why_not(ScriptedModule module) {
  const auto command = WasiCommand::load(ScriptedEngine{std::move(module)}, {});
  if (command) return "loaded";
  EXPECT_EQ(command.error().code(), Errc::invalid_module);
  return command.error().message();
}

/// What came of a run, and what stood in the log.
struct Ran {
  Result<std::uint32_t> code;
  std::vector<std::string> lines;
};

Ran run(ScriptedModule module, WasiConfig wasi = {}, const Budget& budget = {}) {
  const auto command = WasiCommand::load(ScriptedEngine{std::move(module)}, {});
  if (!command) return {std::unexpected{command.error()}, {}};
  std::vector<std::string> lines;
  auto log = logging_to([&](const LogEntry& entry) { lines.emplace_back(entry.text); });
  auto code =
      (*command)->run({.wasi = std::move(wasi), .limits = {}, .log = std::move(log)}, budget);
  return {std::move(code), std::move(lines)};
}

TEST(WasiCommandTest, AProgramIsWhatExportsStart) {
  EXPECT_EQ(why_not(program(nothing)), "loaded");
  EXPECT_EQ(why_not({.functions = {}}), "not a WASI program: no function is exported as _start");
  EXPECT_EQ(why_not({.functions = {start_function("_initialize", nothing)}}),
            "not a WASI program: it exports _initialize but no _start: a library, which others "
            "call");
}

TEST(WasiCommandTest, StartMustBeAFunctionWithoutParametersAndResults) {
  EXPECT_EQ(why_not({.functions = {}, .memory = "_start"}),
            "not a WASI program: the export _start is a memory, not a function");
  EXPECT_EQ(why_not({.functions = {{"_start", nothing}}}),
            "not a WASI program: _start is of type (i32, i32) -> i32, not () -> ()");
}

TEST(WasiCommandTest, AProgramImportsWasiAlone) {
  auto module = program(nothing);
  module.imports = {{.module = "wapc",
                     .name = "__guest_response",
                     .kind = ExternKind::function,
                     .type = {{ValueType::i32, ValueType::i32}, {}}}};

  EXPECT_EQ(why_not(std::move(module)),
            "imports that nothing offers: wapc.__guest_response (i32, i32) -> ()");
}

TEST(WasiCommandTest, AProgramThatReturnsHasExitedWithZero) {
  const auto ran = run(program([](ScriptedGuest& guest) -> Result<std::uint64_t> {
    print(guest, 1, "a line\nhalf a line");
    return 0;
  }));

  EXPECT_EQ(ran.code, 0U);
  EXPECT_THAT(ran.lines, ElementsAre("a line", "half a line"));
}

TEST(WasiCommandTest, GivesTheCodeThatAProgramExitsWith) {
  for (const std::uint32_t code : {0U, 1U, 255U, 256U, ~0U}) {
    const auto ran = run(program([code](ScriptedGuest& guest) {
      print(guest, 2, "half a line");
      return guest.host("proc_exit", {code});
    }));

    EXPECT_EQ(ran.code, code);
    EXPECT_THAT(ran.lines, ElementsAre("half a line"));
  }
}

TEST(WasiCommandTest, AProgramIsInitializedFirstIfItAsksForThat) {
  const auto ran = run({.functions = {start_function("_start",
                                                     [](ScriptedGuest& guest) {
                                                       print(guest, 1, "started\n");
                                                       return nothing(guest);
                                                     }),
                                      start_function("_initialize", [](ScriptedGuest& guest) {
                                        print(guest, 1, "initialized\n");
                                        return nothing(guest);
                                      })}});
  EXPECT_EQ(ran.code, 0U);
  EXPECT_THAT(ran.lines, ElementsAre("initialized", "started"));
}

TEST(WasiCommandTest, AProgramMayExitInItsStartSection) {
  auto module = program([](ScriptedGuest& /*guest*/) -> Result<std::uint64_t> {
    return failure(Errc::internal, "_start was called");
  });
  module.start = [](ScriptedGuest& guest) {
    print(guest, 1, "half a line");
    return guest.host("proc_exit", {7});
  };

  const auto ran = run(std::move(module));

  EXPECT_EQ(ran.code, 7U);
  EXPECT_THAT(ran.lines, ElementsAre("half a line"));
}

TEST(WasiCommandTest, ATrapIsTheErrorItIs) {
  const auto ran = run(program([](ScriptedGuest& guest) -> Result<std::uint64_t> {
    print(guest, 1, "half a line");
    return std::unexpected{trapped(Trap::unreachable, "#0 main")};
  }));

  ASSERT_FALSE(ran.code);
  EXPECT_EQ(ran.code.error().code(), Errc::trapped);
  EXPECT_EQ(ran.code.error().message(), "unreachable executed");
  EXPECT_EQ(ran.code.error().backtrace(), "#0 main");
  EXPECT_THAT(ran.lines, ElementsAre("half a line"));
}

TEST(WasiCommandTest, EndsWhenItsBudgetIsSpent) {
  const auto heeds = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    if (auto left = guest.budget().check(); !left) return std::unexpected{left.error()};
    return 0;
  };
  std::stop_source stop;
  stop.request_stop();

  const auto late = run(program(heeds), {}, {.deadline = Budget::Clock::time_point::min()});
  const auto stopped = run(program(heeds), {}, {.stop = stop.get_token()});

  ASSERT_FALSE(late.code);
  EXPECT_EQ(late.code.error().code(), Errc::deadline_exceeded);
  ASSERT_FALSE(stopped.code);
  EXPECT_EQ(stopped.code.error().code(), Errc::cancelled);
}

TEST(WasiCommandTest, EndsWhenItHasSleptTooLong) {
  // One subscription: a clock, monotonic, an hour from now.
  const auto ran = run(program([](ScriptedGuest& guest) {
                         store<std::uint32_t>(guest.memory(), 16, 1);
                         store<std::uint64_t>(guest.memory(), 24, 3'600'000'000'000);
                         return guest.host("poll_oneoff", {0, 128, 1, 256});
                       }),
                       {.limits = {.time_slept = std::chrono::nanoseconds{0}}});

  ASSERT_FALSE(ran.code);
  EXPECT_EQ(ran.code.error().code(), Errc::limit_exceeded);
}

TEST(WasiCommandTest, RunsNothingWhenADirectoryCannotBeGranted) {
  auto module = program(nothing);
  const auto instances = module.instances;

  const auto ran = run(std::move(module),
                       {.directories = {{.host_path = "/no/such/folder", .guest_path = "/"}}});

  ASSERT_FALSE(ran.code);
  EXPECT_EQ(ran.code.error().code(), Errc::invalid_options);
  EXPECT_THAT(ran.code.error().message(), HasSubstr("/no/such/folder"));
  EXPECT_EQ(*instances, 0);
}

TEST(WasiCommandTest, EachRunHasAnInstanceOfItsOwn) {
  auto module = program(nothing);
  const auto instances = module.instances;
  const auto command = WasiCommand::load(ScriptedEngine{std::move(module)}, {});
  ASSERT_TRUE(command);

  EXPECT_EQ((*command)->run({}), 0U);
  EXPECT_EQ((*command)->run({}), 0U);

  EXPECT_EQ(*instances, 2);
}

TEST(WasiCommandTest, WhatIsPrintedCanBeKept) {
  const auto output = std::make_shared<OutputBuffer>();

  const auto ran = run(program([](ScriptedGuest& guest) {
                         print(guest, 1, "kept");
                         return guest.host("proc_exit", {0});
                       }),
                       {.standard_output = output});

  EXPECT_EQ(ran.code, 0U);
  EXPECT_THAT(ran.lines, IsEmpty());
  EXPECT_EQ(as_text(output->take()), "kept");
}

}  // namespace
}  // namespace wapc
