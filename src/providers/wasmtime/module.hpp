#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "providers/wasmtime/core.hpp"
#include "providers/wasmtime/handles.hpp"
#include "providers/wasmtime/slots.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/wasm/module_info.hpp"

namespace wapc::wasmtime {

/// Machine code, and what the binary says of itself.
class WasmtimeModule final : public Module, public std::enable_shared_from_this<WasmtimeModule> {
 public:
  /// `info` is what `read_module` said of `wasm`.
  [[nodiscard]] static Result<std::shared_ptr<const Module>> compile(
      std::shared_ptr<const Core> core, ModuleInfo info, BytesView wasm);

  /// Of an artefact that the caller vouches for.
  [[nodiscard]] static Result<std::shared_ptr<const Module>> restore(
      std::shared_ptr<const Core> core, ModuleInfo info, const Artefact& artefact);

  WasmtimeModule(std::shared_ptr<const Core> core, ModuleInfo info, ModuleHandle module,
                 std::unique_ptr<const Slots> slots = nullptr);

  [[nodiscard]] std::span<const Import> imports() const noexcept override { return info_.imports; }

  [[nodiscard]] std::span<const Export> exports() const noexcept override { return info_.exports; }

  [[nodiscard]] Result<std::shared_ptr<const LinkedModule>> link(
      std::span<const ImportTable> tables) const override;

  [[nodiscard]] std::size_t instance_slots() const noexcept override {
    return slots_ ? core_->slots() : 0;
  }

  [[nodiscard]] Result<Bytes> artefact() const override;

  [[nodiscard]] std::size_t code_bytes() const noexcept override;

  [[nodiscard]] const Core& core() const noexcept { return *core_; }

  [[nodiscard]] const ModuleInfo& info() const noexcept { return info_; }

  /// The export that host functions see as the guest's memory: the one named `memory`, else the
  /// first that is exported; null when there is none.
  [[nodiscard]] const Export* memory() const noexcept { return memory_; }

  /// Whether its memories stay where they are when they grow: those of 32 bits do, which wasmtime
  /// gives all the addresses they may ever have (`memory_reservation`) where there are enough.
  [[nodiscard]] bool memory_stays() const noexcept { return memory_stays_; }

  /// Null when it has none.
  [[nodiscard]] const Slots* slots() const noexcept { return slots_.get(); }

 private:
  const std::shared_ptr<const Core> core_;
  const ModuleInfo info_;
  const Export* const memory_;  // Within info_.
  const bool memory_stays_;
  const ModuleHandle module_;
  const std::unique_ptr<const Slots> slots_;
};

/// What wasmtime hands back when the guest calls an import: which of our functions that is.
struct HostImport {
  HostFunction::Body body;
  std::size_t table;  ///< Whose state it works on.
  std::uint32_t parameters;
  bool result;  ///< Whether it has one.
};

/// A module with its imports looked up, ready to be instantiated many times.
class WasmtimeLinkedModule final : public LinkedModule,
                                   public std::enable_shared_from_this<WasmtimeLinkedModule> {
 public:
  /// `imports` are what the functions within `prepared` were given as their data.
  WasmtimeLinkedModule(std::shared_ptr<const WasmtimeModule> module,
                       std::vector<HostImport> imports, std::size_t tables,
                       InstancePreHandle prepared, InstancePreHandle prepared_in_slots);

  [[nodiscard]] Result<> may_enter() const override;

  [[nodiscard]] Result<std::unique_ptr<Instance>> instantiate(std::span<HostState* const> states,
                                                              const InstanceLimits& limits,
                                                              const Budget& budget) const override;

  [[nodiscard]] const WasmtimeModule& module() const noexcept { return *module_; }

  /// Where an instance is made that lives in a slot, or elsewhere.
  [[nodiscard]] wasm_engine_t* engine(bool in_slot) const noexcept {
    return in_slot ? module_->slots()->engine() : module_->core().engine();
  }

  [[nodiscard]] const wasmtime_instance_pre_t* prepared(bool in_slot) const noexcept {
    return in_slot ? prepared_in_slots_.get() : prepared_.get();
  }

 private:
  const std::shared_ptr<const WasmtimeModule> module_;
  const std::vector<HostImport> imports_;
  const std::size_t tables_;
  const InstancePreHandle prepared_;
  const InstancePreHandle prepared_in_slots_;  // Null when the module has none.
};

}  // namespace wapc::wasmtime
