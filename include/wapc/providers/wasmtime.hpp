#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

/// What belongs to the engine as a whole.
struct WasmtimeOptions {
  /// What makes guests' code.
  enum class Compiler : std::uint8_t {
    cranelift,  ///< Optimises.
    winch,      ///< Goes over each function once: a fifth of the work, and slower code.
  };

  /// Winch is for guests that have to be there soon, or do not run for long. An engine of it is
  /// called `winch`. It compiles on the thread that loads, so that nothing which is compiled
  /// elsewhere is waited for, and takes 512 KiB of that thread's native stack. It is there on
  /// x86-64 alone, needs `use_signals`, and has no relaxed SIMD, tail calls, exceptions,
  /// `externref`, typed function references or garbage collection. For SIMD it needs a processor
  /// with AVX, and for some instructions with AVX2 or AVX-512: else such a module is refused.
  Compiler compiler = Compiler::cranelift;

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

  /// How many instances of each module have room made beforehand, where a fresh one takes a fifth
  /// of the time: for guests that are started anew for each call. Sized by the module; one more
  /// than these is made as if there were none. Each keeps up to 256 KiB of memory while it is free,
  /// and takes 4 GiB of addresses for each linear memory and 4 more. A module has none where the
  /// process cannot have twice as many of these (`Module::instance_slots`). At most 4,000.
  std::uint32_t instance_slots = 0;

  /// Who is told where the code of each guest's functions lies, and their names, when a module is
  /// loaded.
  enum class Profiling : std::uint8_t {
    none,
    perf_map,  ///< perf, by `/tmp/perf-PID.map`: names, all that `perf report` takes.
    jitdump,   ///< perf, by `./jit-PID.dump`: the code, too, once `perf inject --jit` merged it.
  };
  Profiling profiling = Profiling::none;
};

/// wasmtime: compiles modules to machine code when they are loaded, by Cranelift on threads of its
/// own. Handles some signals for the program (a trap in a guest may be one), and passes on those
/// that are not its own to the handlers that were there when the first engine was made.
///
/// Each linear memory of 32 bits has 4 GiB of addresses to itself. A process that may have less
/// than 1 TiB of them (RLIMIT_AS, when the engine is made) has code that takes a memory's own size
/// and looks at each access instead, and takes longer.
///
/// Fails with `invalid_options` when the options cannot be met, `limit_exceeded` when the process
/// has no addresses for `instance_slots`, `unavailable` when a file for `profiling` cannot be
/// written, `unsupported` when the build of wasmtime lacks the compiler, or what an option needs.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_wasmtime_engine(
    const WasmtimeOptions& options = {});

}  // namespace wapc
