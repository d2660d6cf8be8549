#include "providers/wasm3/module.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "base/try.hpp"
#include "providers/wasm3/instance.hpp"
#include "providers/wasm3/loader.hpp"

namespace wapc::wasm3 {
namespace {

// How many parameters an exported function may have for us to call it.
constexpr std::size_t kParametersMax = 32;

bool is_integer(ValueType type) {
  return type == ValueType::i32 || type == ValueType::i64;
}

bool can_call(const Signature& type) {
  return type.parameters.size() <= kParametersMax && type.results.size() <= 1 &&
         std::ranges::all_of(type.parameters, is_integer) &&
         std::ranges::all_of(type.results, is_integer);
}

std::vector<std::optional<Callable>> callable_exports(const ModuleInfo& info) {
  std::vector<std::optional<Callable>> callables(info.exports.size());
  for (std::size_t i = 0; i < callables.size(); ++i) {
    const auto& [name, kind, type] = info.exports[i];
    if (kind != ExternKind::function) continue;
    const auto signature = type.signature();
    if (!can_call(signature)) continue;
    callables[i] = {
        .function = info.export_indices[i],
        .result = !signature.results.empty(),
        .wide = std::ranges::find(signature.results, ValueType::i64) != signature.results.end()};
  }
  return callables;
}

/// wasm3 compares each type with those before, for every instance anew, and looks at no budget
/// meanwhile. What real modules have of types takes a tenth of this.
Result<> check_types(const ModuleInfo& info) {
  constexpr std::size_t kBytesMax = 64U << 10U;
  const auto section = std::ranges::find(info.sections, "type", &Section::name);
  if (section == info.sections.end() || section->size <= kBytesMax) return {};
  return failure(Errc::invalid_module,
                 "wasm3 cannot run this module: it has more than 64 KiB of function types");
}

}  // namespace

Result<std::shared_ptr<const Module>> Wasm3Module::compile(std::shared_ptr<const Core> core,
                                                           ModuleInfo info, BytesView wasm) {
  WAPC_CHECK(check_types(info));
  info.source_lines = nullptr;  // Its frames have no offsets, by which they would be looked up.
  WAPC_TRY(const auto stack, try_to_compile(wasm));
  return std::make_shared<const Wasm3Module>(std::move(core), std::move(info),
                                             Bytes(wasm.begin(), wasm.end()), stack);
}

Wasm3Module::Wasm3Module(std::shared_ptr<const Core> core, ModuleInfo info, Bytes wasm,
                         std::size_t compile_stack)
    : core_{std::move(core)},
      info_{std::move(info)},
      callables_{callable_exports(info_)},
      wasm_{std::move(wasm)},
      compile_stack_{compile_stack},
      exports_memory_{std::ranges::any_of(
          info_.exports, [](const Export& item) { return item.kind == ExternKind::memory; })} {}

Error Wasm3Module::not_callable(ExportIndex index) const {
  const auto& type = info_.exports[static_cast<std::size_t>(index)].type;
  return {Errc::unsupported,
          "only functions of whole numbers can be called: " + to_string(type.signature())};
}

Result<std::shared_ptr<const LinkedModule>> Wasm3Module::link(
    std::span<const ImportTable> tables) const {
  WAPC_TRY(auto imports, resolve_imports(info_.imports, tables));
  return std::make_shared<const Wasm3LinkedModule>(shared_from_this(), std::move(imports),
                                                   tables.size());
}

Wasm3LinkedModule::Wasm3LinkedModule(std::shared_ptr<const Wasm3Module> module,
                                     std::vector<ResolvedImport> imports, std::size_t tables)
    : module_{std::move(module)}, imports_{std::move(imports)}, tables_{tables} {}

Result<> Wasm3LinkedModule::may_enter() const {
  const auto& core = module_->core();
  if (!core.ticker().alive()) return std::unexpected{forked_since()};
  if (stack_limit(core.options().stack_bytes) == nullptr) {
    return std::unexpected{too_little_stack()};
  }
  return {};
}

Result<std::unique_ptr<Instance>> Wasm3LinkedModule::instantiate(std::span<HostState* const> states,
                                                                 const InstanceLimits& limits,
                                                                 const Budget& budget) const {
  assert(states.size() == tables_);
  if (limits.fuel) return failure(Errc::unsupported, "fuel is limited, and wasm3 counts none");
  WAPC_CHECK(check_declared(module_->info(), limits));
  auto instance = std::make_unique<Wasm3Instance>(shared_from_this(), states);
  WAPC_CHECK(instance->start(limits, budget));
  return instance;
}

}  // namespace wapc::wasm3
