#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_tenants.hpp"

// Tenants that go for good.

namespace wapc {
namespace {

using namespace std::chrono_literals;
using testing::ask;
using testing::Caller;
using testing::Gate;
using testing::kAny;
using testing::kWait;
using testing::NamedTenants;
using testing::operation_of;
using testing::respond;
using testing::ScriptedGuest;
using testing::ScriptedModule;
using testing::wait_until;

/// A budget that was spent long ago.
const Budget kSpent{.deadline = Budget::Clock::time_point{1ns}};

/// A guest that asks the host, and then answers.
Result<std::uint64_t> asks(ScriptedGuest& guest) {
  if (auto asked = ask(guest); !asked) return asked;
  return respond(guest);
}

TEST(TenantsRemovingTest, TakesNoMoreCallsAndAnotherMayHaveItsName) {
  NamedTenants named;
  named.add("a");
  const auto a = named.find("a");
  EXPECT_TRUE(a->invoke(kAny));

  EXPECT_TRUE(named.tenants->remove("a"));

  EXPECT_EQ(named.call("a").error().code(), Errc::unavailable);
  EXPECT_EQ(named.tenants->stats().tenants, 0U);
  EXPECT_EQ(named.tenants->stats().memory_bytes, 0U);
  named.add("a");
  EXPECT_TRUE(named.call("a"));
  EXPECT_EQ(a->invoke(kAny).error().message(), "the tenant a was removed");
}

TEST(TenantsRemovingTest, LetsCallsEndAndTakesNoNewOnes) {
  NamedTenants named;
  named.add("a");
  const auto a = named.find("a");
  Caller running{*a, kWait};
  named.gate->await(1);

  EXPECT_EQ(named.tenants->remove("a", kSpent).error().code(), Errc::deadline_exceeded);
  EXPECT_EQ(named.call("a").error().code(), Errc::unavailable);
  EXPECT_EQ(named.stats("a").calls, 2U);
  named.gate->open();
  EXPECT_TRUE(named.tenants->remove("a"));

  EXPECT_TRUE(running.outcome());
}

TEST(TenantsRemovingTest, IsDroppedForNobodyWhileItDrains) {
  NamedTenants named{{.loaded_max = 1}};
  named.add("a");
  named.add("b");
  const auto a = named.find("a");
  Caller running{*a, kWait};
  named.gate->await(1);
  EXPECT_FALSE(named.tenants->remove("a", kSpent));
  EXPECT_EQ(named.call("b").error().code(), Errc::overloaded);
  named.gate->open();
  EXPECT_TRUE(running.outcome());
  EXPECT_TRUE(named.tenants->remove("a"));
  EXPECT_TRUE(named.call("b"));
}

TEST(TenantsRemovingTest, EndsALoadAndTellsWhoWaitsForIt) {
  NamedTenants named;
  Gate compiles;
  named.engine->before_compiling = [&](const Budget& budget) { return compiles.pass(budget); };
  named.add("a");
  const auto a = named.find("a");
  Caller waiting{*a};
  compiles.await(1);

  EXPECT_TRUE(named.tenants->remove("a"));

  EXPECT_EQ(waiting.outcome().error().code(), Errc::unavailable);
  EXPECT_EQ(named.tenants->stats().loaded, 0U);
}

TEST(TenantsRemovingTest, WaitsAsLongAsItMayForALoadThatHeedsNothing) {
  NamedTenants named;
  Gate compiles;
  named.engine->before_compiling = [&](const Budget&) { return compiles.pass({}); };
  named.add("a");
  const auto a = named.find("a");
  Caller waiting{*a};
  compiles.await(1);

  EXPECT_EQ(named.tenants->remove("a", kSpent).error().code(), Errc::deadline_exceeded);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(named.tenants->remove("a", {.stop = stop.get_token()}).error().code(), Errc::cancelled);
  compiles.open();
  EXPECT_TRUE(named.tenants->remove("a"));

  EXPECT_EQ(waiting.outcome().error().code(), Errc::unavailable);
}

TEST(TenantsRemovingTest, EndsALoadWhoseTurnHasNotCome) {
  NamedTenants named{{.loads_max = 1}};
  Gate compiles;
  named.engine->before_compiling = [&](const Budget& budget) { return compiles.pass(budget); };
  named.add("a");
  named.add("b");
  const auto a = named.find("a");
  const auto b = named.find("b");
  Caller first{*a};
  compiles.await(1);
  Caller second{*b};
  wait_until([&] { return named.tenants->stats().loading == 2; });

  EXPECT_TRUE(named.tenants->remove("b"));

  EXPECT_EQ(second.outcome().error().code(), Errc::unavailable);
  compiles.open();
  EXPECT_TRUE(first.outcome());
  EXPECT_EQ(named.engine->compiled, 1);
}

TEST(TenantsRemovingTest, CannotBeAskedForByAHandlerOfItsOwn) {
  NamedTenants named;
  Errc at_call{};
  Errc at_start{};
  named.add("calls", {.host = {.handler = answering([&](const HostCall&) -> Result<Bytes> {
                                 at_call = named.tenants->remove("calls").error().code();
                                 return Bytes{};
                               })}},
            {.functions = {{"__guest_call", asks}}});
  named.add("starts", {.host = {.handler = answering([&](const HostCall& call) -> Result<Bytes> {
                                  if (call.invocation == nullptr) {
                                    at_start = named.tenants->remove("starts").error().code();
                                  }
                                  return Bytes{};
                                })}},
            {.functions = {{"__guest_call", asks}, testing::start_function("wapc_init", asks)}});
  EXPECT_TRUE(named.call("calls"));
  EXPECT_EQ(at_call, Errc::busy);
  EXPECT_TRUE(named.call("starts"));
  EXPECT_EQ(at_start, Errc::busy);
  EXPECT_TRUE(named.call("calls"));  // Both are as they were.
  EXPECT_TRUE(named.call("starts"));
  EXPECT_TRUE(named.tenants->remove("calls"));
  EXPECT_TRUE(named.tenants->remove("starts"));
}

TEST(TenantsRemovingTest, IsNotUndoneByAHandlerWhoAsksForItInVain) {
  NamedTenants named{{.loaded_max = 1}};
  Gate gate;
  Errc inner{};
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    EXPECT_TRUE(gate.pass({}));
    inner = named.tenants->remove("a").error().code();
    return Bytes{};
  });
  named.add("a", {.host = {.handler = handler}}, {.functions = {{"__guest_call", asks}}});
  named.add("b");
  const auto a = named.find("a");
  Caller running{*a};
  gate.await(1);
  EXPECT_EQ(named.tenants->remove("a", kSpent).error().code(), Errc::deadline_exceeded);
  gate.open();
  EXPECT_TRUE(running.outcome());
  EXPECT_EQ(inner, Errc::busy);
  wait_until([&] { return named.call("b").has_value(); });  // In its place, once it has left.

