// What a call costs, beside the least that it can cost. Run by bench/run.sh, which turns the times
// of one interleaved run into ratios.

#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <sched.h>

#include "files.hpp"
#ifdef WAPC_BENCH_WASM3
#include "micro/wasm3_floor.hpp"
#endif
#include "micro/wasmtime_floor.hpp"
#include "wapc/policy/policy.hpp"
#include "wapc/policy/restricted.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/providers/wasmtime.hpp"
#include "wapc/wapc.hpp"

namespace wapc::bench {
namespace {

/// Answers with the payload, into the buffer that the host keeps.
class EchoHandler final : public HostHandler {
 public:
  Result<> answer(const HostCall& call, Bytes& reply) override {
    reply.assign(call.payload.begin(), call.payload.end());
    return {};
  }
};

/// Where an audit costs nothing but what it is handed.
class DroppingSink final : public EventSink {
 public:
  void record(const Event& event) override { ::benchmark::DoNotOptimize(&event); }
};

struct Load {
  const char* name;
  std::string_view operation;
  std::size_t payload;
};

constexpr Load kLoads[] = {
    {"nop", "nop", 0},
    {"echo 0 B", "echo", 0},
    {"echo 64 B", "echo", 64},
    {"echo 4 KiB", "echo", 4096},
    {"echo 64 KiB", "echo", 65536},
    {"echo 1 MiB", "echo", 1U << 20U},
    {"one host call", "one", 0},
    {"1,000 host calls", "host", 0},
    {"work on 64 KiB", "work", 65536},
};
constexpr Load kEcho = kLoads[2];
constexpr Load kHostCalls = kLoads[7];

constexpr std::uint32_t kSlots = 4;

std::unique_ptr<Host> start(const std::shared_ptr<const GuestModule>& module) {
  return Host::start(module, {.handler = std::make_shared<EchoHandler>()}).value();
}

/// The same under a policy of 100 rules, of which the last allows what the guest calls, and with an
/// audit that is dropped.
std::unique_ptr<Host> start_watched(const std::shared_ptr<const GuestModule>& module) {
  GuestPolicy policy;
  for (int i = 0; i < 99; ++i) {
    const auto number = std::to_string(i);
    policy.allow.push_back(
        {.names = {{"binding"}, {"namespace"}, {"operation" + number}}, .calls_per_second = 1000});
  }
  policy.allow.push_back(
      {.names = {{"binding"}, {"namespace"}, {"operation"}}, .payload_bytes = 1024});
  return Host::start(module, restricted({.handler = std::make_shared<EchoHandler>(),
                                         .events = std::make_shared<DroppingSink>()},
                                        policy))
      .value();
}

void call(::benchmark::State& state, Host& host, const Invocation& invocation, Bytes& response) {
  const auto done = host.invoke_into(invocation, response);
  if (!done) state.SkipWithError(done.error().message().c_str());
}

void measure_ours(::benchmark::State& state, const Load& load, Host& host) {
  const Bytes payload(load.payload, std::byte{'x'});
  Bytes response;
  const auto once = [&] {
    call(state, host, {.operation = load.operation, .payload = payload}, response);
  };
  once();  // Buffers grow in the first two, and a repetition may have no more than one.
  once();
  for (auto _ : state) once();
}

template <typename Floor>
void measure_floor(::benchmark::State& state, const Load& load, Floor& floor) {
  const Bytes payload(load.payload, std::byte{'x'});
  floor.call(load.operation, payload);
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(floor.call(load.operation, payload).data());
  }
}

/// Each thread has a processor of its own, so that the system does not put both on one.
void stay_on_processor(int number) {
  // As it was at first: who stays on one is allowed no other, and so are the threads it starts.
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    ::sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || number-- > 0) continue;
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET(cpu, &own);
    ::sched_setaffinity(0, sizeof own, &own);
    return;
  }
}

/// Names are `row/who`, who being an engine, or `<engine> floor`: the rows and columns of the table
/// that bench/report.py prints.
template <typename Measure>
void add(const std::string& row, const std::string& who, const Measure& measure) {
  ::benchmark::RegisterBenchmark((row + "/" + who).c_str(), measure)->UseRealTime();
}

