#include <atomic>
#include <deque>
#include <functional>
#include <latch>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_tenants.hpp"

// Loads, and who waits for them.

namespace wapc {
namespace {

using namespace std::chrono_literals;
using testing::ask;
using testing::Caller;
using testing::Gate;
using ::testing::HasSubstr;
using testing::kAny;
using testing::NamedTenants;
using testing::respond;
using testing::ScriptedGuest;
using testing::trap;
using testing::wait_until;

/// Tenants whose modules are compiled once a gate is opened.
struct SlowTenants : NamedTenants {
  explicit SlowTenants(TenantsOptions options = {}) : NamedTenants{options} {
    engine->before_compiling = [gate = compiles](const Budget& budget) {
      return gate->pass(budget);
    };
  }

  ~SlowTenants() { compiles->open(); }

  /// Until so many calls did not find their tenant loaded.
  void await_waits(std::uint64_t waits) const {
    wait_until([&] { return tenants->stats().waits == waits; });
  }

  std::shared_ptr<Gate> compiles = std::make_shared<Gate>();
};

const PoolOptions kTriedOnce{.host = {.restart_wait = 1h, .restart_wait_max = 1h}};

TEST(TenantsLoadingTest, LoadsOnceForAllWhoWait) {
  SlowTenants slow;
  slow.add("a", {.instances_max = 2});
  const auto a = slow.find("a");
  std::deque<Caller> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back(*a);
  slow.await_waits(8);
  EXPECT_EQ(slow.tenants->stats().loading, 1U);

  slow.compiles->open();

  for (auto& caller : callers) EXPECT_TRUE(caller.outcome());
  EXPECT_EQ(slow.engine->compiled, 1);
  EXPECT_EQ(slow.stats("a").waits, 8U);
  EXPECT_EQ(slow.tenants->stats().loading, 0U);
}

TEST(TenantsLoadingTest, LoadsDifferentTenantsAtATime) {
  SlowTenants slow{{.loads_max = 3}};
  std::deque<std::shared_ptr<Invoker>> invokers;
  std::deque<Caller> callers;
  for (const auto* const name : {"a", "b", "c", "d"}) {
    slow.add(name);
    callers.emplace_back(*invokers.emplace_back(slow.find(name)));
  }
  slow.compiles->await(3);
  slow.await_waits(4);
  EXPECT_EQ(slow.engine->compiled, 3);  // And no more.
  EXPECT_EQ(slow.tenants->stats().loading, 4U);
  EXPECT_EQ(slow.tenants->stats().in_line, 1U);

  slow.compiles->open();

  for (auto& caller : callers) EXPECT_TRUE(caller.outcome());
  EXPECT_EQ(slow.engine->compiled, 4);
}

TEST(TenantsLoadingTest, TellsAllWhoWaitWhyItFailedAndTriesNotAgainAtOnce) {
  SlowTenants slow;
  ASSERT_TRUE(slow.tenants->add("a", NamedTenants::made_of("unheard of", kTriedOnce)));
  const auto a = slow.find("a");
  std::deque<Caller> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back(*a);
  slow.await_waits(4);
  slow.compiles->open();

  for (auto& caller : callers) {
    const auto failed = caller.outcome();
    EXPECT_EQ(failed.error().code(), Errc::invalid_module);
    EXPECT_EQ(failed.error().message(), "load the tenant a: nobody knows it");
  }
  EXPECT_EQ(slow.call("a").error().message(),
            "not loaded again yet; the last time: load the tenant a: nobody knows it");
  EXPECT_EQ(slow.engine->compiled, 1);
  EXPECT_EQ(slow.tenants->stats().failed_loads, 1U);
}

TEST(TenantsLoadingTest, TriesAgainLater) {
  NamedTenants named;
  ASSERT_TRUE(named.tenants->add(
      "a", NamedTenants::made_of("b", {.host = {.restart_wait = 1ms, .restart_wait_max = 2ms}})));
  EXPECT_FALSE(named.call("a"));
  named.engine->offer("b", {.functions = {{"__guest_call", testing::waiting_at(named.gate)}}});
  wait_until([&] { return named.call("a").has_value(); });
}

TEST(TenantsLoadingTest, GoesOnWhenItsCallersHaveGivenUp) {
  SlowTenants slow;
  slow.add("a");
  EXPECT_EQ(slow.tenants->stats().waiting_time, 0ns);
  const auto late =
      slow.call("a", {.operation = "any", .budget = {.deadline = Budget::Clock::now() + 1ms}});
  EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
  std::stop_source stop;
  const auto a = slow.find("a");
  Caller cancelled{*a, {.operation = "any", .budget = {.stop = stop.get_token()}}};
  slow.await_waits(2);
  stop.request_stop();
  EXPECT_EQ(cancelled.outcome().error().code(), Errc::cancelled);

  slow.compiles->open();

  EXPECT_TRUE(slow.call("a"));
  EXPECT_EQ(slow.engine->compiled, 1);
  EXPECT_EQ(slow.tenants->stats().failed_waits, 2U);
  EXPECT_EQ(slow.stats("a").failed_waits, 2U);
  EXPECT_GE(slow.stats("a").waiting_time, 1ms);
  EXPECT_GE(slow.stats("a").loading_time, 1ms);
  EXPECT_EQ(slow.tenants->stats().loading_time, slow.stats("a").loading_time);
}

TEST(TenantsLoadingTest, WaitsNoLongerThanACallMayTake) {
  SlowTenants slow;
  slow.add("a", {.host = {.call_timeout = 1ms}});
  const auto late = slow.call("a");
  EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
  EXPECT_THAT(late.error().message(), HasSubstr("waiting for the tenant a to be loaded: "));
}

TEST(TenantsLoadingTest, LoadsNothingForACallWhoseTimeIsUp) {
  NamedTenants named;
  named.add("a");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(
      named.call("a", {.operation = "any", .budget = {.stop = stop.get_token()}}).error().code(),
      Errc::cancelled);
  EXPECT_EQ(named.engine->compiled, 0);
}

TEST(TenantsLoadingTest, LetsAsManyWaitAsThePoolWould) {
  SlowTenants slow;
  slow.add("a", {.instances_max = 1, .queue_max = 1});
  const auto a = slow.find("a");
  Caller first{*a};
  Caller second{*a};
  slow.await_waits(2);

  const auto third = slow.call("a");

  EXPECT_EQ(third.error().code(), Errc::overloaded);
  EXPECT_THAT(third.error().message(), HasSubstr("2 callers wait already"));
  slow.compiles->open();
  EXPECT_TRUE(first.outcome());
  EXPECT_TRUE(second.outcome());
}

TEST(TenantsLoadingTest, StandsAnyQueue) {
  NamedTenants named;
  named.add("a", {.instances_max = 1, .queue_max = std::numeric_limits<std::size_t>::max()});
  EXPECT_TRUE(named.call("a"));
}

TEST(TenantsLoadingTest, PassesOnWhyAModuleCannotBeFetched) {
  NamedTenants named;
  ASSERT_TRUE(named.tenants->add("fails", {.wasm = [](const Budget&) -> Result<Bytes> {
                                   return failure(Errc::unavailable, "no database");
                                 }}));
  ASSERT_TRUE(named.tenants->add("throws", {.wasm = [](const Budget&) -> Result<Bytes> {
                                   throw std::runtime_error{"oops"};
                                 }}));
  ASSERT_TRUE(named.tenants->add("worse", {.wasm = [](const Budget&) -> Result<Bytes> {
                                   throw 1;  // NOLINT: of no type that says anything.
                                 }}));
  EXPECT_EQ(named.call("fails").error().message(), "load the tenant fails: no database");
  EXPECT_EQ(named.call("throws").error().code(), Errc::internal);
  EXPECT_THAT(named.call("throws").error().message(), HasSubstr("Tenant::wasm threw: oops"));
  EXPECT_EQ(named.call("worse").error().code(), Errc::internal);
}

TEST(TenantsLoadingTest, PassesOnWhyAGuestDoesNotStart) {
  NamedTenants named;
  named.add("a", kTriedOnce, {.functions = {{"__guest_call", trap}}, .start = trap});
  EXPECT_EQ(named.call("a").error().code(), Errc::init_failed);
  EXPECT_THAT(named.call("a").error().message(), HasSubstr("not loaded again yet"));
  EXPECT_EQ(named.tenants->stats().memory_bytes, 0U);
  EXPECT_EQ(named.tenants->stats().loaded, 0U);
}

/// A guest that asks the host as it starts.
testing::ScriptedModule asking_at_start() {
  const auto asks = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    if (auto asked = ask(guest); !asked) return asked;
    return 0;
  };
  return {.functions = {{"__guest_call", [](ScriptedGuest& guest) { return respond(guest); }},
                        testing::start_function("wapc_init", asks)}};
}

TEST(TenantsLoadingTest, IsBusyWhenAGuestsStartCallsIt) {
  NamedTenants named;
  Errc inner{};
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    inner = named.call("a").error().code();
    return Bytes{};
  });
  named.add("a", {.host = {.handler = handler}}, asking_at_start());
  EXPECT_TRUE(named.call("a"));
  EXPECT_EQ(inner, Errc::busy);
}

