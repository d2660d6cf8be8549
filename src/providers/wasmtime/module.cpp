#include "providers/wasmtime/module.hpp"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "base/try.hpp"
#include "providers/wasmtime/instance.hpp"
#include "wapc/engine/link.hpp"

namespace wapc::wasmtime {
namespace {

const Export* find_memory(const ModuleInfo& info) {
  const Export* first = nullptr;
  for (const auto& candidate : info.exports) {
    if (candidate.kind != ExternKind::memory) continue;
    if (candidate.name == "memory") return &candidate;
    if (first == nullptr) first = &candidate;
  }
  return first;
}

wasm_valtype_vec_t value_types(std::span<const ValueType> types) {
  wasm_valtype_vec_t list{};
  wasm_valtype_vec_new_uninitialized(&list, types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    assert(types[i] == ValueType::i32 || types[i] == ValueType::i64);
    list.data[i] = wasm_valtype_new(types[i] == ValueType::i64 ? WASM_I64 : WASM_I32);
  }
  return list;
}

FunctionTypeHandle function_type(const Signature& signature) {
  auto parameters = value_types(signature.parameters);
  auto results = value_types(signature.results);
  return FunctionTypeHandle{wasm_functype_new(&parameters, &results)};
}

HostImport host_import(const ResolvedImport& import) {
  const std::span parameters{import.function->signature.parameters};
  const std::span results{import.function->signature.results};
  assert(parameters.size() <= kHostParametersMax && results.size() <= 1);
  return {import.function->body, import.table, static_cast<std::uint32_t>(parameters.size()),
          !results.empty()};
}

// `rows` are the data of the functions, and do not move any more.
Result<> define(wasmtime_linker_t* linker, std::span<const ResolvedImport> imports,
                std::span<HostImport> rows) {
  for (std::size_t i = 0; i < imports.size(); ++i) {
    const auto& function = *imports[i].function;
    const ErrorHandle error{wasmtime_linker_define_func_unchecked(
        linker, function.module.data(), function.module.size(), function.name.data(),
        function.name.size(), function_type(function.signature).get(), WasmtimeInstance::answer,
        &rows[i], nullptr)};
    if (error) return failure(Errc::internal, "wasmtime: " + message_of(*error));
  }
  return {};
}

Result<InstancePreHandle> prepare(wasm_engine_t* engine, const wasmtime_module_t* module,
                                  std::span<const ResolvedImport> imports,
                                  std::span<HostImport> rows) {
  const LinkerHandle linker{wasmtime_linker_new(engine)};
  wasmtime_linker_allow_shadowing(linker.get(), true);  // A module may import a function twice.
  WAPC_CHECK(define(linker.get(), imports, rows));
  wasmtime_instance_pre_t* prepared = nullptr;
  const ErrorHandle error{wasmtime_linker_instantiate_pre(linker.get(), module, &prepared)};
  if (error) return failure(Errc::internal, "wasmtime: " + message_of(*error));
  return InstancePreHandle{prepared};
}

Result<Bytes> serialize(const wasmtime_module_t& module) {
#ifdef WASMTIME_FEATURE_COMPILER
  wasm_byte_vec_t bytes{};
  const ErrorHandle error{wasmtime_module_serialize(&module, &bytes)};
  if (error) return failure(Errc::internal, "wasmtime: " + message_of(*error));
  const auto* const first = reinterpret_cast<const std::byte*>(bytes.data);
  Bytes artefact{first, first + bytes.size};
  wasm_byte_vec_delete(&bytes);
  return artefact;
#else
  return failure(Errc::unsupported, "this build of wasmtime has no compiler");
#endif
}

}  // namespace

Result<std::shared_ptr<const Module>> WasmtimeModule::compile(std::shared_ptr<const Core> core,
                                                              ModuleInfo info, BytesView wasm) {
#ifdef WASMTIME_FEATURE_COMPILER
  wasmtime_module_t* raw = nullptr;
  const ErrorHandle error{wasmtime_module_new(
      core->engine(), reinterpret_cast<const std::uint8_t*>(wasm.data()), wasm.size(), &raw)};
  if (error) return failure(Errc::invalid_module, "wasmtime: " + message_of(*error));
  ModuleHandle module{raw};
  if (core->slots() > 0) {
    // Both engines then have their code from one file in memory, which they share.
    WAPC_TRY(const auto bytes, serialize(*module));
    WAPC_TRY(const auto artefact, Artefact::copy(bytes));
    module.reset();
    return restore(std::move(core), std::move(info), artefact);
  }
  return std::make_shared<const WasmtimeModule>(std::move(core), std::move(info),
                                                std::move(module));
#else
  return failure(Errc::unsupported, "this build of wasmtime has no compiler");
#endif
}

Result<std::shared_ptr<const Module>> WasmtimeModule::restore(std::shared_ptr<const Core> core,
                                                              ModuleInfo info,
                                                              const Artefact& artefact) {
  WAPC_TRY(auto module, deserialize(core->engine(), artefact));
  auto slots = core->slots() > 0 ? Slots::make(*core, info, artefact) : nullptr;
  return std::make_shared<const WasmtimeModule>(std::move(core), std::move(info), std::move(module),
                                                std::move(slots));
}

Result<Bytes> WasmtimeModule::artefact() const {
  return serialize(*module_);
}

std::size_t WasmtimeModule::code_bytes() const noexcept {
  void* begin = nullptr;
  void* end = nullptr;
  wasmtime_module_image_range(module_.get(), &begin, &end);
  return static_cast<std::size_t>(static_cast<std::byte*>(end) - static_cast<std::byte*>(begin));
}

WasmtimeModule::WasmtimeModule(std::shared_ptr<const Core> core, ModuleInfo info,
                               ModuleHandle module, std::unique_ptr<const Slots> slots)
    : core_{std::move(core)},
      info_{std::move(info)},
      memory_{find_memory(info_)},
      memory_stays_{core_->reserves_memory() &&
                    std::ranges::none_of(info_.memories, &MemoryType::is_64)},
      module_{std::move(module)},
      slots_{std::move(slots)} {}

Result<std::shared_ptr<const LinkedModule>> WasmtimeModule::link(
    std::span<const ImportTable> tables) const {
  WAPC_TRY(const auto imports, resolve_imports(info_.imports, tables));
  std::vector<HostImport> rows;
  rows.reserve(imports.size());
  std::ranges::transform(imports, std::back_inserter(rows), host_import);

  WAPC_TRY(auto prepared, prepare(core_->engine(), module_.get(), imports, rows));
  InstancePreHandle prepared_in_slots;
  if (slots_) {
    WAPC_TRY(prepared_in_slots, prepare(slots_->engine(), slots_->module(), imports, rows));
  }
  return std::make_shared<const WasmtimeLinkedModule>(shared_from_this(), std::move(rows),
                                                      tables.size(), std::move(prepared),
                                                      std::move(prepared_in_slots));
}

WasmtimeLinkedModule::WasmtimeLinkedModule(std::shared_ptr<const WasmtimeModule> module,
                                           std::vector<HostImport> imports, std::size_t tables,
                                           InstancePreHandle prepared,
                                           InstancePreHandle prepared_in_slots)
    : module_{std::move(module)},
      imports_{std::move(imports)},
      tables_{tables},
      prepared_{std::move(prepared)},
      prepared_in_slots_{std::move(prepared_in_slots)} {}

Result<> WasmtimeLinkedModule::may_enter() const {
  if (module_->core().may_enter()) return {};
  return std::unexpected{module_->core().why_not_enter()};
}

Result<std::unique_ptr<Instance>> WasmtimeLinkedModule::instantiate(
    std::span<HostState* const> states, const InstanceLimits& limits, const Budget& budget) const {
  assert(states.size() == tables_);
  if (limits.fuel && !module_->core().info().counts_fuel) {
    return failure(Errc::unsupported,
                   "fuel is limited, and this engine was made without WasmtimeOptions::count_fuel");
  }
  WAPC_CHECK(check_declared(module_->info(), limits));
  const auto* const slots = module_->slots();
  auto instance = std::make_unique<WasmtimeInstance>(
      shared_from_this(), states, limits, slots != nullptr ? slots->take(limits) : Slots::Lease{});
  WAPC_CHECK(instance->start(budget));
  return instance;
}

}  // namespace wapc::wasmtime
