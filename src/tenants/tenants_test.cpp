#include "wapc/tenants/tenants.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_tenants.hpp"
#include "support/temporary_tree.hpp"

// Calls, and what is loaded for them.

namespace wapc {
namespace {

using namespace std::chrono_literals;
using testing::ask;
using testing::Caller;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kAny;
using testing::kPage;
using testing::kWait;
using testing::NamedTenants;
using testing::operation_of;
using testing::respond;
using testing::Script;
using testing::ScriptedGuest;
using testing::ScriptedModule;
using testing::wait_until;

/// A guest whose answer is how often its instance was called.
Result<std::uint64_t> counts(ScriptedGuest& guest) {
  auto& count = guest.memory()[5000];
  count = static_cast<std::byte>(std::to_integer<int>(count) + 1);
  return respond(guest, std::to_string(std::to_integer<int>(count)));
}

/// A guest that asks the host, and then answers.
Result<std::uint64_t> asks(ScriptedGuest& guest) {
  if (auto asked = ask(guest); !asked) return asked;
  return respond(guest);
}

ScriptedModule made_of(Script guest_call, std::size_t code_bytes = 0) {
  return {.functions = {{"__guest_call", std::move(guest_call)}}, .code_bytes = code_bytes};
}

TEST(TenantsTest, LoadsATenantWithItsFirstCallOnly) {
  NamedTenants named;
  named.add("a", {}, made_of(counts));
  EXPECT_EQ(named.engine->compiled, 0);
  EXPECT_FALSE(named.stats("a").loaded);

  for (const auto* const answer : {"1", "2", "3"}) {
    EXPECT_EQ(as_text(named.call("a").value()), answer);
  }

  EXPECT_EQ(named.engine->compiled, 1);
  EXPECT_TRUE(named.stats("a").loaded);
  EXPECT_EQ(named.stats("a").calls, 3U);
  EXPECT_EQ(named.stats("a").waits, 1U);
  EXPECT_EQ(named.tenants->stats().calls, 3U);
  EXPECT_EQ(named.tenants->stats().loads, 1U);
}

TEST(TenantsTest, SaysWhenThereIsNoneOfThatName) {
  const NamedTenants named;
  EXPECT_EQ(named.call("b").error().code(), Errc::unavailable);
  EXPECT_EQ(named.call("b").error().message(), "there is no tenant b");
  EXPECT_EQ(named.tenants->find("b").error().code(), Errc::unavailable);
  EXPECT_EQ(named.tenants->stats("b").error().code(), Errc::unavailable);
  EXPECT_EQ(named.tenants->remove("b").error().code(), Errc::unavailable);
}

TEST(TenantsTest, HasOneOfEachName) {
  NamedTenants named;
  named.add("a");
  const auto again = named.tenants->add("a", NamedTenants::made_of("a"));
  EXPECT_EQ(again.error().code(), Errc::invalid_options);
  EXPECT_EQ(named.tenants->stats().tenants, 1U);
}

TEST(TenantsTest, RefusesOptionsThatMakeNoSense) {
  const auto engine = std::make_shared<testing::NamedEngine>();
  for (const auto& [options, name] : std::vector<std::pair<TenantsOptions, const char*>>{
           {{.memory_bytes_max = 0}, "memory_bytes_max"},
           {{.loaded_max = 0}, "loaded_max"},
           {{.idle_timeout = 0ns}, "idle_timeout"},
           {{.look_every = -1ns}, "look_every"}}) {
    const auto made = Tenants::make(engine, options);
    EXPECT_EQ(made.error().code(), Errc::invalid_options);
    EXPECT_THAT(made.error().message(), HasSubstr(name));
  }
}

TEST(TenantsTest, CountsCodeAndMemories) {
  NamedTenants named;
  auto module = made_of(counts, 1000);
  module.instance_bytes = 7;
  named.add("a", {.instances_min = 3, .instances_max = 3}, std::move(module));
  named.add("b", {}, made_of(counts, 50));
  EXPECT_TRUE(named.call("a"));
  EXPECT_TRUE(named.call("b"));

  EXPECT_EQ(named.stats("a").code_bytes, 1000U);
  EXPECT_EQ(named.stats("a").guests_bytes, 3 * (kPage + 7));
  EXPECT_EQ(named.tenants->stats().memory_bytes, 1050 + 4 * kPage + 3 * 7);
  EXPECT_EQ(named.tenants->stats().loaded, 2U);
}

TEST(TenantsTest, DropsOneForAnotherAndBringsItBackWithoutItsState) {
  NamedTenants named{{.memory_bytes_max = 2 * kPage - 1}};
  named.add("a", {}, made_of(counts));
  named.add("b", {}, made_of(counts));

  EXPECT_EQ(as_text(named.call("a").value()), "1");
  EXPECT_EQ(as_text(named.call("a").value()), "2");
  EXPECT_EQ(as_text(named.call("b").value()), "1");
  EXPECT_FALSE(named.stats("a").loaded);
  EXPECT_EQ(as_text(named.call("a").value()), "1");

  EXPECT_EQ(named.stats("a").drops, 1U);
  EXPECT_EQ(named.stats("a").loads, 2U);
  EXPECT_EQ(named.tenants->stats().dropped_for_room, 2U);
  EXPECT_EQ(named.tenants->stats().memory_bytes, kPage);
}

TEST(TenantsTest, LoadsNoMoreThanSoMany) {
  NamedTenants named{{.loaded_max = 3}};
  for (int i = 0; i < 10; ++i) named.add(std::to_string(i));
  for (int i = 0; i < 30; ++i) {
    EXPECT_TRUE(named.call(std::to_string(i % 10)));
    EXPECT_LE(named.tenants->stats().loaded, 3U);
  }
  EXPECT_EQ(named.tenants->stats().loads, 30U);  // Each was dropped before its turn came.
}

TEST(TenantsTest, NeverDropsOneThatHasACall) {
  NamedTenants named{{.loaded_max = 1}};
  named.add("a");
  named.add("b");
  const auto a = named.find("a");
  Caller running{*a, kWait};
  named.gate->await(1);

  const auto refused = named.call("b");

  EXPECT_EQ(refused.error().code(), Errc::overloaded);
  EXPECT_THAT(refused.error().message(), HasSubstr("load the tenant b: no room: with it 2"));
  EXPECT_TRUE(named.stats("a").loaded);
  named.gate->open();
  EXPECT_TRUE(running.outcome());
  wait_until([&] { return named.call("b").has_value(); });  // It may not have left yet.
  EXPECT_FALSE(named.stats("a").loaded);
}

TEST(TenantsTest, RefusesWhatIsTooLargeByItselfAndDropsNothingForIt) {
  NamedTenants named{{.memory_bytes_max = 2 * kPage}};
  named.add("a");
  named.add("code", {.host = {.restart_wait = 1h, .restart_wait_max = 1h}},
            made_of(counts, 3 * kPage));
  named.add("guests", {.host = {.restart_wait = 1h, .restart_wait_max = 1h},
                       .instances_min = 3,
                       .instances_max = 3});
  EXPECT_TRUE(named.call("a"));

  for (const auto* const large : {"code", "guests"}) {
    const auto refused = named.call(large);
    EXPECT_EQ(refused.error().code(), Errc::limit_exceeded);
    EXPECT_THAT(refused.error().message(), HasSubstr("TenantsOptions::memory_bytes_max"));
    EXPECT_EQ(named.call(large).error().code(), Errc::limit_exceeded);
  }

  EXPECT_TRUE(named.stats("a").loaded);
  EXPECT_EQ(named.engine->compiled, 3);
  EXPECT_EQ(named.tenants->stats().memory_bytes, kPage);
}

TEST(TenantsTest, CompilesNothingThatItKnowsNoRoomFor) {
  NamedTenants named{{.memory_bytes_max = 2 * kPage}};
  named.add("a");
  named.add("b", {}, made_of(counts, kPage));
  const auto a = named.find("a");
  Caller running{*a, kWait};
  named.gate->await(1);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(named.call("b").error().code(), Errc::overloaded);
  EXPECT_EQ(named.engine->compiled, 2);
  EXPECT_EQ(named.stats("b").failed_loads, 5U);
  named.gate->open();
}

TEST(TenantsTest, DropsWhatIsIdle) {
  NamedTenants named{{.idle_timeout = 1ms, .look_every = 1ms}};
  named.add("a", {}, made_of(counts));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(as_text(named.call("a").value()), "1");
    wait_until([&] { return named.stats("a").drops == i; });
  }
  EXPECT_EQ(named.tenants->stats().dropped_idle, 3U);
  EXPECT_EQ(named.tenants->stats().memory_bytes, 0U);
}

TEST(TenantsTest, NeitherDropsWhatIsCalledForBeingIdle) {
  NamedTenants named{{.idle_timeout = 1ns, .look_every = 1ms}};
  named.add("a");
  named.add("b");
  const auto a = named.find("a");
  Caller running{*a, kWait};
  named.gate->await(1);
  // The keeper has looked, at both.
  EXPECT_TRUE(named.call("b"));
  wait_until([&] { return named.stats("b").drops == 1; });
  EXPECT_TRUE(named.stats("a").loaded);
  named.gate->open();
  EXPECT_TRUE(running.outcome());
}

TEST(TenantsTest, SeesThatGuestsHaveGrownAndMakesRoom) {
  NamedTenants named{{.memory_bytes_max = 5 * kPage, .look_every = 1ms}};
  named.add("a");
  named.add("b", {.instances_max = 2}, made_of([&](ScriptedGuest& guest) -> Result<std::uint64_t> {
              if (operation_of(guest) == "grow") {
                for (int i = 0; i < 3; ++i) guest.grow();
              } else if (auto passed = named.gate->pass(guest.budget()); !passed) {
                return std::unexpected{passed.error()};
              }
              return respond(guest);
            }));
  EXPECT_TRUE(named.call("a"));
  const auto b = named.find("b");
  Caller running{*b};  // So that it does not go itself.
  named.gate->await(1);
  EXPECT_TRUE(named.call("b", {.operation = "grow"}));

  wait_until([&] { return named.stats("a").drops == 1; });

  EXPECT_EQ(named.stats("b").guests_bytes, 5 * kPage);
  EXPECT_EQ(named.tenants->stats().memory_bytes, 5 * kPage);
  named.gate->open();
}

TEST(TenantsTest, LetsAHandlerCallAnotherTenant) {
  NamedTenants named{{.loaded_max = 2}};
  const auto handler = answering([&](const HostCall&) { return named.call("inner"); });
  named.add("outer", {.host = {.handler = handler}}, made_of(asks));
  named.add("inner");
  named.add("other");
  EXPECT_TRUE(named.call("other"));
  EXPECT_TRUE(named.call("outer"));
  EXPECT_EQ(named.stats("inner").calls, 1U);
  EXPECT_FALSE(named.stats("other").loaded);
}

TEST(TenantsTest, TellsAHandlerThatThereIsNoRoomForAnother) {
  NamedTenants named{{.loaded_max = 1}};
  Errc inner{};
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    inner = named.call("inner").error().code();
    return Bytes{};
  });
  named.add("outer", {.host = {.handler = handler}}, made_of(asks));
  named.add("inner");
  EXPECT_TRUE(named.call("outer"));
  EXPECT_EQ(inner, Errc::overloaded);
}

