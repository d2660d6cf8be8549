#include "wapc/host/host.hpp"

#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.hpp"
#include "support/recording_log.hpp"
#include "support/scripted_engine.hpp"
#include "wapc/protocol/conversation.hpp"

namespace wapc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RecordingLog;
using testing::Script;
using testing::ScriptedEngine;
using testing::ScriptedGuest;
using testing::ScriptedModule;
using testing::start_function;

Result<std::uint64_t> respond(ScriptedGuest& guest, std::string_view text = "done") {
  WAPC_CHECK(guest.host("__guest_response", {900, guest.put(900, text)}));
  return 1;
}

Result<std::uint64_t> nothing(ScriptedGuest& /*guest*/) {
  return 0;
}

std::shared_ptr<const GuestModule> load(ScriptedModule module, GuestModuleOptions options = {}) {
  return GuestModule::load(ScriptedEngine{std::move(module)}, {}, std::move(options)).value();
}

std::shared_ptr<const GuestModule> load(Script guest_call) {
  return load(ScriptedModule{.functions = {{"__guest_call", std::move(guest_call)}}});
}

std::unique_ptr<Host> start(Script guest_call) {
  return Host::start(load(std::move(guest_call))).value();
}

/// A module that imports WASI, so that its instances have one.
ScriptedModule with_wasi(ScriptedModule module) {
  module.imports.push_back(
      {"wasi_snapshot_preview1", "proc_exit", ExternKind::function, {{ValueType::i32}, {}}});
  return module;
}

Script exits_with(std::uint64_t code) {
  return [code](ScriptedGuest& guest) { return guest.host("proc_exit", {code}); };
}

const Invocation kAny{.operation = "any", .payload = {}};

/// Writes `text` to the standard stream `fd`, and answers with the error number.
Result<std::uint64_t> print(ScriptedGuest& guest, std::uint64_t fd, std::string_view text) {
  store<std::uint32_t>(guest.memory(), 0, 100);
  store(guest.memory(), 4, static_cast<std::uint32_t>(guest.put(100, text)));
  WAPC_TRY(const auto number, guest.host("fd_write", {fd, 0, 1, 8}));
  return respond(guest, std::to_string(number));
}

TEST(HostTest, SaysWhyWhenTheGuestReturnsZeroWithoutAnError) {
  const auto host = start(nothing);

  const auto answer = host->invoke(kAny);

  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Errc::protocol_violation);
  EXPECT_EQ(answer.error().message(), "the guest failed and gave no reason");
}

TEST(HostTest, RefusesToStartWithADirectoryThatIsNotThere) {
  const auto host = Host::start(
      load(nothing), {.wasi = {.directories = {{.host_path = "/no/such", .guest_path = "/"}}}});

  EXPECT_EQ(host.error().code(), Errc::invalid_options);
  EXPECT_THAT(host.error().message(), HasSubstr("/no/such"));
}

TEST(HostTest, CountsWhatWasiLimitsForEachCall) {
  const auto host = Host::start(load(with_wasi({.functions = {{"__guest_call",
                                                               [](ScriptedGuest& guest) {
                                                                 return print(guest, 1, "12345");
                                                               }}}})),
                                {.wasi = {.limits = {.bytes_written = 5}}})
                        .value();

  EXPECT_EQ(as_text(host->invoke(kAny).value()), "0");
  EXPECT_EQ(as_text(host->invoke(kAny).value()), "0");
}

TEST(HostTest, AnswersWithAFreshInstanceAfterTheGuestExitedInACall) {
  for (const auto code : {0U, 7U}) {
    const auto exits_once = [code, calls = 0](ScriptedGuest& guest) mutable {
      return calls++ == 0 ? exits_with(code)(guest) : respond(guest);
    };
    const auto host = Host::start(load(with_wasi({.functions = {{"__guest_call", exits_once}}})));

    const auto first = (*host)->invoke(kAny);
    EXPECT_EQ(first.error().code(), Errc::trapped);
    EXPECT_EQ(first.error().message(), "the guest exited with code " + std::to_string(code));
    EXPECT_FALSE((*host)->invoke(kAny));  // A fresh one, which exits in its first call too.
  }
}

