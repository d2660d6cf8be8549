// How late a call ends after its deadline, and after its stop token was used, whatever the guest is
// at: loops, recursion, host calls, floods, bulk operations, its start section; and, where an
// engine translates a module for each instance, while it does. Each ended after a few milliseconds,
// on each engine; prints percentiles, and fails when fewer than 99 of 100 end within 10 ms. --load
// N keeps N threads busy meanwhile. For waits see wasi/wait_overshoot.

#include <cstdint>
#include <cstring>

#include "overshoot.hpp"
#include "safety/guest.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::bench {
namespace {

void append(Bytes& bytes, std::string_view more) {
  bytes.insert(bytes.end(), as_bytes(more).begin(), as_bytes(more).end());
}

/// A number in four bytes of LEB128.
void append_size(Bytes& bytes, std::size_t number) {
  for (int i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<std::byte>(((number >> (7U * static_cast<unsigned>(i))) & 0x7FU) |
                                           (i < 3 ? 0x80U : 0U)));
  }
}

void append_section(Bytes& module, char id, const Bytes& body) {
  module.push_back(static_cast<std::byte>(id));
  append_size(module, body.size());
  module.insert(module.end(), body.begin(), body.end());
}

/// A guest of 20 functions with a megabyte of code each.
Bytes large_guest() {
  using namespace std::string_view_literals;
  constexpr std::size_t kFunctions = 20;
  constexpr std::size_t kInstructions = 350'000;
  Bytes functions;
  Bytes code;
  append_size(functions, kFunctions);
  append_size(code, kFunctions);
  for (std::size_t i = 0; i < kFunctions; ++i) {
    functions.push_back(std::byte{0});
    append_size(code, 1 + 3 * kInstructions + 3);
    append(code, "\0"sv);                                                            // No locals.
    for (std::size_t j = 0; j < kInstructions; ++j) append(code, "\x41\x01\x1a"sv);  // Dropped.
    append(code, "\x41\x01\x0b"sv);
  }
  Bytes module;
  append(module, "\0asm\1\0\0\0"sv);
  append(module, "\1\7\1\x60\2\x7f\x7f\1\x7f"sv);  // (i32, i32) -> i32.
  append_section(module, 3, functions);
  append(module, "\5\3\1\0\1"sv);  // A memory of a page.
  append(module, "\7\x19\2\6memory\2\0\x0c__guest_call\0\0"sv);
  append_section(module, 10, code);
  return module;
}

bool measure(const BuiltinEngine& builtin, const Bytes& guest, const Bytes& starts) {
  const auto engine = builtin.make().value();
  const auto module = GuestModule::load(*engine, guest).value();
  const auto host =
      Host::start(module, {.handler = answering([](const HostCall&) { return Bytes{}; }),
                           .call_limits = {.host_calls = UINT64_MAX,
                                           .log_bytes = SIZE_MAX,
                                           .log_lines = UINT64_MAX}})
          .value();
  const auto calling = [&](Does what) {
    return [&host, what](const Budget& budget) {
      const auto answer = host->invoke({.operation = operation(what), .budget = budget});
      return !answer && by_budget(answer.error().code());
    };
  };
  const auto starting = [](const std::shared_ptr<const GuestModule>& what) {
    return [what](const Budget& budget) {
      const auto started = Host::start(what, {}, budget);
      return !started && by_budget(started.error().code());
    };
  };
  const auto name = builtin.name;
  bool in_time = measure_overshoot(name, "a loop", calling(Does::loop));
  in_time = measure_overshoot(name, "host calls", calling(Does::host_call_flood)) && in_time;
  in_time = measure_overshoot(name, "log lines", calling(Does::log_flood)) && in_time;
  in_time = measure_overshoot(name, "bulk fills", calling(Does::bulk_loop)) && in_time;
  in_time = measure_overshoot(name, "a start section",
                              starting(GuestModule::load(*engine, starts).value())) &&
            in_time;
  if (engine->info().execution != Execution::interpreted) return in_time;
  return measure_overshoot(name, "translating",
                           starting(GuestModule::load(*engine, large_guest()).value())) &&
         in_time;
}

int run(const char* guest, const char* starts, int busy_threads) {
  const BusyThreads load{busy_threads};
  print_overshoot_heading();
  bool in_time = true;
  for (const auto& builtin : builtin_engines()) {
    in_time = measure(builtin, read_guest(guest), read_guest(starts)) && in_time;
  }
  return in_time ? 0 : 1;
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  const bool loaded = argc == 5 && std::strcmp(argv[1], "--load") == 0;
  if (argc != 3 && !loaded) {
    std::fprintf(stderr, "usage: deadline_overshoot [--load THREADS] GUEST.wasm STARTS.wasm\n");
    return 2;
  }
  return wapc::bench::run(argv[argc - 2], argv[argc - 1], loaded ? std::atoi(argv[2]) : 0);
}