TEST(TenantsTest, IsBusyWhenAHandlerCallsItsOwnTenantAndThereIsOneInstance) {
  NamedTenants named;
  Errc inner{};
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    inner = named.call("a").error().code();
    return Bytes{};
  });
  named.add("a", {.host = {.handler = handler}, .instances_max = 1}, made_of(asks));
  EXPECT_TRUE(named.call("a"));
  EXPECT_EQ(inner, Errc::busy);
}

TEST(TenantsTest, HandsOutWhatOutlivesDropsAndItself) {
  auto named = std::make_unique<NamedTenants>(TenantsOptions{.loaded_max = 1});
  named->add("a");
  named->add("b");
  const auto a = named->find("a");
  const auto b = named->find("b");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(a->invoke(kAny));
    EXPECT_TRUE(b->invoke(kAny));
  }
  EXPECT_EQ(named->stats("a").drops, 3U);

  named.reset();

  EXPECT_EQ(a->invoke(kAny).error().code(), Errc::unavailable);
}

TEST(TenantsTest, ReadsAModuleFromAFile) {
  const testing::TemporaryTree tree;
  tree.write("a.wasm", "module a");
  NamedTenants named;
  named.engine->offer("module a", made_of(counts));
  ASSERT_TRUE(named.tenants->add("a", {.wasm = wasm_from(tree.path() / "a.wasm")}));
  ASSERT_TRUE(named.tenants->add("b", {.wasm = wasm_from(tree.path() / "b.wasm")}));

  EXPECT_TRUE(named.call("a"));
  EXPECT_EQ(named.call("b").error().code(), Errc::unavailable);
  EXPECT_THAT(named.call("b").error().message(), HasSubstr("b.wasm: No such file"));
}

