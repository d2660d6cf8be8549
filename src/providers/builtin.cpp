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

#if WAPC_ENGINE_WASMTIME
template <WasmtimeOptions::Compiler Compiler>
Result<std::unique_ptr<Engine>> make_wasmtime(const BuiltinEngineOptions& options) {
  WasmtimeOptions own{.compiler = Compiler};
  if (options.stack_bytes) own.stack_bytes = *options.stack_bytes;
  if (options.perf_map) own.profiling = WasmtimeOptions::Profiling::perf_map;
  return make_wasmtime_engine(own);
}
#endif

#if WAPC_ENGINE_WASM3
Result<std::unique_ptr<Engine>> make_wasm3(const BuiltinEngineOptions& options) {
  if (options.perf_map) {
    return failure(Errc::unsupported,
                   "wasm3 interprets guests: there is no code of theirs to profile");
  }
  Wasm3Options own;
  if (options.stack_bytes) own.value_stack_bytes = own.stack_bytes = *options.stack_bytes;
  return make_wasm3_engine(own);
}
#endif

constexpr std::array<BuiltinEngine, WAPC_ENGINE_WASMTIME + WAPC_ENGINE_WINCH + WAPC_ENGINE_WASM3>
    kEngines{{
#if WAPC_ENGINE_WASMTIME
        {"wasmtime", "compiles guests to machine code: slow to load, fast to run",
         make_wasmtime<WasmtimeOptions::Compiler::cranelift>},
#endif
#if WAPC_ENGINE_WINCH
        {"winch", "wasmtime with its quick compiler: quick to load, fair to run",
         make_wasmtime<WasmtimeOptions::Compiler::winch>},
#endif
#if WAPC_ENGINE_WASM3
        {"wasm3", "interprets guests: small, quick to load, slow to run", make_wasm3},
#endif
    }};

}  // namespace

std::span<const BuiltinEngine> builtin_engines() noexcept {
  return kEngines;
}

Result<std::unique_ptr<Engine>> make_builtin_engine(std::string_view name,
                                                    const BuiltinEngineOptions& options) {
  const auto engines = builtin_engines();
  const auto found = std::ranges::find(engines, name, &BuiltinEngine::name);
  if (found != engines.end()) return found->make(options);
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
