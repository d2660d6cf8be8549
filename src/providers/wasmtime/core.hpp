#pragma once

#include <cstddef>
#include <memory>

#include "engine/native_stack.hpp"
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

  /// Whether the calling thread may enter guest code: with too little native stack, guest code
  /// would run into its end before it met the engine's limit; without ticks nothing would end it.
  [[nodiscard]] bool may_enter() const noexcept {
    return native_stack_left() >= stack_needed_ && ticker_.alive();
  }

  [[nodiscard]] Error why_not_enter() const;

  /// Moves the epoch on: running guests look at their budget whenever it has.
  [[nodiscard]] Ticker& ticker() const noexcept { return ticker_; }

 private:
  const EngineInfo info_;
  const std::size_t stack_needed_;
  const EngineHandle engine_;
  mutable Ticker ticker_;  // Locks itself. Last: its thread uses the engine.
};

}  // namespace wapc::wasmtime
