// What a call costs, beside the least that it can cost. Run by bench/run.sh, which turns the times
// of one interleaved run into ratios.

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "micro/wasmtime_floor.hpp"
#include "wapc/policy/policy.hpp"
#include "wapc/policy/restricted.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace wapc::bench {
namespace {

Bytes wasm_of(const char* path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (text.empty()) {
    std::cerr << "cannot read " << path << "\n";
    std::exit(2);
  }
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

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
  const char* operation;
  std::size_t payload;
  std::size_t per_call;  ///< How many of what is measured one call does.
};

constexpr Load kLoads[] = {
    {"nop", "nop", 0, 1},
    {"echo 0 B", "echo", 0, 1},
    {"echo 64 B", "echo", 64, 1},
    {"echo 4 KiB", "echo", 4096, 1},
    {"echo 64 KiB", "echo", 65536, 1},
    {"echo 1 MiB", "echo", 1U << 20U, 1},
    {"host call", "host", 0, 1000},
};

void count(::benchmark::State& state, const Load& load) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(load.per_call));
}

void measure_floor(::benchmark::State& state, const Bytes& wasm, const Load& load) {
  WasmtimeFloor floor{wasm};
  const Bytes payload(load.payload, std::byte{'x'});
  for (auto _ : state) {
    ::benchmark::DoNotOptimize(floor.call(load.operation, payload).data());
  }
  count(state, load);
}

std::unique_ptr<Host> start(const Engine& engine, const Bytes& wasm) {
  return Host::start(GuestModule::load(engine, wasm).value(),
                     {.handler = std::make_shared<EchoHandler>()})
      .value();
}

/// The same under a policy of 100 rules, of which the last allows what the guest calls, and with an
/// audit that is dropped.
std::unique_ptr<Host> start_watched(const Engine& engine, const Bytes& wasm) {
  GuestPolicy policy;
  for (int i = 0; i < 99; ++i) {
    const auto number = std::to_string(i);
    policy.allow.push_back(
        {.names = {{"binding"}, {"namespace"}, {"operation" + number}}, .calls_per_second = 1000});
  }
  policy.allow.push_back(
      {.names = {{"binding"}, {"namespace"}, {"operation"}}, .payload_bytes = 1024});
  return Host::start(GuestModule::load(engine, wasm).value(),
                     restricted({.handler = std::make_shared<EchoHandler>(),
                                 .events = std::make_shared<DroppingSink>()},
                                policy))
      .value();
}

void measure_ours(::benchmark::State& state, const Load& load, Host& host) {
  const Bytes payload(load.payload, std::byte{'x'});
  Bytes response;
  for (auto _ : state) {
    const auto done = host.invoke_into({.operation = load.operation, .payload = payload}, response);
    if (!done) state.SkipWithError(done.error().message().c_str());
  }
  count(state, load);
}

void measure_fresh_floor(::benchmark::State& state, const Bytes& wasm) {
  WasmtimeFloor floor{wasm};
  for (auto _ : state) {
    floor.renew();
    ::benchmark::DoNotOptimize(floor.call("nop", {}).data());
  }
}

void measure_fresh_ours(::benchmark::State& state, const Engine& engine, const Bytes& wasm) {
  const auto module = GuestModule::load(engine, wasm).value();
  for (auto _ : state) {
    const auto host = Host::start(module).value();
    const auto answer = host->invoke({.operation = "nop"});
    if (!answer) state.SkipWithError(answer.error().message().c_str());
  }
}

/// Names are `row/who`: the rows of the table that bench/ratios.py prints.
void add_all(const std::shared_ptr<const Bytes>& wasm) {
  using ::benchmark::RegisterBenchmark;
  for (const auto& load : kLoads) {
    RegisterBenchmark((std::string{load.name} + "/floor").c_str(),
                      [=, &load](auto& state) { measure_floor(state, *wasm, load); });
  }
  RegisterBenchmark("fresh instance + call/floor",
                    [=](auto& state) { measure_fresh_floor(state, *wasm); });
  for (const auto& builtin : builtin_engines()) {
    const std::shared_ptr<const Engine> engine = builtin.make().value();
    const std::string name{builtin.name};
    for (const auto& load : kLoads) {
      RegisterBenchmark((std::string{load.name} + "/" + name).c_str(), [=, &load](auto& state) {
        measure_ours(state, load, *start(*engine, *wasm));
      });
    }
    for (const auto& load : {kLoads[2], kLoads[6]}) {
      const auto row = std::string{load.name} + ", " + name + ", all on/";
      RegisterBenchmark((row + "floor").c_str(),
                        [=](auto& state) { measure_ours(state, load, *start(*engine, *wasm)); });
      RegisterBenchmark((row + name).c_str(), [=](auto& state) {
        measure_ours(state, load, *start_watched(*engine, *wasm));
      });
    }
    RegisterBenchmark(("fresh instance + call/" + name).c_str(),
                      [=](auto& state) { measure_fresh_ours(state, *engine, *wasm); });
  }
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  ::benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: call_bench [--benchmark_...] GUEST.wasm\n";
    return 2;
  }
  wapc::bench::add_all(std::make_shared<const wapc::Bytes>(wapc::bench::wasm_of(argv[1])));
  ::benchmark::RunSpecifiedBenchmarks();
}
