#include "wapc/host/host.hpp"

#include <algorithm>
#include <functional>
#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.hpp"
#include "support/recording_log.hpp"
#include "support/scripted_engine.hpp"
#include "wapc/engine/trap.hpp"
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

/// Calls the host `times` times, and responds with how many answers it got.
Script calling_host(int times) {
  return [times](ScriptedGuest& guest) -> Result<std::uint64_t> {
    std::uint64_t answers = 0;
    const auto length = guest.put(0, "name");
    for (int i = 0; i < times; ++i) {
      WAPC_TRY(const auto answered,
               guest.host("__host_call", {0, length, 0, length, 0, length, 0, length}));
      answers += answered;
    }
    return respond(guest, std::to_string(answers));
  };
}

std::shared_ptr<HostHandler> failing_with(Errc code) {
  return answering([code](const HostCall&) -> Result<Bytes> { return failure(code, "not you"); });
}

/// The error of one call of a guest that does `script` under `limits`.
Error error_under(const CallLimits& limits, Script script) {
  const auto host = Host::start(
      load(std::move(script)),
      {.handler = answering([](const HostCall&) { return Bytes{}; }), .call_limits = limits});
  return (*host)->invoke(kAny).error();
}

TEST(HostTest, EndsACallThatIsBeyondALimit) {
  const auto response =
      error_under({.response_bytes = 3}, [](auto& guest) { return respond(guest); });
  EXPECT_EQ(response.code(), Errc::limit_exceeded);
  EXPECT_EQ(response.message(), "__guest_response: a response of 4 bytes; the limit is 3");

  const auto payload = error_under({.host_call_bytes = 3}, calling_host(1));
  EXPECT_EQ(payload.code(), Errc::limit_exceeded);
  EXPECT_EQ(payload.message(), "__host_call: a payload of 4 bytes; the limit is 3");

  const auto name = error_under({.name_bytes = 3}, calling_host(1));
  EXPECT_EQ(name.code(), Errc::limit_exceeded);
  EXPECT_EQ(name.message(), "__host_call: a name of 4 bytes; the limit is 3");

  const auto calls = error_under({.host_calls = 3}, calling_host(4));
  EXPECT_EQ(calls.code(), Errc::limit_exceeded);
  EXPECT_EQ(calls.message(), "the guest made more than 3 host calls in one call");

  const auto lines = error_under({.log_lines = 0}, [](ScriptedGuest& guest) {
    return guest.host("__console_log", {0, guest.put(0, "x")});
  });
  EXPECT_EQ(lines.code(), Errc::limit_exceeded);
}

