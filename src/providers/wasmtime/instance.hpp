#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/ticker.hpp"
#include "providers/wasmtime/core.hpp"
#include "providers/wasmtime/handles.hpp"
#include "providers/wasmtime/module.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc::wasmtime {

/// One store with one instance in it.
///
/// Deadlines and stop tokens: the engine's epoch moves on every tick, and code that finds it moved
/// calls `look_at_budget`. Nothing is armed for a call: an epoch that went by between two calls is
/// noticed at the start of the second, once in a tick, which costs less than arming.
class WasmtimeInstance final : public Instance {
 public:
  WasmtimeInstance(std::shared_ptr<const WasmtimeLinkedModule> linked,
                   std::span<HostState* const> states, const InstanceLimits& limits,
                   Slots::Lease slot);

  WasmtimeInstance(const WasmtimeInstance&) = delete;
  WasmtimeInstance& operator=(const WasmtimeInstance&) = delete;

  ~WasmtimeInstance() override;

  /// Makes the instance, and runs the start section within `budget`. Called once, first.
  [[nodiscard]] Result<> start(const Budget& budget);

  [[nodiscard]] Result<std::uint64_t> call(ExportIndex index,
                                           std::span<const std::uint64_t> arguments,
                                           const Budget& budget) override;

  [[nodiscard]] bool was_entered() const noexcept override { return entered_; }

  [[nodiscard]] GuestMemory memory() override;

  [[nodiscard]] GuestMemory memory_before(std::uint64_t end) override;

  [[nodiscard]] const Budget& budget() const override;

  /// What every import is to the engine, `import` being its `HostImport`: calls that host function
  /// with the guest's `values`, and puts its result there. Returns null, or what makes the engine
  /// stop the guest.
  static wasm_trap_t* answer(void* import, wasmtime_caller_t* caller, wasmtime_val_raw_t* values,
                             std::size_t count) noexcept;

 private:
  // An exported function that was called before.
  struct Function {
    ExportIndex index{};
    wasmtime_func_t handle{};
    std::size_t parameters = 0;
    std::optional<ValueType> result;
  };

  class Entered;

  [[nodiscard]] bool may_enter(const Budget& budget) const noexcept;
  [[nodiscard]] Error why_not_enter(const Budget& budget) const;
  void refuel() noexcept;
  [[nodiscard]] const Function* find(ExportIndex index) const noexcept;
  [[nodiscard]] Result<const Function*> look_up(ExportIndex index);
  void find_memory();
  [[nodiscard]] Error why(const wasmtime_error_t* error, const wasm_trap_t* trap);
  [[nodiscard]] wasmtime_error_t* look_at_budget() noexcept;

  const std::shared_ptr<const WasmtimeLinkedModule> linked_;
  const Core& core_;  // The module's.
  const std::vector<HostState*> states_;
  const std::optional<std::uint64_t> fuel_;  // For each entry.
  const Ticker::Use ticks_;
  const Slots::Lease slot_;
  StoreHandle store_;  // Of what is above, all is dropped later.
  wasmtime_context_t* context_;
  std::optional<wasmtime_instance_t> instance_;  // From the end of the start section on.
  std::optional<wasmtime_memory_t> memory_;      // Once it was asked for.
  GuestMemory known_memory_;                     // As it was last seen, if it stays where it is.
  std::vector<Function> functions_;

  bool entered_ = false;                 // By the last call.
  const Budget* budget_ = nullptr;       // Of the call in progress.
  wasmtime_caller_t* caller_ = nullptr;  // Of the host function in progress.
  std::optional<Error> stopped_by_;      // Why we had the engine stop the guest.
};

}  // namespace wapc::wasmtime
