#include "peers/peer.hpp"

#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <numeric>
#include <optional>
#include <thread>

namespace wapc::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::duration<double, std::nano>;

struct Request {
  std::string row;
  std::size_t size;
  Nanoseconds slice;
};

std::vector<std::byte> bytes_of(const char* path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (text.empty()) fail(std::string{"cannot read "} + path);
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

/// Does the work again and again for a slice of time; returns nanoseconds for one.
template <typename Work>
double repeat(Nanoseconds slice, const Work& work) {
  std::uint64_t done = 0;
  std::uint64_t batch = 1;
  const auto start = Clock::now();
  while (true) {
    for (std::uint64_t i = 0; i < batch; ++i) work();
    done += batch;
    const Nanoseconds passed = Clock::now() - start;
    if (passed >= slice) return passed.count() / static_cast<double>(done);
    if (passed * 16 < slice) batch *= 2;  // So that looking at the clock costs nothing.
  }
}

void call(Guest& guest, std::string_view operation, std::span<const std::byte> payload) {
  if (guest.call(operation, payload).size() != payload.size()) fail("another response");
}

double echo(Guest& guest, std::size_t size, Nanoseconds slice) {
  const std::vector<std::byte> payload(size, std::byte{'x'});
  return repeat(slice, [&] { call(guest, "echo", payload); });
}

double on_threads(Peer& peer, std::size_t count, Nanoseconds slice) {
  std::barrier ready{static_cast<std::ptrdiff_t>(count)};
  std::vector<double> rates(count);
  {
    std::vector<std::jthread> threads;
    for (auto& rate : rates) {
      threads.emplace_back([&] {
        const auto guest = peer.instance();
        call(*guest, "nop", {});
        ready.arrive_and_wait();
        rate = 1 / echo(*guest, 64, slice);
      });
    }
  }
  return 1 / std::accumulate(rates.begin(), rates.end(), 0.0);
}

/// Nanoseconds for one item of a row; none when the peer has no such thing.
std::optional<double> measure(Peer& peer, Guest& guest, const Request& request) {
  const auto& [row, size, slice] = request;
  if (row == "nop") return repeat(slice, [&] { call(guest, "nop", {}); });
  if (row == "echo") return echo(guest, size, slice);
  if (row == "host") return repeat(slice, [&] { call(guest, "host", {}); }) / 1000;
  if (row == "fresh") return repeat(slice, [&] { peer.call_fresh_instance(); });
  if (row == "threads") return on_threads(peer, size, slice);
  bool can = false;
  double time = 0;
  if (row == "load") time = repeat(slice, [&] { can = peer.load(); });
  if (row == "cached") {
    peer.load_cached();  // The first one may be the one that fills the cache.
    time = repeat(slice, [&] { can = peer.load_cached(); });
  }
  return can ? std::optional{time} : std::nullopt;
}

}  // namespace

void fail(const std::string& why) {
  std::cerr << why << "\n";
  std::exit(2);
}

Arguments arguments_of(int argc, char** argv) {
  const std::span given{argv, static_cast<std::size_t>(argc)};
  if (given.size() != 4 && given.size() != 5) {
    fail("arguments: [WORD] GUEST.wasm LARGE.wasm CACHE_FOLDER");
  }
  const auto last = given.last(3);
  return {.word = given.size() == 5 ? given[1] : "",
          .guest = bytes_of(last[0]),
          .large = bytes_of(last[1]),
          .cache = last[2]};
}

void serve(Peer& peer) {
  const auto guest = peer.instance();
  std::string row;
  std::size_t size = 0;
  double seconds = 0;
  while (std::cin >> row >> size >> seconds) {
    const auto time = measure(peer, *guest, {row, size, std::chrono::duration<double>{seconds}});
    if (time) {
      std::cout << std::fixed << std::setprecision(3) << *time << "\n" << std::flush;
    } else {
      std::cout << "-\n" << std::flush;
    }
  }
}

}  // namespace wapc::bench
