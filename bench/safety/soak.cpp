// Calls guests for a long time, of which 1 in 100 fails, in every way there is; loads modules and
// replaces them. Prints memory, descriptors and threads of the process as it goes, and fails when
// any of them has grown by more than 1 % between the first tenth and the end.
//   soak GUEST.wasm [CALLS [LOADS [REPLACEMENTS]]]     10,000,000, 50,000 and 50,000 unless told

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>

#include "safety/guest.hpp"
#include "safety/process_memory.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::bench {
namespace {

/// What the process has of the machine.
struct Held {
  std::size_t memory_kib;
  std::size_t descriptors;
  std::size_t threads;

  static Held now() {
    const auto count = [](const char* folder) {
      const std::filesystem::directory_iterator entries{folder};
      return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
    };
    return {anonymous_kib(), count("/proc/self/fd"), count("/proc/self/task")};
  }
};

/// Does `work` so many times; whether nothing has grown.
bool soak(std::string_view engine, const char* what, std::uint64_t times,
          const std::function<void(std::uint64_t)>& work) {
  const auto start = std::chrono::steady_clock::now();
  Held first{};
  Held last{};
  for (std::uint64_t tenth = 0; tenth < 10; ++tenth) {
    for (std::uint64_t i = times * tenth / 10; i < times * (tenth + 1) / 10; ++i) work(i);
    work(0);  // A good one, so that there is an instance whenever it is looked.
    last = Held::now();
    if (tenth == 0) first = last;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const bool flat = last.memory_kib <= first.memory_kib + first.memory_kib / 100 &&
                    last.descriptors <= first.descriptors && last.threads <= first.threads;
  std::printf(
      "%-10s %12llu %-13s %7.0f s   %8zu -> %8zu KiB   %3zu -> %3zu descriptors   "
      "%2zu -> %2zu threads   %s\n",
      std::string{engine}.c_str(), static_cast<unsigned long long>(times), what, took.count(),
      first.memory_kib, last.memory_kib, first.descriptors, last.descriptors, first.threads,
      last.threads, flat ? "flat" : "GROWN");
  std::fflush(stdout);
  return flat;
}

constexpr std::array kFailures{Does::error,         Does::nothing,      Does::unreachable,
                               Does::out_of_bounds, Does::null_element, Does::recursion,
                               Does::bad_pointer,   Does::log_flood,    Does::host_call_flood,
                               Does::growth,        Does::loop};

/// Tells what it got and what it should have got, and ends the program.
[[noreturn]] void wrong(const char* what, const Result<>& outcome) {
  std::fprintf(stderr, "%s: %s\n", what, outcome ? "answered" : outcome.error().message().c_str());
  std::exit(1);
}

bool run(const BuiltinEngine& builtin, const Bytes& wasm, std::uint64_t calls, std::uint64_t loads,
         std::uint64_t replacements) {
  const auto engine = builtin.make().value();
  const auto module = GuestModule::load(*engine, wasm).value();
  const HostOptions options{
      .handler = answering([](const HostCall& call) -> Result<Bytes> {
        if (call.payload.empty()) return failure(Errc::denied, "no");
        return Bytes{};
      }),
      .limits = {.memory_bytes = 4U << 20U},
      .call_limits = {.host_calls = 1000, .log_bytes = 10'000, .log_lines = 1000}};
  const auto host = Host::start(module, options).value();
  Bytes response;
  const auto call = [&](std::uint64_t i) {
    if (i % 100 != 99) {
      const auto what = i % 2 == 0 ? Does::echo : Does::host_call;
      const auto done = host->invoke_into(
          {.operation = operation(what), .payload = as_bytes("payload")}, response);
      if (!done) wrong("a good call", done);
      return;
    }
    const auto what = kFailures[i / 100 % kFailures.size()];
    Invocation invocation{.operation = operation(what), .payload = as_bytes("payload")};
    if (what == Does::loop) {
      invocation.budget.deadline = Budget::Clock::now() + std::chrono::milliseconds{1};
    }
    const auto done = host->invoke_into(invocation, response);
    if (done) wrong("a bad call", done);
  };
  bool flat = soak(builtin.name, "calls", calls, call);
  flat = soak(builtin.name, "loads", loads,
              [&](std::uint64_t) {
                const auto loaded = GuestModule::load(*engine, wasm).value();
                const auto started = Host::start(loaded, options).value();
                if (!started->invoke({.operation = operation(Does::echo)})) std::exit(1);
              }) &&
         flat;
  return soak(builtin.name, "replacements", replacements,
              [&](std::uint64_t i) {
                if (!host->replace_module(module)) std::exit(1);
                call(i);
              }) &&
         flat;
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::fprintf(stderr, "usage: soak GUEST.wasm [CALLS [LOADS [REPLACEMENTS]]]\n");
    return 2;
  }
  const auto number = [&](int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const auto wasm = wapc::bench::read_guest(argv[1]);
  bool flat = true;
  for (const auto& builtin : wapc::builtin_engines()) {
    flat = wapc::bench::run(builtin, wasm, number(2, 10'000'000), number(3, 50'000),
                            number(4, 50'000)) &&
           flat;
  }
  return flat ? 0 : 1;
}
