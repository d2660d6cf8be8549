#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

/// What belongs to the engine as a whole.
struct WasmtimeOptions {
  /// Native stack for guest code, in bytes, from 16 KiB to 1 GiB. A thread that calls a guest needs
  /// this and 128 KiB more; with less left, the call fails with `limit_exceeded`.
  std::size_t stack_bytes = 512U << 10U;

  /// How often running guests look at their budget. A thread of the engine's wakes up as often
  /// while there are instances. A deadline that passes between a call's last look and its end goes
  /// unnoticed; one bulk instruction, such as a fill of the whole memory, is not interrupted.
  std::chrono::milliseconds tick{1};

  /// Whether guests burn fuel, so that `InstanceLimits::fuel` bounds their work by something other
  /// than time. Code takes up to half as long again.
  bool count_fuel = false;

  /// Whether traps in guest code are found by signals of the processor's. Without them guest code
  /// checks for itself and takes up to twice as long: for programs whose own handlers of SIGSEGV,
  /// SIGFPE, SIGILL, SIGBUS or SIGTRAP are installed later than the first engine is made and do not
  /// pass on what is not theirs.
  bool use_signals = true;
};

/// wasmtime: compiles modules to machine code when they are loaded, on threads of its own. Handles
/// some signals for the program (a trap in a guest may be one), and passes on those that are not
/// its own to the handlers that were there when the first engine was made.
///
/// Fails with `invalid_options` when the options cannot be met, `unsupported` when the build of
/// wasmtime lacks its compiler.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_wasmtime_engine(
    const WasmtimeOptions& options = {});

}  // namespace wapc