TEST(TenantsTest, ReadsNoDirectoryAndNoMoreThanItMay) {
  const testing::TemporaryTree tree;
  tree.write("a.wasm", "module a");
  const auto refused = [](const auto& wasm, const Budget& budget = {}) {
    return wasm(budget).error();
  };

  EXPECT_EQ(refused(wasm_from(tree.path())).code(), Errc::unavailable);
  EXPECT_THAT(refused(wasm_from(tree.path())).message(), HasSubstr("Is a directory"));
  tree.write("empty.wasm", "");
  EXPECT_EQ(refused(wasm_from(tree.path() / "empty.wasm")).code(), Errc::unavailable);
  EXPECT_EQ(as_text(wasm_from(tree.path() / "a.wasm", 8)({}).value()), "module a");
  EXPECT_EQ(refused(wasm_from(tree.path() / "a.wasm", 7)).code(), Errc::limit_exceeded);
  EXPECT_EQ(refused(wasm_from("/dev/zero", 1000)).code(), Errc::limit_exceeded);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(refused(wasm_from(tree.path() / "a.wasm"), {.stop = stop.get_token()}).code(),
            Errc::cancelled);
}

TEST(TenantsTest, SaysWhatItsPoolsDidThoughTheyAreGone) {
  NamedTenants named{{.loaded_max = 1}};
  named.add("a");
  named.add("b");
  EXPECT_TRUE(named.call("a"));
  EXPECT_FALSE(named.call("a", {.operation = "trap"}));
  wait_until([&] { return named.stats("a").pool.idle == 1; });  // It has another instance.
  EXPECT_TRUE(named.call("b"));

  auto pool = named.stats("a").pool;
  EXPECT_EQ(pool.calls, 2U);
  EXPECT_EQ(pool.failures(Errc::trapped), 1U);
  EXPECT_EQ(pool.spent, 1U);
  EXPECT_EQ(pool.instances, 0U);
  EXPECT_EQ(pool.memory_bytes, 0U);

  EXPECT_TRUE(named.call("a"));

  pool = named.stats("a").pool;
  EXPECT_EQ(pool.calls, 3U);
  EXPECT_EQ(pool.failures(Errc::trapped), 1U);
  EXPECT_EQ(pool.started, 3U);
  EXPECT_EQ(pool.instances, 1U);
  EXPECT_EQ(pool.memory_bytes, kPage);
}

