// What a pool costs over a host, and what a second thread brings. Each figure is of one run with
// its parts interleaved, and of many short rounds the best, which a noisy machine leaves
// comparable.
//   pool_bench GUEST.wasm [ROUNDS]                                                  400 unless told

#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>

#include "safety/guest.hpp"
#include "wapc/pool/pool.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::bench {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr int kCalls = 5'000;  // Of a thread in a round: less than a scheduler's slice.

const Invocation kNop{.operation = "nop"};

void call_often(Invoker& invoker, Bytes& response) {
  for (int i = 0; i < kCalls; ++i) {
    if (!invoker.invoke_into(kNop, response)) std::exit(1);
  }
}

/// Two threads that are there already, so that nobody measures how they start, each on a processor
/// of its own, so that the system does not put both on one.
class Team {
 public:
  using InvokerOf = std::function<Invoker&(std::size_t)>;

  Team() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    std::size_t cpu = 0;
    for (std::size_t i = 0; i < 2; ++i, ++cpu) {
      while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &allowed)) ++cpu;
      threads_.emplace_back([this, i, cpu](const std::stop_token& stop) { run(i, cpu, stop); });
    }
  }

  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  ~Team() {
    for (auto& thread : threads_) thread.request_stop();
    begin_.arrive_and_wait();
  }

  /// How long `threads` of them take for their calls.
  Seconds round(std::size_t threads, const InvokerOf& invoker_of) {
    active_ = threads;
    invoker_of_ = &invoker_of;
    begin_.arrive_and_wait();
    end_.arrive_and_wait();
    return *std::max_element(took_.begin(), took_.begin() + static_cast<std::ptrdiff_t>(threads));
  }

 private:
  void run(std::size_t i, std::size_t cpu, const std::stop_token& stop) {
    if (cpu < CPU_SETSIZE) {
      cpu_set_t own;
      CPU_ZERO(&own);
      CPU_SET(cpu, &own);
      ::sched_setaffinity(0, sizeof own, &own);
    }
    Bytes response;
    for (;;) {
      begin_.arrive_and_wait();
      if (stop.stop_requested()) return;
      if (i < active_) {
        const auto begun = std::chrono::steady_clock::now();
        call_often((*invoker_of_)(i), response);
        took_[i] = std::chrono::steady_clock::now() - begun;
      }
      end_.arrive_and_wait();
    }
  }

  std::size_t active_ = 0;
  const InvokerOf* invoker_of_ = nullptr;
  std::array<Seconds, 2> took_{};
  std::barrier<> begin_{3};
  std::barrier<> end_{3};
  std::vector<std::jthread> threads_;
};

void measure(const BuiltinEngine& builtin, const Bytes& wasm, int rounds) {
  const auto engine = builtin.make().value();
  const auto module = GuestModule::load(*engine, wasm).value();
  const std::vector<std::shared_ptr<Host>> hosts{Host::start(module).value(),
                                                 Host::start(module).value()};
  const auto pool = Pool::start(module, {.instances_min = 2, .instances_max = 2}).value();
  const Team::InvokerOf on_hosts = [&](std::size_t i) -> Invoker& { return *hosts[i]; };
  const Team::InvokerOf on_pool = [&](std::size_t) -> Invoker& { return *pool; };
  Team team;

  Seconds host_one{1e9};
  Seconds pool_one{1e9};
  Seconds host_two{1e9};
  Seconds pool_two{1e9};
  for (int round = 0; round < rounds; ++round) {
    host_one = std::min(host_one, team.round(1, on_hosts));
    pool_one = std::min(pool_one, team.round(1, on_pool));
    host_two = std::min(host_two, team.round(2, on_hosts));
    pool_two = std::min(pool_two, team.round(2, on_pool));
  }
  const auto nanoseconds = [](Seconds time) { return time.count() * 1e9 / kCalls; };
  const auto gain_hosts = 2 * host_one / host_two;
  const auto gain_pool = 2 * pool_one / pool_two;
  std::printf(
      "%-10s a call: host %6.1f ns, pool %6.1f ns (%.2fx)   2 threads gain: hosts %.2fx, pool "
      "%.2fx (%.2f of it)\n",
      std::string{builtin.name}.c_str(), nanoseconds(host_one), nanoseconds(pool_one),
      pool_one / host_one, gain_hosts, gain_pool, gain_pool / gain_hosts);
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: pool_bench GUEST.wasm [ROUNDS]\n");
    return 2;
  }
  const auto wasm = wapc::bench::read_guest(argv[1]);
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 400;
  for (const auto& builtin : wapc::builtin_engines()) wapc::bench::measure(builtin, wasm, rounds);
}