TEST(HostTest, GivesEachInstanceTheInputFromItsFirstByte) {
  const auto reads = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    store<std::uint32_t>(guest.memory(), 0, 100);
    store<std::uint32_t>(guest.memory(), 4, 3);
    WAPC_CHECK(guest.host("fd_read", {0, 0, 1, 8}));
    WAPC_CHECK(guest.host("__guest_response", {100, 3}));
    return wapc::load<std::uint32_t>(guest.memory(), 8) == 3 ? 1 : 0;
  };
  const auto module = load(with_wasi({.functions = {{"__guest_call", reads}}}));
  const auto input = as_bytes("abcdef");
  const auto host = Host::start(module, {.wasi = {.standard_input = std::make_shared<const Bytes>(
                                                      input.begin(), input.end())}})
                        .value();

  EXPECT_EQ(as_text(host->invoke(kAny).value()), "abc");
  EXPECT_EQ(as_text(host->invoke(kAny).value()), "def");
  EXPECT_TRUE(host->replace_module(module));
  EXPECT_EQ(as_text(host->invoke(kAny).value()), "abc");
}

TEST(HostTest, AnswersTheCallAfterATrapWithAFreshInstance) {
  const auto host = start([](ScriptedGuest& guest) -> Result<std::uint64_t> {
    if (guest.memory()[0] != std::byte{0}) return failure(Errc::internal, "not fresh");
    guest.memory()[0] = std::byte{1};
    if (guest.argument(1) == 0) return failure(Errc::trapped, "unreachable");
    return respond(guest);
  });

  const auto trapped = host->invoke(kAny);
  const auto answered = host->invoke({.operation = "any", .payload = as_bytes("x")});

  EXPECT_EQ(trapped.error().code(), Errc::trapped);
  EXPECT_TRUE(answered.has_value());
}

TEST(HostTest, KeepsTheInstanceAfterAnErrorOfTheGuestsOwn) {
  ScriptedModule module{.functions = {{"__guest_call", [](ScriptedGuest& guest) {
                                         return guest.host("__guest_error", {0, 0});
                                       }}}};
  const auto instances = module.instances;
  const auto host = Host::start(load(std::move(module))).value();

  EXPECT_EQ(host->invoke(kAny).error().code(), Errc::guest_error);
  EXPECT_EQ(host->invoke(kAny).error().code(), Errc::guest_error);
  EXPECT_EQ(*instances, 1);
}

TEST(HostTest, RefusesACallWhileItAnswersAnother) {
  Host* self = nullptr;
  const auto module = load(nothing);
  const auto host = start([&](ScriptedGuest& guest) {
    EXPECT_EQ(self->invoke({.operation = "inner", .payload = {}}).error().code(), Errc::busy);
    EXPECT_EQ(self->replace_module(module).error().code(), Errc::busy);
    return respond(guest);
  });
  self = host.get();

  EXPECT_TRUE(host->invoke(kAny).has_value());
}

TEST(HostTest, RefusesACallOfAnotherThreadWhileItAnswersOne) {
  std::latch answering{1};
  std::latch refused{1};
  const auto host = start([&](ScriptedGuest& guest) {
    answering.count_down();
    refused.wait();
    return respond(guest);
  });
  Result<Bytes> first;
  std::jthread caller{[&] { first = host->invoke(kAny); }};
  answering.wait();

  const auto second = host->invoke(kAny);
  refused.count_down();
  caller.join();

  EXPECT_EQ(second.error().code(), Errc::busy);
  EXPECT_TRUE(first.has_value());
}

TEST(HostTest, CallsTheStartFunctionsInTheOrderOfTheProtocol) {
  std::vector<std::string> calls;
  const auto notes = [&calls](std::string name) -> Script {
    return [&calls, name = std::move(name)](ScriptedGuest&) -> Result<std::uint64_t> {
      calls.push_back(name);
      return 0;
    };
  };

  const auto host = Host::start(load({.functions = {start_function("wapc_init", notes("init")),
                                                    start_function("_initialize", notes("reactor")),
                                                    {"__guest_call", nothing},
                                                    start_function("_start", notes("command"))},
                                      .start = notes("section")}));

  EXPECT_TRUE(host.has_value());
  EXPECT_THAT(calls, ElementsAre("section", "command", "reactor", "init"));
}