/// What tenants tell of themselves, a line for each event.
struct Told {
  std::shared_ptr<EventSink> sink() {
    return recording_to([this](const Event& event) {
      std::string line{to_string(event.kind)};
      line.append(" ").append(event.tenant).append(" ");
      line.append(event.failure ? to_string(*event.failure) : std::to_string(event.payload_bytes));
      if (!event.message.empty()) line.append(": ").append(event.message);
      const std::scoped_lock lock{mutex};
      lines.push_back(std::move(line));
    });
  }

  std::vector<std::string> all() {
    const std::scoped_lock lock{mutex};
    return lines;
  }

  std::mutex mutex;
  std::vector<std::string> lines;
};

TEST(TenantsTest, TellsWhatIsLoadedAndWhyItGoes) {
  Told told;
  NamedTenants named{{.loaded_max = 1, .events = told.sink()}};
  named.add("a", {}, made_of(counts, 7));
  named.add("b", {}, made_of(counts));
  ASSERT_TRUE(named.tenants->add("\xff", NamedTenants::made_of("unheard of")));
  EXPECT_TRUE(named.call("a"));
  EXPECT_TRUE(named.call("b"));
  EXPECT_FALSE(named.call("\xff"));
  EXPECT_TRUE(named.call("b"));
  EXPECT_TRUE(named.tenants->remove("b"));
  EXPECT_TRUE(named.tenants->remove("a"));  // Which is not loaded.

  EXPECT_THAT(told.all(), ElementsAre("tenant_loaded a 65543", "tenant_dropped a 65543: room",
                                      "tenant_loaded b 65536", "tenant_dropped b 65536: room",
                                      "tenant_loaded \xef\xbf\xbd invalid module: nobody knows it",
                                      "tenant_loaded b 65536", "tenant_dropped b 65536: removed"));
}

