// When a guest first answers, and when its code is the quicker one: on each engine alone, and in a
// pool that begins on the first and goes on with the second. Without a cache, and with one that has
// the guest. The best of some rounds, whose parts are interleaved.
//   tier_bench GUEST.wasm OPERATION [ROUNDS]                                          5 unless told

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "files.hpp"
#include "wapc/cache/compile_cache.hpp"
#include "wapc/pool/tiered_pool.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Row {
  const char* name;
  std::function<std::unique_ptr<TieredPool>()> start;
  Milliseconds answered = Milliseconds::max();
  Milliseconds settled = Milliseconds::max();
};

void measure(Row& row, const Invocation& invocation) {
  const auto begin = Clock::now();
  const auto pool = row.start();
  if (const auto answer = pool->invoke(invocation); !answer) {
    std::fprintf(stderr, "%s: %s\n", row.name, answer.error().message().c_str());
    std::exit(1);
  }
  const auto answered = Clock::now();
  while (pool->status().phase == TierStatus::Phase::first) std::this_thread::yield();
  row.answered = std::min<Milliseconds>(row.answered, answered - begin);
  row.settled = std::min<Milliseconds>(row.settled, Clock::now() - begin);
}

int run(const std::string& guest, const std::string& operation, int rounds) {
  const auto wasm = read_guest(guest.c_str());
  const auto engine = [](std::string_view name) -> std::shared_ptr<const Engine> {
    return make_builtin_engine(name).value();
  };
  const std::shared_ptr<const Engine> wasm3 = engine("wasm3");
  const std::shared_ptr<const Engine> winch = engine("winch");
  const std::shared_ptr<const Engine> compiling = engine("wasmtime");
  const TemporaryFolder folder;
  const std::shared_ptr<const Engine> cached =
      with_cache(make_builtin_engine("wasmtime").value(),
                 CompileCache::open({.directory = folder.path(), .kept_bytes_max = 0}).value());

  const auto starting = [&wasm](std::shared_ptr<const Engine> first,
                                std::shared_ptr<const Engine> second,
                                std::chrono::nanoseconds patience) {
    return [=, &wasm] {
      return TieredPool::start(first, second, wasm,
                               {.pool = {.instances_max = 1}, .patience = patience})
          .value();
    };
  };
  // An engine alone is one that is waited for.
  constexpr auto kAlone = std::chrono::hours{1};
  const auto patience = TieredOptions{}.patience;
  std::array rows{Row{"wasm3", starting(wasm3, wasm3, kAlone)},
                  Row{"winch", starting(winch, winch, kAlone)},
                  Row{"wasmtime", starting(compiling, compiling, kAlone)},
                  Row{"wasm3, wasmtime", starting(wasm3, compiling, patience)},
                  Row{"winch, wasmtime", starting(winch, compiling, patience)},
                  Row{"the same, cached", starting(wasm3, cached, patience)}};
  starting(cached, cached, kAlone)();  // Fills the cache.

  const Invocation invocation{.operation = operation};
  for (int round = 0; round < rounds; ++round) {
    for (auto& row : rows) measure(row, invocation);
  }
  std::printf("%-20s%16s%20s\n", "ms, best", "first answer", "on last engine");
  for (const auto& row : rows) {
    std::printf("%-20s%16.1f%20.1f\n", row.name, row.answered.count(), row.settled.count());
  }
  return 0;
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: tier_bench GUEST.wasm OPERATION [ROUNDS]\n");
    return 2;
  }
  return wapc::bench::run(argv[1], argv[2], argc > 3 ? std::atoi(argv[3]) : 5);
}
