#pragma once

#include <memory>

#include "engine/ticker.hpp"
#include "providers/wasmtime/handles.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/providers/wasmtime.hpp"

namespace wapc::wasmtime {

/// What the engine, its modules and their instances share, and the last of them drops. Immutable
/// but for its epoch, and thread-safe.
class Core {
 public:
  /// `options` are ones that the engine can meet.
  explicit Core(const WasmtimeOptions& options);

  [[nodiscard]] wasm_engine_t* engine() const noexcept { return engine_.get(); }

  [[nodiscard]] const EngineInfo& info() const noexcept { return info_; }

  /// Bytes of native stack that a thread must have left to enter a guest: with less, guest code
  /// would run into the end of the stack before it met the engine's limit.
  [[nodiscard]] std::size_t stack_needed() const noexcept { return stack_needed_; }

  /// Moves the epoch on: running guests look at their budget whenever it has.
  [[nodiscard]] Ticker& ticker() const noexcept { return ticker_; }

 private:
  const EngineInfo info_;
  const std::size_t stack_needed_;
  const EngineHandle engine_;
  mutable Ticker ticker_;  // Locks itself. Last: its thread uses the engine.
};

}  // namespace wapc::wasmtime
