// How late a call ends after its deadline, and after its stop token was used, whatever the guest is
// at: loops, recursion, host calls, floods, bulk operations, its start section. Each ended after a
// few milliseconds, on each engine; prints percentiles, and fails when fewer than 99 of 100 end
// within 10 ms. --load N keeps N threads busy meanwhile. For waits see wasi/wait_overshoot.

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "safety/guest.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kAllowed{10};
constexpr int kTimes = 200;

/// How late `work`, which takes a budget and never ends by itself, ended.
nanoseconds overshoot(const std::function<bool(const Budget&)>& work, bool by_deadline,
                      milliseconds after) {
  const auto due = Budget::Clock::now() + after;
  std::stop_source stop;
  std::jthread stopper;
  Budget budget{.stop = stop.get_token()};
  auto ended_at = due;
  if (by_deadline) {
    budget.deadline = due;
  } else {
    stopper = std::jthread{[&] {
      std::this_thread::sleep_until(due);
      ended_at = Budget::Clock::now();
      stop.request_stop();
    }};
  }
  const bool ended = work(budget);
  const auto now = Budget::Clock::now();
  if (stopper.joinable()) stopper.join();
  if (!ended) {
    std::fprintf(stderr, "it did not end by its budget\n");
    std::exit(1);
  }
  return now - ended_at;
}

bool by_budget(Errc code) {
  return code == Errc::deadline_exceeded || code == Errc::cancelled;
}

/// Prints two rows; whether 99 of 100 were in time.
bool measure(std::string_view engine, const char* what,
             const std::function<bool(const Budget&)>& work) {
  bool in_time = true;
  for (const bool by_deadline : {true, false}) {
    std::vector<nanoseconds> late;
    for (int i = 0; i < kTimes; ++i) {
      late.push_back(overshoot(work, by_deadline, milliseconds{1 + i % 10}));
    }
    std::ranges::sort(late);
    const auto at = [&](std::size_t percent) {
      const auto i = std::min(late.size() * percent / 100, late.size() - 1);
      return std::chrono::duration<double, std::milli>{late[i]}.count();
    };
    std::printf("%-10s %-16s %-10s %8.2f %8.2f %8.2f\n", std::string{engine}.c_str(), what,
                by_deadline ? "deadline" : "stop", at(50), at(99), at(100));
    in_time = in_time && at(99) <= milliseconds{kAllowed}.count();
  }
  return in_time;
}

bool measure(const BuiltinEngine& builtin, const Bytes& guest, const Bytes& starts) {
  const auto engine = builtin.make().value();
  const auto module = GuestModule::load(*engine, guest).value();
  const auto host =
      Host::start(module, {.handler = answering([](const HostCall&) { return Bytes{}; }),
                           .call_limits = {.host_calls = UINT64_MAX,
                                           .log_bytes = SIZE_MAX,
                                           .log_lines = UINT64_MAX}})
          .value();
  const auto calling = [&](Does what) {
    return [&host, what](const Budget& budget) {
      const auto answer = host->invoke({.operation = operation(what), .budget = budget});
      return !answer && by_budget(answer.error().code());
    };
  };
  bool in_time = measure(builtin.name, "a loop", calling(Does::loop));
  in_time = measure(builtin.name, "host calls", calling(Does::host_call_flood)) && in_time;
  in_time = measure(builtin.name, "log lines", calling(Does::log_flood)) && in_time;
  in_time = measure(builtin.name, "bulk fills", calling(Does::bulk_loop)) && in_time;
  const auto starting = GuestModule::load(*engine, starts).value();
  return measure(builtin.name, "a start section",
                 [&](const Budget& budget) {
                   const auto started = Host::start(starting, {}, budget);
                   return !started && by_budget(started.error().code());
                 }) &&
         in_time;
}

int run(const char* guest, const char* starts, int busy_threads) {
  std::vector<std::jthread> load;
  for (int i = 0; i < busy_threads; ++i) {
    load.emplace_back([](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
      }
    });
  }
  std::printf("%-10s %-16s %-10s %8s %8s %8s   ms late, %d times each\n", "engine", "what",
              "ended by", "median", "99 %", "worst", kTimes);
  bool in_time = true;
  for (const auto& builtin : builtin_engines()) {
    in_time = measure(builtin, read_guest(guest), read_guest(starts)) && in_time;
  }
  return in_time ? 0 : 1;
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  const bool loaded = argc == 5 && std::strcmp(argv[1], "--load") == 0;
  if (argc != 3 && !loaded) {
    std::fprintf(stderr, "usage: deadline_overshoot [--load THREADS] GUEST.wasm STARTS.wasm\n");
    return 2;
  }
  return wapc::bench::run(argv[argc - 2], argv[argc - 1], loaded ? std::atoi(argv[2]) : 0);
}
