#include "cli/engine_choice.hpp"

#include <fmt/format.h>

#include "cli/text.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::cli {

Outcome<std::unique_ptr<Engine>> make_engine(const std::optional<std::string>& name,
                                             const BuiltinEngineOptions& options,
                                             std::string_view option) {
  const auto engines = builtin_engines();
  const auto first = engines.empty() ? std::string_view{} : engines.front().name;
  auto engine = make_builtin_engine(name ? std::string_view{*name} : first, options);
  if (engine) return *std::move(engine);
  auto said = problem(engine.error());
  const auto names = engine_names();
  if (const auto near = nearest(name.value_or(""), names); !near.empty() && near != name) {
    said.hint = fmt::format("did you mean {} {}?", option, near);
  }
  if (engines.empty()) said.hint = "build wapc with WAPC_ENGINE_WASMTIME or WAPC_ENGINE_WASM3";
  return std::unexpected{std::move(said)};
}

std::vector<std::string> engine_names() {
  std::vector<std::string> names;
  for (const auto& engine : builtin_engines()) names.emplace_back(engine.name);
  return names;
}

}  // namespace wapc::cli
