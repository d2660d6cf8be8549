#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/native_stack.hpp"
#include "engine/ticker.hpp"
#include "providers/wasmtime/handles.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/providers/wasmtime.hpp"

namespace wapc::wasmtime {

/// Addresses that a memory of 32 bits has to itself, so that its code need not look where an access
/// goes: all that it can name, and as many beyond them as wasmtime keeps free.
inline constexpr std::uint64_t kMemoryReservation = std::uint64_t{1} << 32U;
inline constexpr std::uint64_t kMemoryAddresses = kMemoryReservation + (std::uint64_t{32} << 20U);

/// What the engine, its modules and their instances share, and the last of them drops. Immutable
/// but for its epoch, and thread-safe.
class Core {
 public:
  /// `options` are ones that the engine can meet.
  explicit Core(const WasmtimeOptions& options);

  [[nodiscard]] wasm_engine_t* engine() const noexcept { return engine_.get(); }

#ifdef WASMTIME_FEATURE_POOLING_ALLOCATOR
  /// Another engine, the same but that its instances live in slots, which are there for the taking.
  [[nodiscard]] EngineHandle make_engine(const wasmtime_pooling_allocation_config_t& slots) const;
#endif

  /// Its epoch moves on as `engine()`'s does, until it is dropped.
  void add_to_ticks(wasm_engine_t* engine) const;
  void drop_from_ticks(wasm_engine_t* engine) const noexcept;

  [[nodiscard]] const EngineInfo& info() const noexcept { return info_; }

  [[nodiscard]] WasmtimeOptions::Compiler compiler() const noexcept { return options_.compiler; }

  /// How many instances of each module have room made beforehand.
  [[nodiscard]] std::uint32_t slots() const noexcept { return options_.instance_slots; }

  /// For whoever makes some.
  [[nodiscard]] std::mutex& slots_mutex() const noexcept { return slots_mutex_; }

  /// Whether memories of 32 bits have `kMemoryAddresses`, and so stay where they are.
  [[nodiscard]] bool reserves_memory() const noexcept { return reserves_memory_; }

  /// Whether the calling thread may enter guest code: with too little native stack, guest code
  /// would run into its end before it met the engine's limit; without ticks nothing would end it.
  [[nodiscard]] bool may_enter() const noexcept {
    return native_stack_left() >= stack_needed_ && ticker_.alive();
  }

  [[nodiscard]] Error why_not_enter() const;

  /// Moves the epoch on: running guests look at their budget whenever it has.
  [[nodiscard]] Ticker& ticker() const noexcept { return ticker_; }

 private:
  const WasmtimeOptions options_;
  const bool reserves_memory_;
  const EngineInfo info_;
  const std::size_t stack_needed_;
  const EngineHandle engine_;
  mutable std::mutex slots_mutex_;
  mutable std::mutex ticked_mutex_;
  mutable std::vector<wasm_engine_t*> ticked_;  // Beside engine_.
  mutable Ticker ticker_;                       // Locks itself. Last: its thread uses the engines.
};

}  // namespace wapc::wasmtime
