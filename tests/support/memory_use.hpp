#pragma once

#include <cstdint>

namespace wapc {

/// What a thread has asked of the C library so far: for a test that says what a call may take. It
/// counts what C++, C and Rust do in this process, whether linked or loaded.
struct MemoryUse {
  std::uint64_t allocations = 0;   ///< By malloc and its kin; growing counts anew.
  std::uint64_t news = 0;          ///< Of these, by `new`: not the engine's, which is Rust or C.
  std::uint64_t copied_bytes = 0;  ///< Written by memcpy, memmove and memset.
};

/// Of the calling thread.
[[nodiscard]] MemoryUse memory_use() noexcept;

/// Whether anything is counted: not where a sanitizer has an allocator of its own.
[[nodiscard]] bool counts_memory_use() noexcept;

}  // namespace wapc
