// What guests and their hosts mean to the process around them: its signals, its forks, its threads.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/host_resources.hpp"
#include "support/thread_with_stack.hpp"
#include "wapc/conformance/puppet.hpp"
#include "wapc/conformance/suite.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"
#ifdef WAPC_TESTS_WASMTIME
#include "wapc/providers/wasmtime.hpp"
#endif

namespace wapc {
namespace {

using conformance::PuppetTrap;
using conformance::Script;
using conformance::Verb;

std::shared_ptr<const GuestModule> load(const Engine& engine, const Budget& budget = {}) {
  static const Bytes puppet = conformance::webassembly_guest("puppet").value();
  return GuestModule::load(engine, puppet, {}, budget).value();
}

/// Does a script; the code of its failure, or nothing.
std::optional<Errc> outcome_of(Host& host, const Script& script, const Budget& budget = {}) {
  const auto answer =
      host.invoke({.operation = "script", .payload = script.bytes(), .budget = budget});
  if (answer) return std::nullopt;
  return answer.error().code();
}

/// Traps in every way there is, those first that engines may find by a signal.
void expect_every_trap(Host& host) {
  for (const auto trap :
       {PuppetTrap::memory_out_of_bounds, PuppetTrap::integer_division_by_zero,
        PuppetTrap::integer_overflow, PuppetTrap::unreachable, PuppetTrap::undefined_element,
        PuppetTrap::uninitialized_element, PuppetTrap::indirect_call_type_mismatch,
        PuppetTrap::invalid_conversion_to_integer}) {
    EXPECT_EQ(outcome_of(host, Script{}.trap(trap)), Errc::trapped) << static_cast<int>(trap);
  }
  EXPECT_EQ(outcome_of(host, Script{}.say(Verb::recurse)), Errc::trapped);
  EXPECT_EQ(outcome_of(host, Script{}.response("still here")), std::nullopt);
}

std::size_t address_space_in_use() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t pages = 0;
  statm >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

class ProcessTest : public ::testing::TestWithParam<BuiltinEngine> {
 protected:
  static void SetUpTestSuite() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ProcessTest);

// --- Signals
// --------------------------------------------------------------------------------------

constexpr int kCrashSeen = 42;

/// A program's own crash handler: it would print a backtrace, and ends the program.
void install_crash_handler() {
  struct sigaction action{};
  action.sa_handler = [](int) { ::_exit(kCrashSeen); };
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::sigaction(signal, &action, nullptr);
}

/// A real crash: a write where nothing may be written.
[[noreturn]] void crash() {
  void* const page = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile char*>(page) = 1;
  std::_Exit(1);
}

TEST_P(ProcessTest, ACrashOfTheProgramReachesItsOwnHandlerAfterGuestsTrapped) {
  const auto program = [] {
    install_crash_handler();
    const auto engine = GetParam().make().value();
    const auto host = Host::start(load(*engine)).value();
    expect_every_trap(*host);
    if (::testing::Test::HasFailure()) std::_Exit(1);
    crash();
  };
  EXPECT_EXIT(program(), ::testing::ExitedWithCode(kCrashSeen), "");
}

TEST_P(ProcessTest, ACrashInAHandlerThatAGuestCalledReachesTheProgramsOwn) {
  const auto program = [] {
    install_crash_handler();
    const auto engine = GetParam().make().value();
    const auto handler = answering([](const HostCall&) -> Result<Bytes> { crash(); });
    const auto host = Host::start(load(*engine), {.handler = handler}).value();
    (void)outcome_of(*host, Script{}.host_call("b", "n", "o", ""));
  };
  EXPECT_EXIT(program(), ::testing::ExitedWithCode(kCrashSeen), "");
}

#ifdef WAPC_TESTS_WASMTIME
TEST(WasmtimeProcessTest, WithoutSignalsALaterHandlerSeesCrashesAlone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto program = [] {
    const auto engine = make_wasmtime_engine({.use_signals = false}).value();
    install_crash_handler();  // In place of what the engine may have installed.
    const auto host = Host::start(load(*engine)).value();
    expect_every_trap(*host);
    if (::testing::Test::HasFailure()) std::_Exit(1);
    crash();
  };
  EXPECT_EXIT(program(), ::testing::ExitedWithCode(kCrashSeen), "");
}

TEST(WasmtimeProcessTest, CountsFuelIfToldTo) {
  const auto engine = make_wasmtime_engine({.count_fuel = true}).value();
  EXPECT_TRUE(engine->info().counts_fuel);
  const auto module = load(*engine);
  const auto host = Host::start(module, {.limits = {.fuel = 100'000}}).value();
  EXPECT_EQ(outcome_of(*host, Script{}.response("cheap")), std::nullopt);

  const auto endless =
      host->invoke({.operation = "script", .payload = Script{}.say(Verb::loop).bytes()});

  EXPECT_EQ(endless.error().code(), Errc::limit_exceeded);
  EXPECT_EQ(endless.error().message(), "the guest used up its fuel");
  for (int i = 0; i < 100; ++i) {  // Each call has it anew.
    EXPECT_EQ(outcome_of(*host, Script{}.response("cheap")), std::nullopt);
  }
  const auto unbounded = Host::start(module).value();
  EXPECT_EQ(outcome_of(*unbounded, Script{}.response("cheap")), std::nullopt);
}
#endif

// --- Forks
// ----------------------------------------------------------------------------------------

/// Runs `child` in a forked process; whether all went as it should there.
bool holds_in_a_child(const std::function<bool()>& child) {
  const auto pid = ::fork();
  if (pid == 0) ::_exit(child() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_P(ProcessTest, AnEngineSaysThatItsThreadsWereLeftBehindByAFork) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer wants an exec after the fork of a process with threads";
#endif
  auto engine = GetParam().make().value();
  auto module = load(*engine);
  auto host = Host::start(module).value();

  EXPECT_TRUE(holds_in_a_child([&] {
    if (outcome_of(*host, Script{}.response("x")) != Errc::unsupported) return false;
    if (engine->compile({}).error().code() != Errc::unsupported) return false;
    if (Host::start(module).error().code() != Errc::unsupported) return false;
    host.reset();  // All of which can go.
    module.reset();
    engine.reset();
    return true;
  }));

  EXPECT_EQ(outcome_of(*host, Script{}.response("x")), std::nullopt);
}

TEST_P(ProcessTest, AnEngineMadeAfterAForkRunsGuests) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer wants an exec after the fork of a process with threads";
#endif
  const auto before = GetParam().make().value();
  EXPECT_EQ(outcome_of(*Host::start(load(*before)).value(), Script{}.response("x")), std::nullopt);

  EXPECT_TRUE(holds_in_a_child([] {
    const auto engine = GetParam().make().value();
    const auto host = Host::start(load(*engine)).value();
    const Budget budget{.deadline = Budget::Clock::now() + std::chrono::milliseconds{30}};
    return outcome_of(*host, Script{}.trap(PuppetTrap::memory_out_of_bounds)) == Errc::trapped &&
           outcome_of(*host, Script{}.say(Verb::loop), budget) == Errc::deadline_exceeded &&
           outcome_of(*host, Script{}.response("x")) == std::nullopt;
  }));
}

// --- Loading
// --------------------------------------------------------------------------------------

TEST_P(ProcessTest, ACallerWithoutTimeGetsNoModuleAndTheEngineGoesOn) {
  const auto engine = GetParam().make().value();
  const auto puppet = conformance::webassembly_guest("puppet").value();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(GuestModule::load(*engine, puppet, {}, {.stop = stop.get_token()}).error().code(),
            Errc::cancelled);
  EXPECT_EQ(
      GuestModule::load(*engine, puppet, {}, {.deadline = Budget::Clock::now()}).error().code(),
      Errc::deadline_exceeded);
  EXPECT_EQ(outcome_of(*Host::start(load(*engine)).value(), Script{}.response("x")), std::nullopt);
}

TEST_P(ProcessTest, AnEngineMayGoWhileModulesAreCompiledBehindTheirCallers) {
  const auto puppet = conformance::webassembly_guest("puppet").value();
  for (int i = 0; i < 20; ++i) {
    const auto engine = GetParam().make().value();
    const Budget soon{.deadline = Budget::Clock::now() + std::chrono::microseconds{50 * i}};
    const auto module = GuestModule::load(*engine, puppet, {}, soon);
    EXPECT_TRUE(module || module.error().code() == Errc::deadline_exceeded);
  }
}

// --- Threads
// --------------------------------------------------------------------------------------

TEST_P(ProcessTest, SharesModulesAmongThreadsThatCallCancelAndReplace) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 40;
  const auto engine = GetParam().make().value();
  const auto module = load(*engine);
  const auto work = [&](unsigned seed) {
    std::minstd_rand random{seed};
    auto host = Host::start(module).value();
    for (int i = 0; i < kRounds; ++i) {
      std::stop_source stop;
      switch (random() % 5) {
        case 0: {
          const std::jthread canceller{[&] { stop.request_stop(); }};
          const auto ended =
              outcome_of(*host, Script{}.say(Verb::loop), {.stop = stop.get_token()});
          EXPECT_EQ(ended, Errc::cancelled);
          break;
        }
        case 1: EXPECT_TRUE(host->replace_module(module)); break;
        case 2:
          EXPECT_EQ(outcome_of(*host, Script{}.trap(PuppetTrap::unreachable)), Errc::trapped);
          break;
        case 3: host = Host::start(module).value(); break;
        default: EXPECT_EQ(outcome_of(*host, Script{}.response("x")), std::nullopt);
      }
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
}

TEST_P(ProcessTest, AThreadWithTooLittleStackHarmsNobodyElse) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer gives no thread a stack as small";
#endif
  constexpr std::size_t kTooLittle = 112U << 10U;
  const auto engine = GetParam().make().value();
  const auto host = Host::start(load(*engine), {.restart_wait = std::chrono::hours{1}}).value();
  const auto answer = Script{}.response("as it was");
  ASSERT_EQ(outcome_of(*host, Script{}.store(answer).response("")), std::nullopt);
  Error refused{Errc::internal, ""};
  const auto call = [&] { refused = host->invoke({}).error(); };

  testing::on_thread_with_stack(kTooLittle, call);
  EXPECT_EQ(refused.code(), Errc::limit_exceeded);
  EXPECT_NE(refused.message().find("native stack"), std::string::npos) << refused.message();
  EXPECT_EQ(as_text(host->invoke({}).value()), "as it was");

  // Nor does one that would have to start a fresh instance begin a back-off.
  ASSERT_EQ(outcome_of(*host, Script{}.trap(PuppetTrap::unreachable)), Errc::trapped);
  testing::on_thread_with_stack(kTooLittle, call);
  EXPECT_EQ(refused.code(), Errc::limit_exceeded);
  EXPECT_EQ(outcome_of(*host, answer), std::nullopt);
}

TEST_P(ProcessTest, AHostMayGoWhileItsStopTokenIsUsed) {
  const auto engine = GetParam().make().value();
  const auto module = load(*engine);
  for (int i = 0; i < 50; ++i) {
    std::stop_source stop;
    std::atomic<bool> started = false;
    const std::jthread canceller{[&] {
      started.wait(false);
      stop.request_stop();
    }};
    const auto host = Host::start(module, {}, {.stop = stop.get_token()});
    started = true;
    started.notify_one();
    if (i % 2 == 0) {
      (void)outcome_of(**host, Script{}.say(Verb::loop), {.stop = stop.get_token()});
    }
  }
}

TEST_P(ProcessTest, ASecondThreadIsToldThatTheGuestIsBusy) {
  const auto engine = GetParam().make().value();
  std::atomic<bool> asked = false;
  std::atomic<bool> answered = false;
  const auto handler = answering([&](const HostCall&) {
    asked = true;
    asked.notify_one();
    answered.wait(false);
    return Bytes{};
  });
  const auto host = Host::start(load(*engine), {.handler = handler}).value();
  {
    const std::jthread caller{[&] {
      EXPECT_EQ(outcome_of(*host, Script{}.host_call("b", "n", "o", "").response("x")),
                std::nullopt);
    }};
    asked.wait(false);
    EXPECT_EQ(outcome_of(*host, Script{}.response("x")), Errc::busy);
    answered = true;
    answered.notify_one();
  }
  EXPECT_EQ(outcome_of(*host, Script{}.response("x")), std::nullopt);
}

// --- Drills
// ---------------------------------------------------------------------------------------

TEST_P(ProcessTest, SaysWhenThereIsNoRoomForAnInstanceAndServesOn) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes all address space for itself";
#endif
  const auto engine = GetParam().make().value();
  const auto module = load(*engine);
  const auto host = Host::start(module).value();
  {
    // Enough for what the program itself does, and too little for the memory of a guest.
    const testing::LoweredLimit scarce{RLIMIT_AS, address_space_in_use() + (1U << 20U)};
    std::vector<std::unique_ptr<Host>> hosts;
    Result<std::unique_ptr<Host>> last = nullptr;
    for (int i = 0; last && i < 1000; ++i) {
      last = Host::start(module);
      if (last) hosts.push_back(*std::move(last));
    }
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().code(), Errc::limit_exceeded) << last.error().message();
    EXPECT_EQ(outcome_of(*host, Script{}.response("x")), std::nullopt);
    EXPECT_EQ(outcome_of(*host, Script{}.trap(PuppetTrap::unreachable)), Errc::trapped);
  }
  EXPECT_EQ(outcome_of(*Host::start(module).value(), Script{}.response("x")), std::nullopt);
  (void)outcome_of(*host, Script{}.response("x"));  // It may be waiting to start again.
}

TEST_P(ProcessTest, AnEngineMadeWhereAddressesAreScarceRunsGuestsAsWell) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes all address space for itself";
#endif
  const testing::LoweredLimit scarce{RLIMIT_AS, address_space_in_use() + (512U << 20U)};
  const auto engine = GetParam().make().value();
  const auto module = load(*engine);
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < 10; ++i) {
    auto host = Host::start(module);
    ASSERT_TRUE(host) << host.error().message();
    hosts.push_back(*std::move(host));
  }