TEST(HostTest, CountsHostCallsForEachCall) {
  const auto host = Host::start(load(calling_host(3)),
                                {.handler = answering([](const HostCall&) { return Bytes{}; }),
                                 .call_limits = {.host_calls = 3}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(as_text((*host)->invoke(kAny).value()), "3");
}

TEST(HostTest, SaysWhatTheLastCallCameTo) {
  const auto script = [](ScriptedGuest& guest) {
    guest.grow();
    return calling_host(3)(guest);
  };
  const auto host = Host::start(load(script)).value();
  EXPECT_EQ(host->memory_bytes(), 65536U);

  EXPECT_TRUE(host->invoke(kAny));

  EXPECT_FALSE(host->spent());
  EXPECT_EQ(host->host_calls(), 3U);
  EXPECT_EQ(host->memory_bytes(), 2 * 65536U);
}

TEST(HostTest, SaysWhatTheCallThatSpentItsGuestCameTo) {
  const auto script = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    WAPC_CHECK(calling_host(2)(guest));
    return std::unexpected{trapped(Trap::unreachable)};
  };
  const auto host = Host::start(load(script)).value();

  EXPECT_FALSE(host->invoke(kAny));

  EXPECT_TRUE(host->spent());
  EXPECT_EQ(host->host_calls(), 2U);
  EXPECT_EQ(host->memory_bytes(), 0U);
}

TEST(HostTest, SharesGrantsThatWereOpenedBefore) {
  const auto grants = WasiGrants::open({}).value();
  const WasiConfig wrong{.directories = {{.host_path = "/no/such", .guest_path = "/"}}};
  EXPECT_TRUE(Host::start(load(nothing), {.wasi = wrong, .grants = grants}));
}

TEST(HostTest, CutsAnErrorThatIsBeyondTheLimit) {
  const auto error =
      error_under({.error_bytes = 5}, [](ScriptedGuest& guest) -> Result<std::uint64_t> {
        WAPC_CHECK(guest.host("__guest_error", {0, guest.put(0, "too much to say")}));
        return 0;
      });
  EXPECT_EQ(error.code(), Errc::guest_error);
  EXPECT_EQ(error.message(), "too m");
}

TEST(HostTest, EndsACallByAnErrorOfTheHandlersIfToldTo) {
  const auto module = load(calling_host(2));
  const auto strict = Host::start(
      module, {.handler = failing_with(Errc::denied), .ending_codes = {Errc::busy, Errc::denied}});
  const auto ended = (*strict)->invoke(kAny).error();
  EXPECT_EQ(ended.code(), Errc::denied);
  EXPECT_EQ(ended.message(), "not you");

  const auto other = Host::start(
      module, {.handler = failing_with(Errc::unavailable), .ending_codes = {Errc::denied}});
  EXPECT_EQ(as_text((*other)->invoke(kAny).value()), "0");
}

TEST(HostTest, LetsHandlersCallGuestsWhoseHandlersCallGuestsSoDeepAndNoDeeper) {
  constexpr std::size_t kDeepest = 4;
  std::vector<std::unique_ptr<Host>> hosts;
  Errc deepest{};
  const auto handler = answering([&](const HostCall& call) -> Result<Bytes> {
    const auto next = static_cast<std::size_t>(call.guest_id) + 1;
    const auto answer = hosts.at(next)->invoke(kAny);
    if (!answer) deepest = answer.error().code();
    return Bytes{};
  });
  for (std::uint64_t i = 0; i <= kDeepest; ++i) {
    hosts.push_back(Host::start(load(calling_host(1)),
                                {.handler = handler, .nesting_max = kDeepest, .guest_id = i})
                        .value());
  }

  EXPECT_TRUE(hosts.front()->invoke(kAny));

  EXPECT_EQ(deepest, Errc::limit_exceeded);  // Of the fifth.
  EXPECT_TRUE(hosts.back()->invoke(kAny));   // To which nothing happened.
}

TEST(HostTest, CountsGuestsThatHandlersStartAsNested) {
  // Each guest asks its handler when it starts, and that starts another.
  constexpr std::size_t kDeepest = 4;
  std::size_t started = 0;
  Errc deepest{};
  std::function<void()> start_one;
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    start_one();
    return Bytes{};
  });
  const auto module =
      load({.functions = {{"__guest_call", nothing},
                          start_function("wapc_init", [](ScriptedGuest& guest) {
                            return guest.host("__host_call", {0, 0, 0, 0, 0, 0, 0, 0});
                          })}});
  start_one = [&] {
    ++started;
    const auto host = Host::start(module, {.handler = handler, .nesting_max = kDeepest});
    if (!host) deepest = host.error().code();
  };

  start_one();

  EXPECT_EQ(started, kDeepest + 1);
  EXPECT_EQ(deepest, Errc::limit_exceeded);
}

/// A guest that traps in each call, and in each start but the first.
ScriptedModule starting_once() {
  auto starts = std::make_shared<int>(0);
  return {.functions = {{"__guest_call",
                         [](ScriptedGuest&) -> Result<std::uint64_t> {
                           return std::unexpected{trapped(Trap::unreachable)};
                         }}},
          .start = [starts](ScriptedGuest&) -> Result<std::uint64_t> {
            if (++*starts > 1) return std::unexpected{trapped(Trap::integer_overflow)};
            return 0;
          }};
}

TEST(HostTest, DoesNotStartAGuestAgainAndAgainThatDoesNotStart) {
  const auto module = starting_once();
  const auto host = Host::start(load(module), {.restart_wait = std::chrono::hours{1}}).value();
  EXPECT_EQ(host->invoke(kAny).error().code(), Errc::trapped);
  EXPECT_EQ(host->invoke(kAny).error().message(), "instantiate: integer overflow");

  const auto at_once = host->invoke(kAny).error();

  EXPECT_EQ(at_once.code(), Errc::init_failed);
  EXPECT_EQ(at_once.message(),
            "not started again yet; the last time: instantiate: integer overflow");
  EXPECT_EQ(*module.instances, 2);
}

TEST(HostTest, StartsAGuestAgainOnceItHasWaited) {
  const auto module = starting_once();
  const auto host =
      Host::start(load(module), {.restart_wait = std::chrono::nanoseconds{0}}).value();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(host->invoke(kAny));
  EXPECT_EQ(*module.instances, 3);
}

