// How late a call ends whose guest waits: after its deadline, and after its stop token was used.
// Waits without end, each ended after a few milliseconds, on each engine; prints percentiles, and
// fails when fewer than 99 of 100 end within 10 ms. --load N keeps N threads busy meanwhile.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace wapc::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::array<const char*, 4> kWaits{"poll a clock", "poll input", "poll both",
                                            "read input"};
constexpr milliseconds kAllowed{10};
constexpr int kWaitsEach = 200;

enum class Ending { deadline, stop };

/// A pipe that nobody writes to.
struct SilentPipe {
  SilentPipe() {
    if (::pipe(ends.data()) != 0) std::abort();
  }

  SilentPipe(const SilentPipe&) = delete;
  SilentPipe& operator=(const SilentPipe&) = delete;

  ~SilentPipe() {
    for (const int end : ends) ::close(end);
  }

  std::array<int, 2> ends{};
};

/// How late one wait ended.
nanoseconds overshoot(const Module& module, const LinkedModule& linked, const char* wait,
                      Ending ending, milliseconds after) {
  const SilentPipe input;
  const auto grants = WasiGrants::open({.standard_input = HostDescriptor{input.ends[0]}}).value();
  const auto wasi = Wasi::make(grants, std::make_shared<GuestLog>(nullptr, 1));
  const auto instance = linked.instantiate(std::array<HostState*, 1>{wasi.get()}, {}, {}).value();
  const auto function = find_function(module, wait).value();
  const std::array<std::uint64_t, 1> arguments{0};

  const auto due = Budget::Clock::now() + after;
  std::stop_source stop;
  std::jthread stopper;
  Budget budget{.stop = stop.get_token()};
  auto ended_at = due;
  if (ending == Ending::deadline) {
    budget.deadline = due;
  } else {
    stopper = std::jthread{[&] {
      std::this_thread::sleep_until(due);
      ended_at = Budget::Clock::now();
      stop.request_stop();
    }};
  }
  const auto done = instance->call(function, arguments, budget);
  const auto now = Budget::Clock::now();
  if (stopper.joinable()) stopper.join();
  if (done) {
    std::fprintf(stderr, "%s: the wait ended by itself\n", wait);
    std::exit(1);
  }
  return now - ended_at;
}

/// Prints a row; whether 99 of 100 were in time.
bool measure(const BuiltinEngine& builtin, const Bytes& wasm) {
  const auto engine = builtin.make().value();
  const auto module = engine->compile(wasm).value();
  const auto linked = module->link(std::array{Wasi::imports()}).value();
  bool in_time = true;
  for (const auto* const wait : kWaits) {
    for (const auto ending : {Ending::deadline, Ending::stop}) {
      std::vector<nanoseconds> late;
      for (int i = 0; i < kWaitsEach; ++i) {
        late.push_back(overshoot(*module, *linked, wait, ending, milliseconds{1 + i % 10}));
      }
      std::ranges::sort(late);
      const auto at = [&](std::size_t percent) {
        const auto i = std::min(late.size() * percent / 100, late.size() - 1);
        return std::chrono::duration<double, std::milli>{late[i]}.count();
      };
      std::printf("%-10s %-14s %-10s %8.2f %8.2f %8.2f\n", std::string{builtin.name}.c_str(), wait,
                  ending == Ending::deadline ? "deadline" : "stop", at(50), at(99), at(100));
      in_time = in_time && at(99) <= milliseconds{kAllowed}.count();
    }
  }
  return in_time;
}

int run(const char* path, int busy_threads) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const Bytes wasm{as_bytes(text).begin(), as_bytes(text).end()};
  std::vector<std::jthread> load;
  for (int i = 0; i < busy_threads; ++i) {
    load.emplace_back([](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
      }
    });
  }
  std::printf("%-10s %-14s %-10s %8s %8s %8s   ms late, %d waits each\n", "engine", "wait",
              "ended by", "median", "99 %", "worst", kWaitsEach);
  bool in_time = true;
  for (const auto& builtin : builtin_engines()) in_time = measure(builtin, wasm) && in_time;
  return in_time ? 0 : 1;
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  const bool loaded = argc == 4 && std::strcmp(argv[1], "--load") == 0;
  if (argc != 2 && !loaded) {
    std::fprintf(stderr, "usage: wait_overshoot [--load THREADS] GUEST.wasm\n");
    return 2;
  }
  return wapc::bench::run(argv[argc - 1], loaded ? std::atoi(argv[2]) : 0);
}