TEST(HostTest, FailsToStartWhenAStartFunctionTraps) {
  const auto host = Host::start(load(
      {.functions = {{"__guest_call", nothing}, start_function("_initialize", [](ScriptedGuest&) {
                       return Result<std::uint64_t>{failure(Errc::trapped, "unreachable")};
                     })}}));

  EXPECT_EQ(host.error().code(), Errc::init_failed);
  EXPECT_EQ(host.error().message(), "_initialize: unreachable");
}

TEST(HostTest, SaysWhatTheGuestSaidBeforeItsStartFunctionTrapped) {
  const auto host = Host::start(
      load({.functions = {
                {"__guest_call", nothing}, start_function("wapc_init", [](ScriptedGuest& guest) {
                  EXPECT_TRUE(guest.host("__guest_error", {0, guest.put(0, "no config")}));
                  return Result<std::uint64_t>{failure(Errc::trapped, "unreachable")};
                })}}));

  EXPECT_EQ(host.error().message(), "wapc_init: no config: unreachable");
}

TEST(HostTest, KeepsTheInstanceWhenTheCallWasCancelledBeforeItBegan) {
  ScriptedModule module{
      .functions = {{"__guest_call", [](ScriptedGuest& guest) { return respond(guest); }}}};
  const auto instances = module.instances;
  const auto host = Host::start(load(std::move(module))).value();
  std::stop_source stop;
  stop.request_stop();

  const auto cancelled = host->invoke({.operation = "any", .budget = {.stop = stop.get_token()}});

  EXPECT_EQ(cancelled.error().code(), Errc::cancelled);
  EXPECT_TRUE(host->invoke(kAny).has_value());
  EXPECT_EQ(*instances, 1);
}

TEST(HostTest, AnswersCallsAfterAStartFunctionExitedWithZero) {
  const auto host = Host::start(load(with_wasi(
      {.functions = {{"__guest_call", [](ScriptedGuest& guest) { return respond(guest); }},
                     start_function("_start", exits_with(0))}})));

  ASSERT_TRUE(host.has_value());
  EXPECT_TRUE((*host)->invoke(kAny).has_value());
}

TEST(HostTest, FailsToStartWhenAStartFunctionExitsWithAnotherCode) {
  const auto host = Host::start(load(with_wasi(
      {.functions = {{"__guest_call", nothing}, start_function("_start", exits_with(7))}})));

  EXPECT_EQ(host.error().code(), Errc::init_failed);
  EXPECT_EQ(host.error().message(), "_start: the guest exited with code 7");
}

TEST(HostTest, CountsItsGuestsUnlessTheProgramNumbersThem) {
  const auto module = load(nothing);
  const auto first = Host::start(module).value();
  const auto second = Host::start(module).value();
  const auto named = Host::start(module, {.guest_id = 4000}).value();

  EXPECT_EQ(second->guest_id(), first->guest_id() + 1);
  EXPECT_EQ(named->guest_id(), 4000U);
}

TEST(HostTest, GivesEveryCallADeadline) {
  const auto host = start([](ScriptedGuest& guest) {
    EXPECT_NE(guest.budget().deadline, Budget::Clock::time_point::max());
    return respond(guest);
  });
  const auto endless = Host::start(load([](ScriptedGuest& guest) {
                                     EXPECT_FALSE(guest.budget().limited());
                                     return respond(guest);
                                   }),
                                   {.call_timeout = std::chrono::nanoseconds::max()})
                           .value();

  EXPECT_TRUE(host->invoke(kAny).has_value());
  EXPECT_TRUE(endless->invoke(kAny).has_value());
}

