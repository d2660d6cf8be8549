// Generates valid guests of all kinds, those that loop and recurse without end among them, and runs
// each on every engine with tight limits and a short deadline: it neither crashes nor hangs the
// program, and fails with no other codes than those documented.

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "check.hpp"
#include "choices.hpp"
#include "generated_guest/guest.hpp"
#include "generated_guest/stage.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::fuzzing {
namespace {

std::vector<std::unique_ptr<Engine>> make_engines() {
  std::vector<std::unique_ptr<Engine>> engines;
  for (const auto& engine : builtin_engines()) engines.push_back(engine.make().value());
  return engines;
}

void run(Choices choices) {
  static const auto kEngines = make_engines();
  const auto conduct = choices.rarely(4) ? Conduct::repeatable : Conduct::any;
  const auto wasm = generate_guest(conduct, choices);
  for (const auto& engine : kEngines) {
    if (!runs(*engine, wasm)) continue;
    const auto transcript =
        perform(*engine, wasm, {.timeout = std::chrono::milliseconds{5}, .calls = 2});
    check(!transcript.back().starts_with("not loaded"), "a valid guest does not load",
          engine->info().name + ": " + transcript.back());
  }
}

}  // namespace
}  // namespace wapc::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  wapc::fuzzing::run(wapc::fuzzing::Choices{{bytes, size}});
  return 0;
}