  for (const auto& host : hosts) {
    EXPECT_EQ(outcome_of(*host, Script{}.say(Verb::grow, {100}).response("grown")), std::nullopt);
    EXPECT_EQ(outcome_of(*host, Script{}.response("x")), std::nullopt);
  }
  expect_every_trap(*hosts.front());
}

#ifdef WAPC_TESTS_WASMTIME
TEST(SlotsInAProcessTest, AForkedProcessCanDropThemWhateverOtherThreadsDid) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer wants an exec after the fork of a process with threads";
#endif
  auto engine = make_wasmtime_engine({.instance_slots = 4}).value();
  auto module = load(*engine);
  ASSERT_EQ(module->instance_slots(), 4U);
  auto host = Host::start(module).value();
  std::atomic<bool> over = false;
  const std::jthread other{[&over, module] {
    while (!over) EXPECT_TRUE(Host::start(module));
  }};

  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(holds_in_a_child([&] {
      host.reset();
      module.reset();
      engine.reset();
      return true;
    }));
  }
  over = true;
}

TEST(SlotsInAProcessTest, TablesThatMayNotBeWrittenToAreDoneWithout) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes all address space for itself";
#endif
  const auto engine = make_wasmtime_engine({.instance_slots = 1500}).value();
  const testing::LoweredLimit scarce{RLIMIT_DATA, std::size_t{1} << 30U};

  const auto module = load(*engine);  // Its table may grow to 100,000 elements.

  EXPECT_EQ(module->instance_slots(), 0U);
  EXPECT_EQ(outcome_of(*Host::start(module).value(), Script{}.response("x")), std::nullopt);
}

