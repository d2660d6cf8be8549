// Tenants of real guests: many threads at once, with and without a cache, forks.

#include "wapc/tenants/tenants.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_tree.hpp"
#include "wapc/cache/compile_cache.hpp"
#include "wapc/conformance/puppet.hpp"
#include "wapc/conformance/suite.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc {
namespace {

using namespace std::chrono_literals;
using conformance::kPuppetBytes;
using conformance::PuppetTrap;
using conformance::Script;
using conformance::Verb;

/// What the module of that tenant says when it knows no operation.
std::string words_of(int tenant) {
  auto words = "tenant " + std::to_string(tenant);
  words.resize(std::string_view{"no such operation"}.size(), '.');
  return words;
}

/// The puppet, which says something else than all others.
Bytes module_of(int tenant) {
  auto wasm = conformance::webassembly_guest("puppet").value();
  const auto at = std::ranges::search(wasm, as_bytes("no such operation")).begin();
  EXPECT_NE(at, wasm.end());
  std::ranges::copy(as_bytes(words_of(tenant)), at);
  return wasm;
}

Result<Bytes> run(Tenants& tenants, int tenant, const Script& script, const Budget& budget = {}) {
  return tenants.invoke(std::to_string(tenant),
                        {.operation = "script", .payload = script.bytes(), .budget = budget});
}

/// Whether that tenant answers, and no other one in its place.
bool says_who_it_is(Tenants& tenants, int tenant) {
  const auto said = tenants.invoke(std::to_string(tenant), {.operation = "who"});
  return !said && said.error().code() == Errc::guest_error &&
         said.error().message() == words_of(tenant);
}

/// Adds so many, numbered.
void add(Tenants& tenants, int count, const PoolOptions& pool = {}) {
  for (int tenant = 0; tenant < count; ++tenant) {
    const auto wasm = [tenant](const Budget&) -> Result<Bytes> { return module_of(tenant); };
    ASSERT_TRUE(tenants.add(std::to_string(tenant), {.wasm = wasm, .pool = pool}));
  }
}

class TenantsOnEnginesTest : public ::testing::TestWithParam<BuiltinEngine> {
 protected:
  std::shared_ptr<Engine> engine_ = GetParam().make().value();
};

TEST_P(TenantsOnEnginesTest, LoadsWithinItsBoundAndCountsCodeAndMemories) {
  constexpr std::size_t kMost = std::size_t{2} << 20U;
  const auto tenants = Tenants::make(engine_, {.memory_bytes_max = kMost}).value();
  add(*tenants, 20);
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(says_who_it_is(*tenants, i % 20));
    EXPECT_LE(tenants->stats().memory_bytes, kMost);
  }
  const auto module = GuestModule::load(*engine_, module_of(19)).value();
  const auto last = tenants->stats("19").value();
  EXPECT_EQ(last.code_bytes, module->code_bytes());
  EXPECT_EQ(last.guests_bytes, kPuppetBytes + module->instance_bytes());
  EXPECT_GT(tenants->stats().dropped_for_room, 0U);
}

TEST_P(TenantsOnEnginesTest, ForgetsWhatAGuestKeptWhenItIsDropped) {
  const auto tenants = Tenants::make(engine_, {.loaded_max = 1}).value();
  add(*tenants, 2);
  const auto calls = [&](const char* name) {
    return std::to_integer<int>(tenants->invoke(name, {.operation = "calls"}).value().front());
  };
  EXPECT_EQ(calls("0"), 1);
  EXPECT_EQ(calls("0"), 2);
  EXPECT_EQ(calls("1"), 1);
  EXPECT_EQ(calls("0"), 1);
}

TEST_P(TenantsOnEnginesTest, ComesBackWithoutBeingCompiled) {
  if (!engine_->info().makes_artefacts) GTEST_SKIP() << "this engine compiles nothing";
  constexpr int kTenants = 6;
  const testing::TemporaryTree tree;
  // With what the process keeps, and from the files alone.
  for (const std::size_t kept_bytes_max : {std::size_t{1} << 30U, std::size_t{0}}) {
    const auto cache =
        CompileCache::open({.directory = tree.path() / std::to_string(kept_bytes_max),
                            .kept_bytes_max = kept_bytes_max})
            .value();
    const auto tenants =
        Tenants::make(with_cache(GetParam().make().value(), cache), {.loaded_max = 2}).value();
    add(*tenants, kTenants);
    for (int tenant = 0; tenant < kTenants; ++tenant) {
      EXPECT_TRUE(says_who_it_is(*tenants, tenant));
    }
    EXPECT_EQ(cache->stats().compiled, kTenants);

    for (int i = 0; i < 3 * kTenants; ++i) EXPECT_TRUE(says_who_it_is(*tenants, i % kTenants));

    EXPECT_EQ(cache->stats().compiled, kTenants);
    EXPECT_EQ(tenants->stats().loads, 4 * kTenants);
    EXPECT_EQ(cache->stats().read + cache->stats().kept, 3 * kTenants);
    EXPECT_EQ(cache->stats().kept != 0, kept_bytes_max != 0);
  }
}

