#include "wapc/host/guest_module.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/try.hpp"
#include "wapc/protocol/conversation.hpp"
#include "wapc/wasi/wasi.hpp"

namespace wapc {
namespace {

constexpr std::string_view kGuestCallName = "__guest_call";
constexpr std::array kLengths{ValueType::i32, ValueType::i32};
constexpr std::array kSuccess{ValueType::i32};
constexpr Signature kGuestCallType{kLengths, kSuccess};
constexpr Signature kStartType{};

/// In the order of `docs/protocol.md`: the command's, the reactor's, waPC's own.
constexpr std::array<std::string_view, 3> kStartNames{"_start", "_initialize", "wapc_init"};

/// The export `name`, which must be a function of type `type`; nothing when there is none.
Result<std::optional<ExportIndex>> find_typed(const Module& module, std::string_view name,
                                              const Signature& type) {
  const auto exports = module.exports();
  const auto found = std::ranges::find(exports, name, &Export::name);
  if (found == exports.end()) return std::nullopt;
  if (found->kind != ExternKind::function) {
    return failure(Errc::invalid_module, "the export " + std::string{name} + " is a " +
                                             std::string{to_string(found->kind)} +
                                             ", not a function");
  }
  if (found->type.signature() != type) {
    return failure(Errc::invalid_module, std::string{name} + " is of type " +
                                             to_string(found->type.signature()) + ", not " +
                                             to_string(type));
  }
  return ExportIndex{static_cast<std::size_t>(found - exports.begin())};
}

/// Guests of 2019 and early 2020 pass fewer parts to `__host_call`: no namespace, or no binding.
Result<> check_age(const Module& module) {
  const auto imports = module.imports();
  const auto host_call = std::ranges::find_if(imports, [](const Import& import) {
    return import.module == "wapc" && import.name == "__host_call" &&
           import.kind == ExternKind::function;
  });
  if (host_call == imports.end()) return {};
  const auto parameters = host_call->type.parameters.size();
  if (parameters != 4 && parameters != 6) return {};
  return failure(Errc::invalid_module,
                 "an older waPC protocol: __host_call takes " + std::to_string(parameters) +
                     " parameters, where it has taken 8 since 2020; build the guest with a current "
                     "SDK");
}

}  // namespace

Result<std::shared_ptr<const GuestModule>> GuestModule::load(const Engine& engine, BytesView wasm,
                                                             GuestModuleOptions options,
                                                             const Budget& budget) {
  const auto events = options.events;
  const auto begun = Budget::Clock::now();
  auto guest = load_quietly(engine, wasm, std::move(options), budget);
  Event event{.kind = EventKind::loaded,
              .payload_bytes = wasm.size(),
              .duration = Budget::Clock::now() - begun};
  if (!guest) {
    event.failure = guest.error().code();
    event.message = guest.error().message();
  }
  record_safely(events.get(), event);
  return guest;
}

Result<std::shared_ptr<const GuestModule>> GuestModule::load_quietly(const Engine& engine,
                                                                     BytesView wasm,
                                                                     GuestModuleOptions options,
                                                                     const Budget& budget) {
  const CompileOptions how{.limits = options.limits,
                           .budget = budget.within(options.load_timeout, Budget::Clock::now())};
  WAPC_TRY(const auto module, engine.compile(wasm, how));
  std::shared_ptr<GuestModule> guest{new GuestModule};
  guest->engine_ = engine.info();

  WAPC_TRY(const auto guest_call, find_typed(*module, kGuestCallName, kGuestCallType));
  if (!guest_call) {
    return failure(Errc::invalid_module,
                   "not a waPC guest: no function is exported as __guest_call");
  }
  guest->guest_call_ = *guest_call;
  if (std::ranges::find(module->exports(), ExternKind::memory, &Export::kind) ==
      module->exports().end()) {
    return failure(Errc::invalid_module, "not a waPC guest: no memory is exported");
  }
  for (const auto name : kStartNames) {
    WAPC_TRY(const auto start, find_typed(*module, name, kStartType));
    if (start) guest->start_functions_.push_back({std::string{name}, *start});
  }

  WAPC_CHECK(check_age(*module));
  guest->uses_wasi_ = std::ranges::any_of(
      module->imports(), [](const Import& import) { return Wasi::offers_module(import.module); });
  guest->code_bytes_ = module->code_bytes();
  guest->instance_bytes_ = module->instance_bytes();
  guest->instance_slots_ = module->instance_slots();
  guest->own_imports_ = std::move(options.imports);
  std::vector<ImportTable> tables{Conversation::imports()};
  if (guest->uses_wasi_) tables.push_back(Wasi::imports());
  for (const auto& own : guest->own_imports_) tables.push_back(own.table);
  WAPC_TRY(guest->linked_, module->link(tables));
  return guest;
}

}  // namespace wapc
