#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/native_stack.hpp"
#include "engine/ticker.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/providers/wasm3.hpp"

namespace wapc::wasm3 {

/// What the engine, its modules and their instances share, and the last of them drops. Immutable
/// but for its ticks, and thread-safe.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the counter has its cache line alone.
class Core {
 public:
  /// `options` are ones that the engine can meet.
  explicit Core(const Wasm3Options& options);

  [[nodiscard]] const EngineInfo& info() const noexcept { return info_; }

  [[nodiscard]] const Wasm3Options& options() const noexcept { return options_; }

  /// Goes up with every tick; read by running guests, atomically.
  [[nodiscard]] const std::uint32_t* ticks() const noexcept { return &ticks_; }

  [[nodiscard]] Ticker& ticker() const noexcept { return ticker_; }

 private:
  const EngineInfo info_;
  const Wasm3Options options_;
  // On a cache line of its own: guests look at it at each turn of a loop.
  alignas(64) std::uint32_t ticks_ = 0;
  alignas(64) mutable Ticker ticker_;  // Locks itself. Last: its thread counts the ticks.
};

/// Native stack beyond what guest code may use: for the host functions that it calls, and for the
/// steps of the interpreter that look at the stack only after they have taken some.
inline constexpr std::size_t kStackReserve = 96U << 10U;

/// With less it is not worth entering a guest.
inline constexpr std::size_t kStackNeeded = kStackReserve + (32U << 10U);

/// The lowest address that the native stack of a guest may come to when it is called here and now
/// and may use `stack_bytes`; null when the calling thread's stack has too little room for guest
/// code.
[[nodiscard]] inline const void* stack_limit(std::size_t stack_bytes) noexcept {
  const auto left = native_stack_left();
  if (left < kStackNeeded) [[unlikely]]
    return nullptr;
  // Where the end of the stack is not known, `left` is the largest number there is.
  const auto usable = std::min(left - kStackReserve, stack_bytes);
  return static_cast<const std::byte*>(__builtin_frame_address(0)) - usable;
}

/// The error of a call for which there is no such address.
[[nodiscard]] Error too_little_stack();

}  // namespace wapc::wasm3
