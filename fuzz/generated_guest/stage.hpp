#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/host/host.hpp"

namespace wapc::fuzzing {

/// What happened while a guest was loaded, started and called: what the guest asked for and said,
/// and how each of these ended, in order. Of endless guests the first of it.
using Transcript = std::vector<std::string>;

struct StageOptions {
  std::chrono::nanoseconds timeout;  ///< Of each call, and of the start.
  std::size_t calls = 3;
  std::size_t performances = 1;  ///< Each on a fresh instance; the last counts.
};

/// Whether `engine` runs a generated guest, which only Winch may not: the others have all that such
/// guests are made of.
[[nodiscard]] bool runs(const Engine& engine, BytesView wasm);

/// Loads a generated guest, starts it, calls it, and answers it: the handler by what it is asked,
/// random numbers and clocks always the same. Ends the program when an error has a code that the
/// failing function does not document, or a text is not UTF-8. `loads`: it is valid, and so it is
/// to load.
[[nodiscard]] Transcript perform(const Engine& engine, BytesView wasm, const StageOptions& options);

/// What differs between two transcripts first; empty when nothing does.
[[nodiscard]] std::string difference(const Transcript& one, const Transcript& other);

/// How often things ended how, told at the end of the program to whoever asks with
/// WAPC_FUZZ_OUTCOMES in the environment.
void count_outcome(std::string_view what);

}  // namespace wapc::fuzzing
