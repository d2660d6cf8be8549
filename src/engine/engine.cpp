#include "wapc/engine/engine.hpp"

#include <utility>

namespace wapc {

std::string_view to_string(ExternKind kind) noexcept {
  switch (kind) {
    case ExternKind::function: return "function";
    case ExternKind::memory: return "memory";
    case ExternKind::table: return "table";
    case ExternKind::global: return "global";
    case ExternKind::tag: return "tag";
  }
  std::unreachable();
}

std::string_view to_string(Execution execution) noexcept {
  switch (execution) {
    case Execution::compiled: return "compiled";
    case Execution::interpreted: return "interpreted";
    case Execution::native: return "native";
  }
  std::unreachable();
}

std::optional<ExportIndex> find_function(const Module& module, std::string_view name) {
  const auto exports = module.exports();
  for (std::size_t i = 0; i < exports.size(); ++i) {
    if (exports[i].kind == ExternKind::function && exports[i].name == name) return ExportIndex{i};
  }
  return std::nullopt;
}

Result<Bytes> Module::artefact() const {
  return failure(Errc::unsupported, "this engine makes no artefacts");
}

std::size_t Module::code_bytes() const noexcept {
  return 0;
}

std::size_t Module::instance_bytes() const noexcept {
  return 0;
}

Result<std::shared_ptr<const Module>> Engine::restore(const Artefact& /*artefact*/,
                                                      BytesView /*wasm*/,
                                                      const ModuleLimits& /*limits*/) const {
  return failure(Errc::unsupported, info().name + " makes no artefacts");
}

}  // namespace wapc
