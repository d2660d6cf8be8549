// How late a call ends whose guest waits: after its deadline, and after its stop token was used.
// Waits without end, each ended after a few milliseconds, on each engine; prints percentiles, and
// fails when fewer than 99 of 100 end within 10 ms. --load N keeps N threads busy meanwhile.

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <unistd.h>

#include "overshoot.hpp"
#include "safety/guest.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::bench {
namespace {

constexpr std::array<const char*, 4> kWaits{"poll a clock", "poll input", "poll both",
                                            "read input"};

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

bool measure(const BuiltinEngine& builtin, const Bytes& wasm) {
  const auto engine = builtin.make().value();
  const auto module = engine->compile(wasm).value();
  const auto linked = module->link(std::array{Wasi::imports()}).value();
  bool in_time = true;
  for (const auto* const wait : kWaits) {
    const auto waiting = [&,
                          function = find_function(*module, wait).value()](const Budget& budget) {
      const SilentPipe input;
      const auto grants =
          WasiGrants::open({.standard_input = HostDescriptor{input.ends[0]}}).value();
      const auto wasi = Wasi::make(grants, std::make_shared<GuestLog>(nullptr, 1));
      const auto instance =
          linked->instantiate(std::array<HostState*, 1>{wasi.get()}, {}, {}).value();
      const auto done = instance->call(function, std::array<std::uint64_t, 1>{0}, budget);
      return !done && by_budget(done.error().code());
    };
    in_time = measure_overshoot(builtin.name, wait, waiting) && in_time;
  }
  return in_time;
}

int run(const char* path, int busy_threads) {
  const auto wasm = read_guest(path);
  const BusyThreads load{busy_threads};
  print_overshoot_heading();
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