/// Two tenants, each of whose sources first does that with the other one's name; both are loaded
/// at a time. How many of the two were told `busy`.
int busy_of_two(NamedTenants& named, const std::function<Result<>(const std::string&)>& use) {
  std::latch both{2};
  std::atomic<int> busy = 0;
  for (const auto& [name, other] : {std::pair{"a", "b"}, std::pair{"b", "a"}}) {
    named.engine->offer(name, {.functions = {{"__guest_call", testing::waiting_at(named.gate)}}});
    auto tenant = NamedTenants::made_of(name, {.host = {.call_timeout = 1h}});
    tenant.wasm = [&, other, fetch = tenant.wasm](const Budget& budget) {
      both.arrive_and_wait();
      const auto used = use(other);
      if (!used && used.error().code() == Errc::busy) ++busy;
      return fetch(budget);
    };
    EXPECT_TRUE(named.tenants->add(name, std::move(tenant)));
  }
  const auto a = named.find("a");
  const auto b = named.find("b");
  Caller one{*a};
  Caller other{*b};
  one.outcome();
  other.outcome();
  return busy;
}

TEST(TenantsLoadingTest, IsBusyWhenLoadsWaitForEachOther) {
  NamedTenants named{{.loads_max = 2}};
  EXPECT_EQ(busy_of_two(named,
                        [&](const std::string& other) -> Result<> {
                          const auto called = named.call(other);
                          return called ? Result<>{} : std::unexpected{called.error()};
                        }),
            1);
  EXPECT_EQ(named.tenants->stats().loads, 2U);
}

