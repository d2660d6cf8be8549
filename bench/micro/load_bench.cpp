// What it takes to load a real guest, from its bytes or from where it is kept, beside the least
// that it can take. Run by bench/run.sh, which turns the times of one interleaved run into ratios.

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "files.hpp"
#ifdef WAPC_BENCH_WASM3
#include "micro/wasm3_floor.hpp"
#endif
#include "micro/wasmtime_load_floor.hpp"
#include "wapc/cache/compile_cache.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace wapc::bench {
namespace {

template <typename Load>
void add(const std::string& row, const std::string& who, const Load& load) {
  ::benchmark::RegisterBenchmark((row + "/" + who).c_str(), [=](auto& state) {
    load();  // What fills a cache does not count.
    for (auto _ : state) load();
  })->UseRealTime();
}

std::unique_ptr<Engine> cached(const BuiltinEngine& builtin, std::filesystem::path directory,
                               std::size_t kept_bytes_max) {
  return with_cache(builtin.make().value(), CompileCache::open({.directory = std::move(directory),
                                                                .kept_bytes_max = kept_bytes_max})
                                                .value());
}

/// `wasm` and `folder` outlive the run.
void add_all(const Bytes& wasm, const TemporaryFolder& folder) {
  const auto floor = std::make_shared<WasmtimeLoadFloor>(wasm, folder.path() / "floor");
  add("load", "wasmtime floor", [=] { floor->load(); });
  add("load from cache, a file", "wasmtime floor", [=] { floor->load_compiled(); });
#ifdef WAPC_BENCH_WASM3
  add("load", "wasm3 floor", [&] { Wasm3Floor::load(wasm); });
#endif
  for (const auto& builtin : builtin_engines()) {
    const std::string who{builtin.name};
    const auto ours = [&](const std::string& row, const std::shared_ptr<const Engine>& engine) {
      add(row, who,
          [&wasm, engine] { static_cast<void>(GuestModule::load(*engine, wasm).value()); });
    };
    ours("load", builtin.make().value());
    if (!builtin.make().value()->info().makes_artefacts) continue;
    ours("load from cache, a file", cached(builtin, folder.path() / "files", 0));
    ours("load from cache, kept", cached(builtin, folder.path() / "kept", 256U << 20U));
  }
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  ::benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: load_bench [--benchmark_...] GUEST.wasm\n";
    return 2;
  }
  const auto wasm = wapc::bench::read_guest(argv[1]);
  const wapc::bench::TemporaryFolder folder;
  wapc::bench::add_all(wasm, folder);
  ::benchmark::RunSpecifiedBenchmarks();
}
