#include "cli/inspection.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/reading_engine.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/host/host.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::cli {
namespace {

bool imports(const ModuleInfo& module, std::string_view from, std::string_view name) {
  return std::ranges::any_of(module.imports, [&](const Import& import) {
    return import.module == from && import.name == name;
  });
}

bool imports_from(const ModuleInfo& module, std::string_view from) {
  return std::ranges::find(module.imports, from, &Import::module) != module.imports.end();
}

bool exports(const ModuleInfo& module, std::string_view name) {
  return std::ranges::find(module.exports, name, &Export::name) != module.exports.end();
}

std::string protocol_of(const ModuleInfo& module) {
  const auto call = std::ranges::find_if(module.imports, [](const Import& import) {
    return import.module == "wapc" && import.name == "__host_call";
  });
  if (call != module.imports.end()) {
    const auto count = call->type.parameters.size();
    if (count == 8) return "current: __host_call takes 8 parameters";
    if (count == 4 || count == 6)
      return fmt::format("older: __host_call takes {} parameters", count);
    return fmt::format("unknown: __host_call takes {} parameters", count);
  }
  if (imports_from(module, "wapc")) return "current or older, which cannot be told: no __host_call";
  if (exports(module, "__guest_call")) return "none shows: nothing is imported from wapc";
  return "none: no __guest_call, and nothing is imported from wapc";
}

/// Signs that toolchains and SDKs leave. Each says what it was seen by; none is proof.
std::vector<std::string> traits_of(const ModuleInfo& module) {
  std::vector<std::string> traits;
  for (const auto& producer : module.producers) {
    traits.push_back(fmt::format("{}{}{} (producers section: {})", producer.name,
                                 producer.version.empty() ? "" : " ", producer.version,
                                 producer.field));
  }
  const auto add = [&](bool seen, std::string_view trait) {
    if (seen) traits.emplace_back(trait);
  };
  add(imports(module, "env", "abort"), "AssemblyScript (imports env.abort)");
  add(exports(module, "__new") && exports(module, "__pin"),
      "AssemblyScript (exports __new and __pin of its runtime)");
  add(exports(module, "asyncify_get_state"),
      "TinyGo, or another user of Binaryen's asyncify (exports asyncify_get_state)");
  add(imports_from(module, "gojs") || imports_from(module, "go"),
      "Go for JavaScript (imports gojs)");
  add(imports_from(module, "wasi_snapshot_preview1"),
      "WASI preview 1 (imports wasi_snapshot_preview1)");
  add(imports_from(module, "wasi_unstable"), "WASI of 2019 (imports wasi_unstable)");
  add(exports(module, "_initialize"), "a WASI reactor (exports _initialize)");
  add(exports(module, "_start"), "a WASI command (exports _start)");
  add(exports(module, "wapc_init"),
      "starts by wapc_init, as waPC SDKs have it (exports wapc_init)");
  return traits;
}

std::vector<std::string> start_functions_of(const ModuleInfo& module) {
  std::vector<std::string> names;
  if (module.start) {
    const auto known = *module.start < module.function_names.size() &&
                       !module.function_names[*module.start].empty();
    names.push_back(known ? fmt::format("start section: function {} {}", *module.start,
                                        module.function_names[*module.start])
                          : fmt::format("start section: function {}", *module.start));
  }
  for (const std::string_view name : {"_start", "_initialize", "wapc_init"}) {
    if (exports(module, name)) names.emplace_back(name);
  }
  return names;
}

Result<> try_on(const Engine& engine, BytesView wasm, EngineCheck check, FeatureSet missing) {
  if (!missing.empty()) {
    return failure(Errc::invalid_module, "it lacks " + to_string(missing));
  }
  if (check == EngineCheck::by_loading) {
    WAPC_TRY(auto module, GuestModule::load(engine, wasm));
    WAPC_CHECK(Host::start(std::move(module)));
    return {};
  }
  WAPC_CHECK(GuestModule::load(ReadingEngine{engine.info().features}, wasm));
  WAPC_TRY(const auto module, read_module(wasm, engine.info().features));
  return check_declared(module, {});
}

EngineVerdict verdict_of(const BuiltinEngine& row, BytesView wasm, EngineCheck check,
                         FeatureSet needed, const EngineWrapper& wrapper) {
  EngineVerdict verdict{.engine = std::string{row.name}};
  auto engine = row.make();
  if (!engine) {
    verdict.why_not = engine.error();
    return verdict;
  }
  if (wrapper) engine = wrapper(*std::move(engine));
  verdict.missing = needed.without((*engine)->info().features);
  if (const auto done = try_on(**engine, wasm, check, verdict.missing); !done) {
    verdict.why_not = done.error();
  }
  return verdict;
}

}  // namespace

Result<Inspection> inspect(std::string file, BytesView wasm, EngineCheck check,
                           const EngineWrapper& wrapper) {
  WAPC_TRY(auto module, read_module(wasm, FeatureSet::all()));
  WAPC_TRY(const auto features, features_needed(wasm));
  Inspection found{.file = std::move(file),
                   .size = wasm.size(),
                   .module = std::move(module),
                   .features = features,
                   .protocol = {},
                   .traits = {},
                   .start_functions = {},
                   .engines = {}};
  const auto guest = GuestModule::load(ReadingEngine{FeatureSet::all()}, wasm);
  if (!guest) {
    found.why_no_guest = guest.error();
    found.is_command = is_command(wasm);
  }
  found.protocol = protocol_of(found.module);
  found.traits = traits_of(found.module);
  found.start_functions = start_functions_of(found.module);
  if (found.why_no_guest) return found;
  for (const auto& row : builtin_engines()) {
    found.engines.push_back(verdict_of(row, wasm, check, features, wrapper));
  }
  return found;
}

}  // namespace wapc::cli
