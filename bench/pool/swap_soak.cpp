// Calls a pool from 8 threads, while a new version is compiled and takes over again and again, and
// 1 call in 1,000 traps. Fails when a call is not answered by the version it says, or when what the
// process holds at least in the last fifth is more than 512 KiB over what it held in the second: a
// version that stays behind takes more than that in some dozen swaps.
//   swap_soak VERSIONS.wasm [CALLS [MILLISECONDS]]       10,000,000, and a swap each 100 ms

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "safety/guest.hpp"
#include "safety/process_memory.hpp"
#include "wapc/pool/pool.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::bench {
namespace {

constexpr std::size_t kThreads = 8;

/// The module of that version: it answers with its number.
std::shared_ptr<const GuestModule> make_version(const Engine& engine, Bytes wasm,
                                                std::uint32_t version) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08u", version);
  const auto number = as_bytes(std::string_view{text.data(), 8});
  const auto placeholder = as_bytes(std::string_view{"VERSION!"});
  const auto at = std::ranges::search(wasm, placeholder).begin();
  if (at == wasm.end()) std::exit(2);
  std::copy(number.begin(), number.end(), at);
  return GuestModule::load(engine, wasm).value();
}

/// Counts that are added up when all is done.
struct Counts {
  std::uint64_t answered = 0;
  std::uint64_t trapped = 0;
  std::uint64_t wrong = 0;
};

Counts call_often(Pool& pool, std::uint64_t calls, std::atomic<std::uint64_t>& progress) {
  Counts counts;
  Bytes response;
  CallStats stats;
  for (std::uint64_t i = 0; i < calls; ++i) {
    const bool traps = i % 1000 == 999;
    const auto done = pool.invoke_into({.operation = traps ? "t" : "get"}, response, stats);
    if (traps && !done && done.error().code() == Errc::trapped) {
      ++counts.trapped;
    } else if (done && std::atoll(std::string{as_text(response)}.c_str()) == stats.version) {
      ++counts.answered;
    } else {
      ++counts.wrong;
      if (counts.wrong == 1) {
        std::fprintf(stderr, "wrong: %s\n",
                     done ? "another version" : done.error().message().c_str());
      }
    }
    if (i % 1024 == 1023) progress.fetch_add(1024, std::memory_order_relaxed);
  }
  return counts;
}

bool run(const BuiltinEngine& builtin, const Bytes& wasm, std::uint64_t calls,
         std::chrono::milliseconds period) {
  const auto engine = builtin.make().value();
  const auto pool = Pool::start(make_version(*engine, wasm, 1),
                                {.instances_min = kThreads, .instances_max = kThreads})
                        .value();
  std::atomic<std::uint64_t> progress = 0;
  std::array<Counts, kThreads> counts;
  std::atomic<std::size_t> at_work = kThreads;
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::jthread> threads;
  for (auto& own : counts) {
    threads.emplace_back([&] {
      own = call_often(*pool, calls / kThreads, progress);
      --at_work;
    });
  }

  std::uint32_t version = 1;
  std::uint64_t failed_swaps = 0;
  constexpr auto kNotLooked = std::numeric_limits<std::size_t>::max();
  std::size_t first_kib = kNotLooked;
  std::size_t last_kib = first_kib;
  auto next = begun + period;
  while (at_work > 0) {
    const auto module = make_version(*engine, wasm, ++version);
    if (!pool->swap(module)) ++failed_swaps;
    // Once the old instances are gone, and the least of all looks: how many there are, and how
    // many of them were ever called, is no growth.
    while (pool->stats().instances > kThreads) std::this_thread::yield();
    const auto fifth = progress * 5 / calls;
    if (fifth == 1) first_kib = std::min(first_kib, anonymous_kib());
    if (fifth == 4) last_kib = std::min(last_kib, anonymous_kib());
    std::this_thread::sleep_until(next);
    next += period;
  }
  threads.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;

  if (first_kib == kNotLooked || last_kib == kNotLooked) {
    std::fprintf(stderr,
                 "too few swaps to say what memory does: more calls, or fewer milliseconds\n");
    return false;
  }
  Counts all;
  for (const auto& own : counts) {
    all.answered += own.answered;
    all.trapped += own.trapped;
    all.wrong += own.wrong;
  }
  const bool flat = last_kib <= first_kib + 512;
  const auto complete = all.answered + all.trapped == calls / kThreads * kThreads;
  std::printf(
      "%-10s %llu calls from %zu threads, %u swaps, %.0f s: %llu answered, %llu trapped as asked, "
      "%llu wrong, %llu swaps failed; %zu -> %zu KiB, %s\n",
      std::string{builtin.name}.c_str(), static_cast<unsigned long long>(calls), kThreads,
      version - 1, took.count(), static_cast<unsigned long long>(all.answered),
      static_cast<unsigned long long>(all.trapped), static_cast<unsigned long long>(all.wrong),
      static_cast<unsigned long long>(failed_swaps), first_kib, last_kib, flat ? "flat" : "GROWN");
  return flat && complete && all.wrong == 0 && failed_swaps == 0;
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: swap_soak VERSIONS.wasm [CALLS [MILLISECONDS]]\n");
    return 2;
  }
  const auto number = [&](int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const auto wasm = wapc::bench::read_guest(argv[1]);
  const std::chrono::milliseconds period{std::max<std::uint64_t>(1, number(3, 100))};
  // Memory that one thread allocates and another frees stays in the arena of the first for long.
  ::mallopt(M_ARENA_MAX, 1);
  bool good = true;
  for (const auto& builtin : wapc::builtin_engines()) {
    good = wapc::bench::run(builtin, wasm, number(2, 10'000'000), period) && good;
  }
  return good ? 0 : 1;
}