TEST(SlotsInAProcessTest, SlotsThatTheProcessHasNoAddressesForAreRefused) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes all address space for itself";
#endif
  const testing::LoweredLimit scarce{RLIMIT_AS, address_space_in_use() + (512U << 20U)};

  const auto engine = make_wasmtime_engine({.instance_slots = 1});

  EXPECT_EQ(engine.error().code(), Errc::limit_exceeded);
  EXPECT_NE(engine.error().message().find("ulimit -v"), std::string::npos)
      << engine.error().message();
}
#endif

TEST_P(ProcessTest, ACallFailsByItsDeadlineWhenTheHandlerThrowsAfterIt) {
  const auto engine = GetParam().make().value();
  const auto handler = answering([](const HostCall& call) -> Result<Bytes> {
    while (Budget::Clock::now() < call.budget.deadline + std::chrono::milliseconds{10}) {
    }
    throw std::runtime_error{"too late"};
  });
  const auto host = Host::start(load(*engine), {.handler = handler}).value();
  const Budget budget{.deadline = Budget::Clock::now() + std::chrono::milliseconds{5}};

  EXPECT_EQ(outcome_of(*host, Script{}.host_call("b", "n", "o", "").response("x"), budget),
            Errc::deadline_exceeded);
  EXPECT_EQ(outcome_of(*host, Script{}.response("x")), std::nullopt);
}

TEST_P(ProcessTest, GuestsAnswerWhenTheProgramCannotWriteItsLog) {
  const auto engine = GetParam().make().value();
  std::ofstream full{"/dev/full"};
  full.exceptions(std::ios::badbit | std::ios::failbit);
  const auto host = Host::start(load(*engine), {.log = logging_to([&](const LogEntry& entry) {
                                                  full << entry.text
                                                       << std::endl;  // Throws: the disk is full.
                                                })})
                        .value();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(outcome_of(*host, Script{}.log("line").response("x")), std::nullopt);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ProcessTest, ::testing::ValuesIn(builtin_engines()),
                         [](const auto& engine) { return std::string{engine.param.name}; });

}  // namespace
}  // namespace wapc