/// On as many threads, one with an instance of its own each; of a time per call by all of them.
template <typename Measure>
void add_threads(const std::string& who, const Measure& measure) {
  for (const int threads : {1, 2}) {
    ::benchmark::RegisterBenchmark(
        ("echo 64 B, threads: " + std::to_string(threads) + "/" + who).c_str(),
        [=](auto& state) {
          if (state.threads() > 1) stay_on_processor(state.thread_index());
          measure(state);
          state.SetItemsProcessed(state.iterations());
        })
        ->Threads(threads)
        ->UseRealTime();
  }
}

template <typename Make>
void add_floor(const std::string& who, const Make& make) {
  for (const auto& load : kLoads) {
    add(load.name, who, [=, &load](auto& state) { measure_floor(state, load, *make()); });
  }
  add_threads(who, [=](auto& state) { measure_floor(state, kEcho, *make()); });
}

template <typename Make>
void add_floor_instances(const std::string& kind, const std::string& who, const Make& make) {
  add("fresh instance + call" + kind, who, [=](auto& state) {
    const auto floor = make();
    for (auto _ : state) {
      floor->renew();
      ::benchmark::DoNotOptimize(floor->call("nop", {}).data());
    }
  });
  add("replace + call" + kind, who, [=](auto& state) {
    const auto floor = make();
    for (auto _ : state) {
      floor->replace();
      ::benchmark::DoNotOptimize(floor->call("nop", {}).data());
    }
  });
}

void add_ours(const std::string& who, const std::shared_ptr<const GuestModule>& module) {
  for (const auto& load : kLoads) {
    add(load.name, who, [=, &load](auto& state) { measure_ours(state, load, *start(module)); });
  }
  add_threads(who, [=](auto& state) { measure_ours(state, kEcho, *start(module)); });
}

void add_watched(const std::string& who, const std::shared_ptr<const GuestModule>& module) {
  for (const auto& load : {kEcho, kHostCalls}) {
    const auto row = std::string{load.name} + ", all on";
    add(row, who + " floor", [=](auto& state) { measure_ours(state, load, *start(module)); });
    add(row, who, [=](auto& state) { measure_ours(state, load, *start_watched(module)); });
  }
}

void add_our_instances(const std::string& kind, const std::string& who,
                       const std::shared_ptr<const GuestModule>& module) {
  add("fresh instance + call" + kind, who, [=](auto& state) {
    for (auto _ : state) {
      Bytes response;
      call(state, *Host::start(module).value(), {.operation = "nop"}, response);
    }
  });
  add("replace + call" + kind, who, [=](auto& state) {
    const auto host = start(module);
    Bytes response;
    for (auto _ : state) {
      if (!host->replace_module(module)) state.SkipWithError("not replaced");
      call(state, *host, {.operation = "nop"}, response);
    }
  });
}

void add_all(const std::shared_ptr<const Bytes>& wasm) {
  const auto wasmtime = [=] { return std::make_unique<WasmtimeFloor>(*wasm); };
  const auto in_slots = [=] { return std::make_unique<WasmtimeFloor>(*wasm, kSlots); };
  add_floor("wasmtime floor", wasmtime);
  add_floor_instances("", "wasmtime floor", wasmtime);
  add_floor_instances(", in slots", "wasmtime floor", in_slots);
#ifdef WAPC_BENCH_WASM3
  const auto wasm3 = [=] { return std::make_unique<Wasm3Floor>(*wasm); };
  add_floor("wasm3 floor", wasm3);
  add_floor_instances("", "wasm3 floor", wasm3);
#endif
  for (const auto& builtin : builtin_engines()) {
    const auto module = GuestModule::load(*builtin.make().value(), *wasm).value();
    add_ours(std::string{builtin.name}, module);
    if (builtin.name != "winch") add_watched(std::string{builtin.name}, module);  // As wasmtime.
    add_our_instances("", std::string{builtin.name}, module);
  }
  const auto slots = make_wasmtime_engine({.instance_slots = kSlots}).value();
  add_our_instances(", in slots", "wasmtime", GuestModule::load(*slots, *wasm).value());
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  ::benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: call_bench [--benchmark_...] GUEST.wasm\n";
    return 2;
  }
  wapc::bench::add_all(std::make_shared<const wapc::Bytes>(wapc::bench::read_guest(argv[1])));
  ::benchmark::RunSpecifiedBenchmarks();
}