TEST(TenantsTest, TellsThatOneWasIdle) {
  Told told;
  NamedTenants named{{.idle_timeout = 1ms, .look_every = 1ms, .events = told.sink()}};
  named.add("a", {}, made_of(counts));
  EXPECT_TRUE(named.call("a"));
  wait_until([&] { return told.all().size() == 2; });
  EXPECT_EQ(told.all().back(), "tenant_dropped a 65536: idle");
}

TEST(TenantsTest, TellsOneWhoMayCallThemAndThrow) {
  NamedTenants* the = nullptr;
  std::atomic<int> refused = 0;
  const auto sink = recording_to([&](const Event& event) {
    const auto called = the->call("a");
    if (!called && called.error().code() == Errc::busy) ++refused;
    throw std::string{event.tenant};
  });
  NamedTenants named{{.loaded_max = 2, .loads_max = 1, .events = sink}};
  the = &named;
  named.add("a", {}, made_of(counts));
  named.add("b", {}, made_of(counts));
  EXPECT_EQ(as_text(named.call("a").value()), "1");
  EXPECT_EQ(as_text(named.call("b").value()), "1");
  EXPECT_EQ(as_text(named.call("a").value()), "3");
  EXPECT_EQ(refused, 1);  // As `a` was being loaded itself.
  EXPECT_TRUE(named.tenants->remove("b"));
  EXPECT_EQ(as_text(named.call("a").value()), "5");
}

TEST(TenantsTest, AnswersManyThreadsWithFewLoadedAtATime) {
  constexpr int kThreads = 4;
  constexpr int kTenants = 20;
  NamedTenants named{{.memory_bytes_max = 8 * kPage, .look_every = 1ms}};
  for (int i = 0; i < kTenants; ++i) {
    const auto name = std::to_string(i);
    named.add(name, {.instances_max = 2}, made_of([name](ScriptedGuest& guest) {
                return operation_of(guest) == "trap" ? testing::trap(guest) : respond(guest, name);
              }));
  }
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        std::minstd_rand random{thread + 1};
        for (int i = 0; i < 500; ++i) {
          const auto name = std::to_string(std::min(random() % kTenants, random() % kTenants));
          const bool traps = i % 50 == 49;
          const auto answer = named.call(name, {.operation = traps ? "trap" : "any"});
          if (!answer && answer.error().code() == Errc::overloaded) continue;
          const bool good = traps ? !answer && answer.error().code() == Errc::trapped
                                  : answer && as_text(*answer) == name;
          wrong += good ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(named.tenants->stats().calls, kThreads * 500U);
  EXPECT_LE(named.tenants->stats().memory_bytes, 8 * kPage);
  EXPECT_GT(named.tenants->stats().dropped_for_room, 0U);
}

}  // namespace
}  // namespace wapc
