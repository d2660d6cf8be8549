// What it takes to load a real guest, from its bytes or from where it is kept, beside the least
// that it can take. Run by bench/run.sh, which turns the times of one interleaved run into ratios.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#ifdef WAPC_BENCH_WASM3
#include "micro/wasm3_floor.hpp"
#endif
#include "micro/wasmtime_load_floor.hpp"
#include "wapc/cache/compile_cache.hpp"
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

/// A directory that goes when the program ends.
class Directory {
 public:
  Directory() {
    auto name = (std::filesystem::temp_directory_path() / "wapc-load-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      std::cerr << "no directory for the cache\n";
      std::exit(2);
    }
    path_ = name;
  }

  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  ~Directory() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string at(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

template <typename Load>
void add(const std::string& row, const std::string& who, const Load& load) {
  ::benchmark::RegisterBenchmark((row + "/" + who).c_str(), [=](auto& state) {
    load();  // What fills a cache does not count.
    for (auto _ : state) load();
  })->UseRealTime();
}

std::unique_ptr<Engine> cached(const BuiltinEngine& builtin, std::string directory,
                               std::size_t kept_bytes_max) {
  return with_cache(builtin.make().value(), CompileCache::open({.directory = std::move(directory),
                                                                .kept_bytes_max = kept_bytes_max})
                                                .value());
}

/// `wasm` and `directory` outlive the run.
void add_all(const Bytes& wasm, const Directory& directory) {
  const auto floor = std::make_shared<WasmtimeLoadFloor>(wasm, directory.at("floor"));
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
    ours("load from cache, a file", cached(builtin, directory.at("files"), 0));
    ours("load from cache, kept", cached(builtin, directory.at("kept"), 256U << 20U));
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
  const auto wasm = wapc::bench::wasm_of(argv[1]);
  const wapc::bench::Directory directory;
  wapc::bench::add_all(wasm, directory);
  ::benchmark::RunSpecifiedBenchmarks();
}