TEST(TenantsLoadingTest, IsBusyWhenTwoWouldRemoveEachOtherAsTheyLoad) {
  NamedTenants named{{.loads_max = 2}};
  EXPECT_EQ(
      busy_of_two(named, [&](const std::string& other) { return named.tenants->remove(other); }),
      1);
  EXPECT_EQ(named.tenants->stats().tenants, 1U);
}

TEST(TenantsLoadingTest, LoadsWhatAStartNeedsThoughNoThreadIsLeft) {
  NamedTenants named{{.loads_max = 1}};
  for (int i = 0; i < 3; ++i) {
    const auto next = std::to_string(i + 1);
    const auto handler = answering([&, next](const HostCall&) { return named.call(next); });
    named.add(std::to_string(i), {.host = {.handler = handler}}, asking_at_start());
  }
  named.add("3");
  EXPECT_TRUE(named.call("0"));
  EXPECT_EQ(named.tenants->stats().loads, 4U);
}

TEST(TenantsLoadingTest, LoadsWhatAStartNeedsThoughItStandsInLine) {
  NamedTenants named{{.loads_max = 1}};
  Gate gate;
  const auto handler = answering([&](const HostCall& call) -> Result<Bytes> {
    if (auto passed = gate.pass(call.budget); !passed) return std::unexpected{passed.error()};
    return named.call("b");
  });
  named.add("a", {.host = {.handler = handler, .start_timeout = 1h}}, asking_at_start());
  named.add("b");
  const auto a = named.find("a");
  const auto b = named.find("b");
  Caller first{*a};
  gate.await(1);
  Caller second{*b};
  wait_until([&] { return named.tenants->stats().loading == 2; });

  gate.open();

  EXPECT_TRUE(first.outcome());
  EXPECT_TRUE(second.outcome());
  EXPECT_EQ(named.engine->compiled, 2);
}

TEST(TenantsLoadingTest, TellsWhatWasLoaded) {
  NamedTenants named;
  std::atomic<int> told = 0;
  auto tenant = NamedTenants::made_of("a");
  tenant.module.events = recording_to([&](const Event& event) {
    if (event.kind == EventKind::loaded && !event.failure) ++told;
  });
  named.engine->offer("a", {.functions = {{"__guest_call", testing::waiting_at(named.gate)}}});
  ASSERT_TRUE(named.tenants->add("a", std::move(tenant)));
  EXPECT_TRUE(named.call("a"));
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace wapc
