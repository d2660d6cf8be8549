#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "wapc/base/bytes.hpp"

namespace wapc {

/// A guest's linear memory as it is at this moment. `memory.grow` invalidates it, so it is never
/// kept across a call into the guest.
using GuestMemory = std::span<std::byte>;

/// The `length` bytes at `pointer`, both from the guest and not to be trusted; nothing when they
/// do not lie within `memory`. The only place that turns a guest's numbers into a view.
[[nodiscard]] inline std::optional<GuestMemory> slice(GuestMemory memory, std::uint32_t pointer,
                                                      std::size_t length) noexcept {
  if (pointer > memory.size() || length > memory.size() - pointer) return std::nullopt;
  return memory.subspan(pointer, length);
}

/// Copies `bytes` to `block`, which has room for them.
inline void write(GuestMemory block, BytesView bytes) noexcept {
  std::copy(bytes.begin(), bytes.end(), block.begin());  // ranges::copy: bytewise in GCC 12.
}

/// Copies `bytes` to `pointer`; false, and nothing written, when they do not fit there.
[[nodiscard]] inline bool write(GuestMemory memory, std::uint32_t pointer,
                                BytesView bytes) noexcept {
  const auto target = slice(memory, pointer, bytes.size());
  if (!target) return false;
  write(*target, bytes);
  return true;
}

/// Reads a whole number at `at` as WebAssembly lays it out: little-endian, whatever the host is.
/// The caller has made sure that it is there.
template <std::unsigned_integral T>
[[nodiscard]] T load(BytesView bytes, std::size_t at) noexcept {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[at + i]) << (8 * i)));
  }
  return value;
}

/// Writes one; the caller has made sure that there is room.
template <std::unsigned_integral T>
void store(GuestMemory bytes, std::size_t at, T value) noexcept {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

}  // namespace wapc