  EXPECT_EQ(named.call("a").error().code(), Errc::unavailable);
}

TEST(TenantsRemovingTest, WaitsForWhatIsAtWorkThoughOthersWantTheRoom) {
  // Each call of `b` looks whether `a` may go: not while its pool starts an instance. That takes a
  // while with so many, and must not hide what there is to wait for.
  NamedTenants named{{.loaded_max = 1}};
  std::atomic<int> starts = 0;
  named.add("a", {.instances_max = 10'000},
            {.functions = {{"__guest_call", testing::trap}},
             .start = [&](ScriptedGuest&) -> Result<std::uint64_t> {
               if (++starts == 1) return 0;
               auto passed = named.gate->pass({});
               return passed ? Result<std::uint64_t>{0} : std::unexpected{passed.error()};
             }});
  named.add("b");
  EXPECT_FALSE(named.call("a"));
  named.gate->await(1);
  std::atomic<bool> done = false;
  std::thread others{[&] {
    while (!done) static_cast<void>(named.call("b"));
  }};

  for (int i = 0; i < 200; ++i) {
    const auto removed = named.tenants->remove("a", kSpent);
    EXPECT_TRUE(!removed && removed.error().code() == Errc::deadline_exceeded);
  }

  done = true;
  others.join();
  named.gate->open();
  EXPECT_TRUE(named.tenants->remove("a"));
}

TEST(TenantsRemovingTest, MayBeAskedForByManyAtOnce) {
  for (int round = 0; round < 20; ++round) {
    NamedTenants named;
    named.add("a");
    EXPECT_TRUE(named.call("a"));
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto removed = named.tenants->remove("a");
        EXPECT_TRUE(removed || removed.error().code() == Errc::unavailable);
        EXPECT_EQ(named.call("a").error().code(), Errc::unavailable);
      });
    }
  }
}

TEST(TenantsRemovingTest, GoesOnWhileTenantsAreCalledAndDropped) {
  NamedTenants named{{.memory_bytes_max = 3 * testing::kPage}};
  named.add("a");
  named.add("b");
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        for (const auto* const name : {"a", "b", "c"}) {
          const auto answer = named.call(name);
          EXPECT_TRUE(answer || answer.error().code() == Errc::unavailable ||
                      answer.error().code() == Errc::overloaded)
              << answer.error().message();
        }
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    named.add("c");
    wait_until([&] { return named.call("c").has_value(); });
    EXPECT_TRUE(named.tenants->remove("c"));
  }
}

TEST(TenantsRemovingTest, IsWhatTheirEndDoesToAll) {
  auto named = std::make_unique<NamedTenants>();
  named->add("a");
  named->add("b");
  const auto a = named->find("a");
  const auto gate = named->gate;
  Caller running{*a, kWait};
  gate->await(1);
  {
    const std::jthread end{[&] { named->tenants.reset(); }};
    wait_until([&] {
      const auto refused = a->invoke(kAny);
      return !refused && refused.error().code() == Errc::unavailable;
    });
    gate->open();
  }
  EXPECT_TRUE(running.outcome());
}

TEST(TenantsRemovingTest, LetsNobodyAddTenantsOnceTheyEnd) {
  auto named = std::make_unique<NamedTenants>();
  auto* const tenants = named->tenants.get();
  Gate gate;
  Result<> added;
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    EXPECT_TRUE(gate.pass({}));
    added = tenants->add("late", NamedTenants::made_of("late"));
    return Bytes{};
  });
  named->add("a", {.host = {.handler = handler}, .instances_max = 2},
             {.functions = {{"__guest_call", [](ScriptedGuest& guest) {
                               return operation_of(guest) == "wait" ? asks(guest) : respond(guest);
                             }}}});
  const auto a = named->find("a");
  Caller running{*a, kWait};
  gate.await(1);
  {
    const std::jthread end{[&] { named->tenants.reset(); }};
    wait_until([&] { return !a->invoke(kAny); });
    gate.open();
  }
  EXPECT_TRUE(running.outcome());
  EXPECT_EQ(added.error().code(), Errc::unavailable);
}

}  // namespace
}  // namespace wapc
