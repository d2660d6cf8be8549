// What many tenants cost: a call of one that is loaded, over a call of its pool; a load, compiled
// and from a cache; and thousands of tenants that two threads call, a few of them often (Zipf),
// while little memory may be taken. Calls are timed in one run with their parts interleaved, of
// many short rounds the best. Fails when a tenant answers in the place of another one, or when what
// the process holds grows beyond what may be loaded by more than half.
//   tenants_bench VERSIONS.wasm [TENANTS [CALLS [MIB]]]     4,000, 40,000 and 64 unless told

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "files.hpp"
#include "safety/guest.hpp"
#include "safety/process_memory.hpp"
#include "wapc/cache/compile_cache.hpp"
#include "wapc/pool/pool.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/tenants/tenants.hpp"

namespace wapc::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kMib = std::size_t{1} << 20U;
const Invocation kGet{.operation = "get"};

std::string number_of(std::size_t tenant) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08zu", tenant);
  return {text.data(), 8};
}

/// The guest that answers with that number.
Bytes module_of(Bytes wasm, std::size_t tenant) {
  const auto at = std::ranges::search(wasm, as_bytes("VERSION!")).begin();
  if (at == wasm.end()) std::exit(2);
  std::ranges::copy(as_bytes(number_of(tenant)), at);
  return wasm;
}

void add(Tenants& tenants, const Bytes& wasm, std::size_t tenant) {
  const auto fetch = [&wasm, tenant](const Budget&) -> Result<Bytes> {
    return module_of(wasm, tenant);
  };
  if (!tenants.add(number_of(tenant), {.wasm = fetch, .pool = {.instances_max = 2}})) std::exit(1);
}

/// What a call takes of each of so many threads, from when the first begins until the last ends.
double nanoseconds_a_call(std::size_t threads, const std::function<Result<>(Bytes&)>& call) {
  constexpr int kCalls = 20'000;
  std::atomic<std::size_t> ready = 0;
  std::array<Clock::time_point, 2> begun{};
  std::array<Clock::time_point, 2> ended{};
  const auto work = [&](std::size_t thread) {
    Bytes response;
    if (!call(response)) std::exit(1);
    ++ready;
    while (ready < threads) {
    }
    begun.at(thread) = Clock::now();
    for (int i = 0; i < kCalls; ++i) {
      if (!call(response)) std::exit(1);
    }
    ended.at(thread) = Clock::now();
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
    work(0);
  }
  const auto used = static_cast<std::ptrdiff_t>(threads);
  const Seconds took = *std::max_element(ended.begin(), ended.begin() + used) -
                       *std::min_element(begun.begin(), begun.begin() + used);
  return took.count() * 1e9 / kCalls;
}

void measure_calls(const std::shared_ptr<const Engine>& engine, const Bytes& wasm) {
  const auto module = GuestModule::load(*engine, module_of(wasm, 0)).value();
  const auto pool = Pool::start(module, {.instances_min = 2, .instances_max = 2}).value();
  const auto tenants = Tenants::make(engine).value();
  for (std::size_t tenant = 0; tenant < 1000; ++tenant) add(*tenants, wasm, tenant);
  const auto name = number_of(0);
  const auto handle = tenants->find(name).value();
  const std::array<std::function<Result<>(Bytes&)>, 3> ways{
      [&](Bytes& response) { return pool->invoke_into(kGet, response); },
      [&](Bytes& response) { return handle->invoke_into(kGet, response); },
      [&](Bytes& response) { return tenants->invoke_into(name, kGet, response); }};
  std::array<std::array<double, 3>, 2> best{};
  for (auto& row : best) row.fill(1e9);
  for (int round = 0; round < 200; ++round) {
    for (std::size_t threads = 1; threads <= 2; ++threads) {
      for (std::size_t way = 0; way < ways.size(); ++way) {
        auto& least = best.at(threads - 1).at(way);
        least = std::min(least, nanoseconds_a_call(threads, ways.at(way)));
      }
    }
  }
  for (std::size_t threads = 1; threads <= 2; ++threads) {
    const auto [pooled, found, named] = best.at(threads - 1);
    std::printf(
        "  a call of one that is loaded, %zu at a time: pool %.1f ns, found %.1f (%.2fx), by "
        "name %.1f (%.2fx)\n",
        threads, pooled, found, found / pooled, named, named / pooled);
  }
}

/// The middle of what first calls of `count` tenants take, each of which is loaded for it.
double microseconds_a_load(Tenants& tenants, std::size_t count) {
  std::vector<double> took;
  Bytes response;
  for (std::size_t tenant = 0; tenant < count; ++tenant) {
    const auto name = number_of(tenant);
    const auto begun = Clock::now();
    if (!tenants.invoke_into(name, kGet, response)) std::exit(1);
    took.push_back(Seconds{Clock::now() - begun}.count() * 1e6);
  }
  std::ranges::nth_element(took, took.begin() + static_cast<std::ptrdiff_t>(count / 2));
  return took.at(count / 2);
}

void measure_loads(const BuiltinEngine& builtin, const Bytes& wasm) {
  constexpr std::size_t kLoads = 100;
  const TemporaryFolder directory;
  std::printf("  a first call, of the middle of %zu:", kLoads);
  for (const std::size_t kept_bytes_max : {std::size_t{0}, 256 * kMib}) {
    const auto cache =
        CompileCache::open({.directory = directory.path() / std::to_string(kept_bytes_max),
                            .kept_bytes_max = kept_bytes_max})
            .value();
    const auto tenants =
        Tenants::make(with_cache(builtin.make().value(), cache), {.loaded_max = 1}).value();
    for (std::size_t tenant = 0; tenant < kLoads; ++tenant) add(*tenants, wasm, tenant);
    const auto compiled = microseconds_a_load(*tenants, kLoads);
    if (kept_bytes_max == 0) {
      std::printf(" %s %.0f us,",
                  builtin.make().value()->info().makes_artefacts ? "compiled" : "loaded", compiled);
    }
    if (cache->stats().compiled == 0) continue;
    if (kept_bytes_max != 0) (void)microseconds_a_load(*tenants, kLoads);  // Keeps what it reads.
    std::printf(" %s %.0f us,", kept_bytes_max == 0 ? "from a file" : "from what is kept",
                microseconds_a_load(*tenants, kLoads));
  }
  std::printf(" and one dropped for it each time\n");
}

