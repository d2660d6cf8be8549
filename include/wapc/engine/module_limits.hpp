#pragma once

#include <cstddef>
#include <cstdint>

namespace wapc {

/// What a module may be like. Looked at while it is read, before an engine sees it: time and memory
/// that an engine takes to compile a module grow with these and cannot be cut off inside it. A
/// module beyond them is refused with `limit_exceeded`, which names the thing and the limit. Those
/// that have no limit here (types, names, ...) are bounded by the size.
///
/// The validator, wasmparser, has bounds of its own, which no limit here lifts: 50,000 locals,
/// 7,654,321 bytes of code in a function, 100,000 bytes of a name. Beyond those the error is
/// `invalid_module`, as it is in most engines and in browsers.
struct ModuleLimits {
  /// Of the whole file. Guests in Go, the largest that are usual, have 2 to 20 MiB.
  std::size_t bytes = 64U << 20U;

  /// Bytes of one function's code. Compilers take more than twice as long for twice the code.
  std::size_t function_bytes = 2U << 20U;

  std::uint32_t functions = 100'000;  ///< Imported ones too.
  std::uint32_t globals = 100'000;    ///< Imported ones too.
  std::uint32_t imports = 10'000;
  std::uint32_t exports = 100'000;
  std::uint32_t data_segments = 100'000;
  std::uint32_t element_segments = 100'000;

  /// Of one function, its parameters too. Each takes native stack in every call of it.
  std::uint32_t locals = 50'000;

  /// How deep blocks may be nested in a function. Go makes a block for each place where a goroutine
  /// can go on, some thousands in one function.
  std::uint32_t nesting = 10'000;
};

}  // namespace wapc