/// One call of some kind, chosen by `random`; whether it ended as such a call must.
bool call_somehow(Tenants& tenants, int tenant, std::minstd_rand& random) {
  const auto ends_with = [](const Result<Bytes>& answer, Errc code) {
    return !answer && (answer.error().code() == code || answer.error().code() == Errc::overloaded);
  };
  switch (random() % 5) {
    case 0: {  // While it is being loaded, or runs.
      std::stop_source stop;
      const std::jthread canceller{[&] { stop.request_stop(); }};
      return ends_with(run(tenants, tenant, Script{}.say(Verb::loop), {.stop = stop.get_token()}),
                       Errc::cancelled);
    }
    case 1:
      return ends_with(run(tenants, tenant, Script{}.trap(PuppetTrap::unreachable)), Errc::trapped);
    case 2: {
      const auto grown = run(tenants, tenant, Script{}.say(Verb::grow, {1}).response("x"));
      return grown || grown.error().code() == Errc::overloaded;
    }
    default: {
      const auto said = tenants.invoke(std::to_string(tenant), {.operation = "who"});
      return ends_with(said, Errc::guest_error) && (said.error().code() == Errc::overloaded ||
                                                    said.error().message() == words_of(tenant));
    }
  }
}

TEST_P(TenantsOnEnginesTest, AnswersManyThreadsAmongFailuresCancelsAndRemovals) {
  constexpr unsigned kThreads = 4;
  constexpr int kTenants = 12;
  constexpr int kRounds = 60;
  const auto tenants = Tenants::make(engine_, {.memory_bytes_max = std::size_t{4} << 20U,
                                               .loaded_max = 8,
                                               .idle_timeout = 1ms,
                                               .look_every = 1ms})
                           .value();
  add(*tenants, kTenants, {.host = {.call_timeout = 1h}, .instances_max = 2});
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (unsigned thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::minstd_rand random{thread + 1};
      for (int i = 0; i < kRounds; ++i) {
        const auto tenant = static_cast<int>(random() % kTenants);
        wrong += call_somehow(*tenants, tenant, random) ? 0 : 1;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const auto wasm = [](const Budget&) -> Result<Bytes> { return module_of(kTenants); };
    EXPECT_TRUE(tenants->add(std::to_string(kTenants), {.wasm = wasm}));
    if (const auto said = tenants->invoke("12", {.operation = "who"});
        said ||
        (said.error().code() != Errc::guest_error && said.error().code() != Errc::overloaded)) {
      ++wrong;
    }
    EXPECT_TRUE(tenants->remove(std::to_string(kTenants)));
  }
  threads.clear();

  EXPECT_EQ(wrong, 0);
  // Nothing was left behind: all goes in the end, and comes back.
  while (tenants->stats().loaded != 0) std::this_thread::yield();
  EXPECT_EQ(tenants->stats().memory_bytes, 0U);
  for (int tenant = 0; tenant < kTenants; ++tenant) EXPECT_TRUE(says_who_it_is(*tenants, tenant));
}

TEST_P(TenantsOnEnginesTest, RefuseToServeAProcessThatWasForkedOff) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer wants an exec after the fork of a process with threads";
#endif
  auto tenants = Tenants::make(engine_).value();
  add(*tenants, 2);
  EXPECT_TRUE(says_who_it_is(*tenants, 0));
  const auto loaded = tenants->find("0").value();
  const auto other = tenants->find("1").value();

  const auto pid = ::fork();
  if (pid == 0) {
    const auto is_refused = [](const auto& result) {
      return !result && result.error().code() == Errc::unsupported;
    };
    bool good = is_refused(loaded->invoke({.operation = "who"})) &&
                is_refused(other->invoke({.operation = "who"})) &&
                is_refused(tenants->invoke("0", {.operation = "who"})) &&
                is_refused(tenants->find("0")) && is_refused(tenants->remove("0")) &&
                is_refused(tenants->add("2", {.wasm = wasm_from("nowhere")}));
    good = good && tenants->stats().tenants == 0;
    tenants.reset();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_TRUE(says_who_it_is(*tenants, 1));
}

INSTANTIATE_TEST_SUITE_P(Engines, TenantsOnEnginesTest, ::testing::ValuesIn(builtin_engines()),
                         [](const auto& engine) { return std::string{engine.param.name}; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TenantsOnEnginesTest);

}  // namespace
}  // namespace wapc
