// What functions of WASI cost, beside wasmtime's own WASI on the same engine, and what an instance
// costs that has WASI. Run by bench/run.sh.

#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "files.hpp"
#include "support/wasmtime_own_wasi.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace wapc::bench {
namespace {

constexpr std::uint32_t kPerCall = 100;  // Of what is measured.

struct Row {
  const char* name;  ///< Also of the guest's function.
};

constexpr Row kRows[] = {
    {"clock_time_get"}, {"random_get 32 B"}, {"fd_write 64 B"}, {"open, read 4 KiB, close"}};

/// A directory with a file of 4 KiB, gone at the end.
class Files {
 public:
  Files()
      : path_{std::filesystem::temp_directory_path() / ("wasi_bench_" + std::to_string(getpid()))} {
    std::filesystem::create_directory(path_);
    std::ofstream{path_ / "file"} << std::string(4096, 'x');
  }

  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  ~Files() { std::filesystem::remove_all(path_); }

  [[nodiscard]] WasiConfig config() const {
    return {.arguments = {"guest"},
            .environment = {"NAME=value"},
            .directories = {{.host_path = path_.string(), .guest_path = "/"}},
            .limits = {.bytes_written = UINT64_MAX}};
  }

 private:
  std::filesystem::path path_;
};

/// A sink that looks at what it gets, so that there is something to compare with.
class Sink final : public LogSink {
 public:
  void log(const LogEntry& entry) override { bytes_ += entry.text.size(); }

 private:
  std::size_t bytes_ = 0;
};

void measure_wasmtime(::benchmark::State& state, const Bytes& wasm, const Row& row) {
  const Files files;
  testing::WasmtimeOwnWasi guest{wasm, files.config()};
  const auto function = guest.find(row.name);
  const std::array<std::uint64_t, 1> arguments{kPerCall};
  for (auto _ : state) {
    if (!guest.call(*function, arguments)) state.SkipWithError("trapped");
  }
  state.SetItemsProcessed(state.iterations() * kPerCall);
}

void measure_ours(::benchmark::State& state, const Engine& engine, const Bytes& wasm,
                  const Row& row) {
  const Files files;
  const auto module = engine.compile(wasm).value();
  const auto linked = module->link(std::array{Wasi::imports()}).value();
  const auto wasi = Wasi::make(WasiGrants::open(files.config()).value(),
                               std::make_shared<GuestLog>(std::make_shared<Sink>(), 1));
  const auto instance = linked->instantiate(std::array<HostState*, 1>{wasi.get()}, {}, {}).value();
  const auto function = find_function(*module, row.name).value();
  const std::array<std::uint64_t, 1> arguments{kPerCall};
  for (auto _ : state) {
    wasi->begin_call();
    const auto done = instance->call(function, arguments, {});
    if (!done) state.SkipWithError(done.error().message().c_str());
  }
  state.SetItemsProcessed(state.iterations() * kPerCall);
}

/// A fresh instance, by having the host replace its guest.
void measure_instance(::benchmark::State& state, const Engine& engine, const Bytes& wasm) {
  const Files files;
  const auto module = GuestModule::load(engine, wasm).value();
  const auto host = Host::start(module, {.wasi = files.config()}).value();
  for (auto _ : state) {
    const auto done = host->replace_module(module);
    if (!done) state.SkipWithError(done.error().message().c_str());
  }
}

/// Names are `row/who`: the rows of the table that bench/report.py prints; what is compared with is
/// called the floor there.
void add_all(const std::shared_ptr<const Bytes>& wasm, const std::shared_ptr<const Bytes>& without,
             const std::shared_ptr<const Bytes>& with) {
  using ::benchmark::RegisterBenchmark;
  for (const auto& row : kRows) {
    RegisterBenchmark((std::string{row.name} + "/floor").c_str(),
                      [=, &row](auto& state) { measure_wasmtime(state, *wasm, row); });
  }
  for (const auto& builtin : builtin_engines()) {
    const std::shared_ptr<const Engine> engine = builtin.make().value();
    const std::string name{builtin.name};
    for (const auto& row : kRows) {
      RegisterBenchmark((std::string{row.name} + "/" + name).c_str(),
                        [=, &row](auto& state) { measure_ours(state, *engine, *wasm, row); });
    }
    const auto instances = "instance with WASI, " + name;
    RegisterBenchmark((instances + "/floor").c_str(),
                      [=](auto& state) { measure_instance(state, *engine, *without); });
    RegisterBenchmark((instances + "/" + name).c_str(),
                      [=](auto& state) { measure_instance(state, *engine, *with); });
  }
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  ::benchmark::Initialize(&argc, argv);
  if (argc != 4) {
    std::cerr
        << "usage: wasi_bench [--benchmark_...] GUEST.wasm WITHOUT_WASI.wasm WITH_WASI.wasm\n";
    return 2;
  }
  const auto wasm_of = [](const char* path) {
    return std::make_shared<const wapc::Bytes>(wapc::bench::read_guest(path));
  };
  wapc::bench::add_all(wasm_of(argv[1]), wasm_of(argv[2]), wasm_of(argv[3]));
  ::benchmark::RunSpecifiedBenchmarks();
}
