#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/rpc/event.hpp"

namespace wapc {

/// Imports of a program's own, offered to guests beside those of waPC and WASI: a table of
/// functions, and what makes the state that one instance's functions work on.
struct OwnImports {
  ImportTable table;
  std::function<std::unique_ptr<HostState>()> make_state;  ///< Of the table's `state_type`.
};

struct GuestModuleOptions {
  std::vector<OwnImports> imports = {};

  /// What the module may be like; looked at before an engine sees it.
  ModuleLimits limits = {};

  /// How long a caller waits at most for a module to be compiled; the budget may allow less.
  /// `std::chrono::nanoseconds::max()` for as long as it takes, and then on the caller's thread.
  std::chrono::nanoseconds load_timeout = std::chrono::minutes{2};

  std::shared_ptr<EventSink> events = nullptr;  ///< Is told that the module was loaded, or why not.
};

/// A module that speaks waPC, compiled, checked and linked once for all its hosts. Immutable and
/// thread-safe. It outlives the engine it was loaded with, if need be.
class GuestModule {
 public:
  /// A start function that the guest exports, in the order in which a host calls them.
  struct StartFunction {
    std::string name;
    ExportIndex index;
  };

  /// Fails with `invalid_module` when `wasm` is not a waPC guest that this engine can run: what the
  /// engine says of it, no `__guest_call` or exported memory, `__guest_call` or a start function of
  /// another type, an older protocol, or imports that nothing offers, all of them listed. WASI is
  /// offered only to a guest that imports it. Fails with `limit_exceeded`, `deadline_exceeded`,
  /// `cancelled` or `overloaded` as `Engine::compile` does.
  [[nodiscard]] static Result<std::shared_ptr<const GuestModule>> load(
      const Engine& engine, BytesView wasm, GuestModuleOptions options = {},
      const Budget& budget = {});

  [[nodiscard]] const LinkedModule& linked() const noexcept { return *linked_; }

  [[nodiscard]] ExportIndex guest_call() const noexcept { return guest_call_; }

  [[nodiscard]] std::span<const StartFunction> start_functions() const noexcept {
    return start_functions_;
  }

  /// What the engine says of itself that runs it.
  [[nodiscard]] const EngineInfo& engine() const noexcept { return engine_; }

  /// Whether an instance needs a `Wasi`.
  [[nodiscard]] bool uses_wasi() const noexcept { return uses_wasi_; }

  /// What the module takes of memory, however many hosts there are: see `Module::code_bytes`.
  [[nodiscard]] std::size_t code_bytes() const noexcept { return code_bytes_; }

  /// For how many hosts there is room made beforehand: see `Module::instance_slots`.
  [[nodiscard]] std::size_t instance_slots() const noexcept { return instance_slots_; }

  /// What each host takes beside its guest's memory: see `Module::instance_bytes`.
  [[nodiscard]] std::size_t instance_bytes() const noexcept { return instance_bytes_; }

  [[nodiscard]] std::span<const OwnImports> own_imports() const noexcept { return own_imports_; }

 private:
  GuestModule() = default;

  [[nodiscard]] static Result<std::shared_ptr<const GuestModule>> load_quietly(
      const Engine& engine, BytesView wasm, GuestModuleOptions options, const Budget& budget);

  EngineInfo engine_;
  std::shared_ptr<const LinkedModule> linked_;
  ExportIndex guest_call_{};
  std::vector<StartFunction> start_functions_;
  bool uses_wasi_ = false;
  std::size_t code_bytes_ = 0;
  std::size_t instance_bytes_ = 0;
  std::size_t instance_slots_ = 0;
  std::vector<OwnImports> own_imports_;
};

}  // namespace wapc
