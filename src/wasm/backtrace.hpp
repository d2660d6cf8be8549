#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "wapc/wasm/module_info.hpp"

namespace wapc {

/// One call in progress in a guest.
struct Frame {
  std::uint32_t function = 0;         ///< Its index in the module.
  std::optional<std::size_t> offset;  ///< Of the instruction, from the start of the file.
};

/// How many frames a backtrace shows.
inline constexpr std::size_t kFramesMax = 64;

/// What an `Error` shows of `frames`, innermost first: a line each, `#0 name (offset 0x2a)`, or
/// `#0 name at src/lib.rs:12 (offset 0x2a)` when the module carries its lines, at most
/// `kFramesMax`. Names are the guest's, and may hold anything: they are cut, and made UTF-8
/// without control characters.
[[nodiscard]] std::string backtrace(std::span<const Frame> frames, const ModuleInfo& module);

}  // namespace wapc