TEST(HostTest, StartsAReplacedGuestAtOnce) {
  const auto host =
      Host::start(load(starting_once()), {.restart_wait = std::chrono::hours{1}}).value();
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(host->invoke(kAny));
  ASSERT_TRUE(host->replace_module(load([](auto& guest) { return respond(guest); })));
  EXPECT_TRUE(host->invoke(kAny));
}

TEST(HostTest, RefusesALimitOnFuelWhereNobodyCountsIt) {
  const auto host = Host::start(load(nothing), {.limits = {.fuel = 1000}});
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code(), Errc::unsupported);
  EXPECT_THAT(host.error().message(), HasSubstr("scripted"));
}

/// Keeps events as `kind guest: what -> failure`.
class RecordingEvents final : public EventSink {
 public:
  void record(const Event& event) override {
    std::string line{to_string(event.kind)};
    line += " " + std::to_string(event.guest_id) + ": ";
    if (!event.binding.empty()) {
      line.append(event.binding).append("/").append(event.name_space).append("/");
    }
    line.append(event.operation);
    line += " " + std::to_string(event.payload_bytes) + " " + std::to_string(event.answer_bytes);
    if (event.failure) line.append(" -> ").append(to_string(*event.failure));
    lines.push_back(line);
  }

  std::vector<std::string> lines;
};

TEST(HostTest, TellsWhatHappens) {
  const auto events = std::make_shared<RecordingEvents>();
  const auto engine = ScriptedEngine{calling_host(1)};
  const auto module = GuestModule::load(engine, as_bytes("wasm"), {.events = events}).value();
  const auto host =
      Host::start(module, {.handler = answering([](const HostCall&) { return Bytes(9); }),
                           .events = events,
                           .guest_id = 7})
          .value();
  EXPECT_TRUE(host->invoke(kAny));
  EXPECT_TRUE(host->replace_module(load(nothing)));
  EXPECT_FALSE(host->invoke({.operation = "fails", .payload = as_bytes("12345")}));

  EXPECT_THAT(events->lines,
              ElementsAre("loaded 0:  4 0", "started 7:  0 0", "host_call 7: name/name/name 4 9",
                          "started 7:  0 0", "replaced 7:  0 0",
                          "call_failed 7: fails 5 0 -> protocol violation"));
}

TEST(HostTest, TellsOfAGuestThatWasNotEvenTried) {
  const auto events = std::make_shared<RecordingEvents>();
  std::unique_ptr<Host> host;
  const auto module = load(calling_host(1));
  const auto replacing = answering([&](const HostCall&) -> Result<Bytes> {
    EXPECT_EQ(host->replace_module(module).error().code(), Errc::busy);
    return Bytes{};
  });
  EXPECT_FALSE(Host::start(
      module, {.events = events,
               .guest_id = 7,
               .wasi = {.directories = {{.host_path = "/no/such", .guest_path = "/"}}}}));
  EXPECT_FALSE(Host::start(module, {.events = events, .limits = {.fuel = 1}, .guest_id = 8}));
  host = Host::start(module, {.handler = replacing, .events = events, .guest_id = 9}).value();
  EXPECT_TRUE(host->invoke(kAny));

  EXPECT_THAT(events->lines,
              ElementsAre("started 7:  0 0 -> invalid options", "started 8:  0 0 -> unsupported",
                          "started 9:  0 0", "replaced 9:  0 0 -> busy",
                          "host_call 9: name/name/name 4 0"));
}

TEST(HostTest, TellsWhyAHostCallFailed) {
  const auto events = std::make_shared<RecordingEvents>();
  const auto options = [&](std::shared_ptr<HostHandler> handler) {
    return HostOptions{.handler = std::move(handler), .events = events, .guest_id = 7};
  };
  const auto module = load(calling_host(1));
  const auto throwing = answering([](const HostCall&) -> Result<Bytes> { throw 5; });
  for (const auto& handler : {failing_with(Errc::denied), throwing, {}}) {
    EXPECT_TRUE(Host::start(module, options(handler)).value()->invoke(kAny));
  }
  events->lines.erase(std::remove(events->lines.begin(), events->lines.end(), "started 7:  0 0"),
                      events->lines.end());
  EXPECT_THAT(events->lines, ElementsAre("denied 7: name/name/name 4 0 -> denied",
                                         "host_call 7: name/name/name 4 0 -> internal error",
                                         "host_call 7: name/name/name 4 0 -> unavailable"));
}

TEST(HostTest, GoesOnWhenASinkOfEventsThrows) {
  const auto host =
      Host::start(load(calling_host(1)), {.events = recording_to([](const Event&) { throw 5; })});
  EXPECT_TRUE((*host)->invoke(kAny));
}

}  // namespace
}  // namespace wapc