TEST(HostTest, KeepsAnEarlierDeadlineOfTheInvocation) {
  const auto deadline = Budget::Clock::now() + std::chrono::seconds{2};
  const auto host = start([&](ScriptedGuest& guest) {
    EXPECT_EQ(guest.budget().deadline, deadline);
    return respond(guest);
  });

  EXPECT_TRUE(host->invoke({.operation = "any", .payload = {}, .budget = {.deadline = deadline}}));
}

TEST(HostTest, AnswersFromTheNewModuleOnceItIsReplaced) {
  const auto host = start([](ScriptedGuest& guest) { return respond(guest, "old"); });

  const auto replaced =
      host->replace_module(load([](ScriptedGuest& guest) { return respond(guest, "new"); }));

  EXPECT_TRUE(replaced.has_value());
  EXPECT_EQ(as_text(host->invoke(kAny).value()), "new");
}

TEST(HostTest, KeepsTheOldGuestAndItsMemoryWhenTheNewOneDoesNotStart) {
  const auto host = start([](ScriptedGuest& guest) {
    guest.memory()[0] = static_cast<std::byte>(std::to_integer<int>(guest.memory()[0]) + 1);
    return respond(guest, guest.memory()[0] == std::byte{2} ? "second" : "first");
  });
  ASSERT_TRUE(host->invoke(kAny).has_value());

  const auto replaced = host->replace_module(
      load({.functions = {{"__guest_call", nothing}}, .start = [](ScriptedGuest&) {
              return Result<std::uint64_t>{failure(Errc::trapped, "unreachable")};
            }}));

  EXPECT_EQ(replaced.error().code(), Errc::init_failed);
  EXPECT_EQ(as_text(host->invoke(kAny).value()), "second");
}

TEST(HostTest, LogsAnErrorThatTheGuestGaveBesideItsAnswer) {
  const auto log = std::make_shared<RecordingLog>();
  const auto host = Host::start(load([](ScriptedGuest& guest) -> Result<std::uint64_t> {
                                  WAPC_CHECK(guest.host("__guest_error", {0, guest.put(0, "e")}));
                                  return respond(guest);
                                }),
                                {.log = log})
                        .value();

  EXPECT_TRUE(host->invoke(kAny).has_value());
  EXPECT_THAT(log->lines, ElementsAre("host: the guest answered, and dropped its error: e"));
}

class Doubler final : public HostState {
 public:
  Result<std::uint32_t> twice(Caller& /*caller*/, std::uint32_t n) { return 2 * n + calls_++; }

 private:
  std::uint32_t calls_ = 0;
};

TEST(HostTest, OffersAProgramsOwnImportsWithAStateForEachInstance) {
  static constexpr std::array kFunctions{offer<&Doubler::twice>("math", "twice")};
  const OwnImports own{.table = {kFunctions, &typeid(Doubler)},
                       .make_state = [] { return std::make_unique<Doubler>(); }};
  const auto module = load({.functions = {{"__guest_call",
                                           [](ScriptedGuest& guest) -> Result<std::uint64_t> {
                                             EXPECT_EQ(guest.host("twice", {21}).value(), 42U);
                                             return failure(Errc::trapped, "unreachable");
                                           }}}},
                           {.imports = {own}});
  const auto host = Host::start(module).value();

  EXPECT_EQ(host->invoke(kAny).error().code(), Errc::trapped);
  EXPECT_EQ(host->invoke(kAny).error().code(), Errc::trapped);
}

TEST(HostTest, FailsToStartWhenAProgramsOwnStateCannotBeHad) {
  static constexpr std::array kFunctions{offer<&Doubler::twice>("math", "twice")};
  const ImportTable table{kFunctions, &typeid(Doubler)};
  using Make = std::function<std::unique_ptr<HostState>()>;
  const std::array<Make, 4> makers{
      [] { return nullptr; }, nullptr,
      [] { return std::make_unique<Conversation>(ConversationOptions{}); },
      []() -> std::unique_ptr<HostState> { throw 5; }};
  for (const auto& make : makers) {
    const auto module = load({.functions = {{"__guest_call", nothing}}},
                             {.imports = {{.table = table, .make_state = make}}});
    EXPECT_EQ(Host::start(module).error().code(), Errc::internal);
  }
}

}  // namespace
}  // namespace wapc
