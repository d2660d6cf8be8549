#include "wapc/providers/builtin.hpp"

#include <algorithm>
#include <array>
#include <string>

#if WAPC_ENGINE_WASMTIME
#include "wapc/providers/wasmtime.hpp"
#endif
#if WAPC_ENGINE_WASM3
#include "wapc/providers/wasm3.hpp"
#endif

namespace wapc {
namespace {

constexpr std::array<BuiltinEngine, WAPC_ENGINE_WASMTIME + WAPC_ENGINE_WASM3> kEngines{{
#if WAPC_ENGINE_WASMTIME
    {"wasmtime", "compiles guests to machine code: slow to load, fast to run",
     [] { return make_wasmtime_engine({}); },
     [](std::size_t bytes) { return make_wasmtime_engine({.stack_bytes = bytes}); }},
#endif
#if WAPC_ENGINE_WASM3
    {"wasm3", "interprets guests: small, quick to load, slow to run",
     [] { return make_wasm3_engine({}); },
     [](std::size_t bytes) {
       return make_wasm3_engine({.value_stack_bytes = bytes, .stack_bytes = bytes});
     }},
#endif
}};

}  // namespace

std::span<const BuiltinEngine> builtin_engines() noexcept {
  return kEngines;
}

Result<std::unique_ptr<Engine>> make_builtin_engine(std::string_view name,
                                                    std::optional<std::size_t> stack_bytes) {
  const auto engines = builtin_engines();
  const auto found = std::ranges::find(engines, name, &BuiltinEngine::name);
  if (found != engines.end()) {
    return stack_bytes ? found->make_with_stack(*stack_bytes) : found->make();
  }
  if (engines.empty()) return failure(Errc::unsupported, "this build has no engine");
  std::string names;
  for (const auto& engine : engines) {
    if (!names.empty()) names += ", ";
    names += engine.name;
  }
  return failure(Errc::unsupported,
                 "no engine is called \"" + std::string{name} + "\"; this build has " + names);
}

}  // namespace wapc