std::size_t entries_of(const char* directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator{directory}, {}));
}

/// Which tenant is called next: the n-th as often as 1/n says.
std::vector<std::size_t> zipf(std::size_t tenants, std::size_t calls, unsigned seed) {
  std::vector<double> weights(tenants);
  for (std::size_t i = 0; i < tenants; ++i) weights[i] = 1.0 / static_cast<double>(i + 1);
  std::discrete_distribution<std::size_t> distribution{weights.begin(), weights.end()};
  std::mt19937 random{seed};
  std::vector<std::size_t> chosen(calls);
  for (auto& one : chosen) one = distribution(random);
  return chosen;
}

bool measure_many(const BuiltinEngine& builtin, const Bytes& wasm, std::size_t count,
                  std::size_t calls, std::size_t bytes_max) {
  const TemporaryFolder directory;
  const auto cache =
      CompileCache::open({.directory = directory.path(), .kept_bytes_max = bytes_max / 4}).value();
  const auto engine = std::shared_ptr<Engine>{with_cache(builtin.make().value(), cache)};
  {  // All that an engine and an allocator take once and for all.
    const auto tenants = Tenants::make(engine).value();
    add(*tenants, wasm, count);
    if (!tenants->invoke(number_of(count), kGet)) std::exit(1);
  }
  const auto tenants = Tenants::make(engine, {.memory_bytes_max = bytes_max}).value();
  for (std::size_t tenant = 0; tenant < count; ++tenant) add(*tenants, wasm, tenant);
  const auto before = anonymous_kib();
  std::array<std::vector<std::size_t>, 2> chosen{zipf(count, calls / 2, 1),
                                                 zipf(count, calls / 2, 2)};
  std::atomic<std::size_t> wrong = 0;
  std::atomic<std::size_t> at_work = chosen.size();
  std::size_t most_kib = 0;
  std::size_t most_bytes = 0;
  std::size_t most_loaded = 0;
  std::size_t most_threads = 0;
  std::size_t most_files = 0;
  const auto begun = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (const auto& own : chosen) {
      threads.emplace_back([&] {
        Bytes response;
        for (const auto tenant : own) {
          const auto name = number_of(tenant);
          if (!tenants->invoke_into(name, kGet, response) || as_text(response) != name) ++wrong;
        }
        --at_work;
      });
    }
    while (at_work > 0) {
      // Not often: the system holds up who maps memory meanwhile.
      std::this_thread::sleep_for(std::chrono::milliseconds{500});
      const auto stats = tenants->stats();
      most_bytes = std::max(most_bytes, stats.memory_bytes);
      most_loaded = std::max(most_loaded, stats.loaded);
      most_kib = std::max(most_kib, anonymous_kib());
      most_threads = std::max(most_threads, entries_of("/proc/self/task"));
      most_files = std::max(most_files, entries_of("/proc/self/fd"));
    }
  }
  const Seconds took = Clock::now() - begun;
  const auto stats = tenants->stats();
  const auto cached = cache->stats();
  const auto grown = (most_kib > before ? most_kib - before : 0) * 1024;
  std::printf(
      "  %zu tenants, %zu calls in %.1f s: %.1f %% found theirs loaded, %llu loads (%llu "
      "compiled), "
      "%llu wrong\n  at most %zu loaded, of %.1f MiB of %.1f; the process grew by %.1f MiB (%.0f "
      "KiB "
      "for each), to %zu threads and %zu files\n",
      count, calls, took.count(),
      100.0 * (1.0 - static_cast<double>(stats.waits) / static_cast<double>(calls)),
      static_cast<unsigned long long>(stats.loads),
      static_cast<unsigned long long>(cached.compiled),
      static_cast<unsigned long long>(wrong.load()), most_loaded,
      static_cast<double>(most_bytes) / kMib, static_cast<double>(bytes_max) / kMib,
      static_cast<double>(grown) / kMib,
      static_cast<double>(grown) / 1024 / static_cast<double>(most_loaded), most_threads,
      most_files);
  return wrong == 0 && grown <= bytes_max + bytes_max / 2;
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::fprintf(stderr, "usage: tenants_bench VERSIONS.wasm [TENANTS [CALLS [MIB]]]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const auto number = [&](int at, std::size_t otherwise) {
    return argc > at ? std::max<std::size_t>(2, std::strtoull(argv[at], nullptr, 10)) : otherwise;
  };
  const auto wasm = wapc::bench::read_guest(argv[1]);
  bool good = true;
  for (const auto& builtin : wapc::builtin_engines()) {
    std::printf("%s\n", std::string{builtin.name}.c_str());
    wapc::bench::measure_calls(std::shared_ptr<const wapc::Engine>{builtin.make().value()}, wasm);
    wapc::bench::measure_loads(builtin, wasm);
    good = wapc::bench::measure_many(builtin, wasm, number(2, 4'000), number(3, 40'000),
                                     number(4, 64) * wapc::bench::kMib) &&
           good;
  }
  return good ? 0 : 1;
}
