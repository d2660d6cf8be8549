// Generates valid guests that end by themselves, and runs each on every engine: it does the same on
// all of them. What the host functions are asked, the lines of the log, the memory and the globals
// as they are in the end, answers, codes and messages are compared. wasmtime takes part three
// times: with slots for instances, too, and with its quick compiler where it has one.
//
// With WAPC_FUZZ_GUEST in the environment it writes the guest to the file of that name.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "choices.hpp"
#include "generated_guest/guest.hpp"
#include "generated_guest/stage.hpp"
#include "wapc/providers/wasm3.hpp"
#include "wapc/providers/wasmtime.hpp"

namespace wapc::fuzzing {
namespace {

// Enough that none of these guests exhausts it: engines need not agree on when that is.
constexpr std::size_t kStack = 2U << 20U;
constexpr std::size_t kValueStack = 128U << 10U;

// The second sees whether a slot, or anything else, keeps what the first left.
constexpr std::size_t kPerformances = 2;

std::vector<std::unique_ptr<Engine>> make_engines() {
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(make_wasmtime_engine({.stack_bytes = kStack}).value());
  engines.push_back(
      make_wasm3_engine({.value_stack_bytes = kValueStack, .stack_bytes = kStack}).value());
  engines.push_back(make_wasmtime_engine({.stack_bytes = kStack, .instance_slots = 1}).value());
  constexpr auto kWinch = WasmtimeOptions::Compiler::winch;
  auto winch = make_wasmtime_engine({.compiler = kWinch, .stack_bytes = kStack});
  if (winch) engines.push_back(*std::move(winch));
  return engines;
}

/// wasmtime has one word for two traps (docs/engines.md).
void use_one_word(Transcript& transcript) {
  constexpr std::string_view kOne = "out of bounds table access";
  constexpr std::string_view kOther = "undefined element";
  for (auto& event : transcript) {
    if (const auto at = event.find(kOne); at != std::string::npos) {
      event.replace(at, kOne.size(), kOther);
    }
  }
}

void keep(BytesView wasm) {
  if (const auto* const path = std::getenv("WAPC_FUZZ_GUEST")) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream{path, std::ios::binary} << as_text(wasm);
  }
}

void run(Choices choices) {
  static const auto kEngines = make_engines();
  const auto wasm = generate_guest(Conduct::repeatable, choices);
  keep(wasm);
  Transcript first;
  for (const auto& engine : kEngines) {
    const auto& info = engine->info();
    if (!runs(*engine, wasm)) continue;
    auto transcript = perform(
        *engine, wasm, {.timeout = std::chrono::nanoseconds::max(), .performances = kPerformances});
    check(!transcript.back().starts_with("not loaded"), "a valid guest does not load",
          info.name + ": " + transcript.back());
    use_one_word(transcript);
    if (engine == kEngines.front()) {
      first = std::move(transcript);
    } else {
      const auto differs = difference(first, transcript);
      check(differs.empty(), "the engines do not agree",
            kEngines.front()->info().name + " and " + info.name + ": " + differs);
    }
  }
}

}  // namespace
}  // namespace wapc::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  wapc::fuzzing::run(wapc::fuzzing::Choices{{bytes, size}});
  return 0;
}
