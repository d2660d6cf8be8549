#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

/// What belongs to the engine as a whole.
struct Wasm3Options {
  /// Size of the interpreter's own value stack of each instance, in bytes.
  std::size_t value_stack_bytes = 512U << 10U;

  /// Native stack that guest code may use, in bytes, where the thread has it: never more than what
  /// the calling thread has left, less 96 KiB. A thread with less than 128 KiB left calls no
  /// guests.
  std::size_t stack_bytes = 512U << 10U;

  /// How often running guests look at their budget.
  std::chrono::milliseconds tick{1};
};

/// wasm3: interprets modules; starts at once and takes little memory. Fails with `invalid_options`
/// when the options cannot be met.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_wasm3_engine(const Wasm3Options& options = {});

}  // namespace wapc
