#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "wapc/wapc.hpp"

// How late something ends that takes a budget: after its deadline, and after its stop token was
// used.

namespace wapc::bench {

/// What never ends by itself; whether it ended by its budget.
using Endless = std::function<bool(const Budget&)>;

/// Threads that take what processor time they can get, while it lives.
class BusyThreads {
 public:
  explicit BusyThreads(int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
        }
      });
    }
  }

 private:
  std::vector<std::jthread> threads_;
};

inline std::chrono::nanoseconds overshoot(const Endless& work, bool by_deadline,
                                          std::chrono::milliseconds after) {
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

inline bool by_budget(Errc code) {
  return code == Errc::deadline_exceeded || code == Errc::cancelled;
}

inline constexpr int kOvershoots = 200;

inline void print_overshoot_heading() {
  std::printf("%-10s %-16s %-10s %8s %8s %8s   ms late, %d times each\n", "engine", "what",
              "ended by", "median", "99 %", "worst", kOvershoots);
}

/// Ends `work` after a few milliseconds, many times, and prints two rows; whether 99 of 100 ended
/// within 10 ms.
inline bool measure_overshoot(std::string_view engine, const char* what, const Endless& work) {
  constexpr double kAllowedMs = 10;
  bool in_time = true;
  for (const bool by_deadline : {true, false}) {
    std::vector<std::chrono::nanoseconds> late;
    for (int i = 0; i < kOvershoots; ++i) {
      late.push_back(overshoot(work, by_deadline, std::chrono::milliseconds{1 + i % 10}));
    }
    std::ranges::sort(late);
    const auto at = [&](std::size_t percent) {
      const auto i = std::min(late.size() * percent / 100, late.size() - 1);
      return std::chrono::duration<double, std::milli>{late[i]}.count();
    };
    std::printf("%-10s %-16s %-10s %8.2f %8.2f %8.2f\n", std::string{engine}.c_str(), what,
                by_deadline ? "deadline" : "stop", at(50), at(99), at(100));
    in_time = in_time && at(99) <= kAllowedMs;
  }
  return in_time;
}

}  // namespace wapc::bench
