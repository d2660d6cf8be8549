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
     [] { return make_wasmtime_engine({}); }},
#endif
#if WAPC_ENGINE_WASM3
    {"wasm3", "interprets guests: small, quick to load, slow to run",
     [] { return make_wasm3_engine({}); }},
#endif
}};

}  // namespace

std::span<const BuiltinEngine> builtin_engines() noexcept {
  return kEngines;
}

Result<std::unique_ptr<Engine>> make_builtin_engine(std::string_view name) {
  const auto engines = builtin_engines();
  const auto found = std::ranges::find(engines, name, &BuiltinEngine::name);
  if (found != engines.end()) return found->make();
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
