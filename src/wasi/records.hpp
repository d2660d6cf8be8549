#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/stat.h>

#include "wapc/engine/guest_memory.hpp"
#include "wasi/rights.hpp"

// How the specification (witx) lays out in a guest's memory what functions give, and the numbers
// that guests pass in. `store` functions take exactly as many bytes as the record has.

namespace wapc::wasi {

/// `wasi_unstable`, the predecessor of preview 1, counts `whence` in another way, and lays out file
/// statistics and subscriptions differently.
enum class Edition : std::uint8_t { unstable, preview1 };

enum class FileType : std::uint8_t {  // witx: `filetype`.
  unknown,
  block_device,
  character_device,
  directory,
  regular_file,
  socket_dgram,
  socket_stream,
  symbolic_link,
};

/// The type of what the host's mode says; FIFOs are `unknown`, as WASI has no word for them.
[[nodiscard]] FileType file_type(mode_t mode) noexcept;

// NOLINTBEGIN(readability-identifier-naming): the specification's own names.
namespace fdflags {
inline constexpr std::uint16_t append = 1U << 0U;
inline constexpr std::uint16_t dsync = 1U << 1U;
inline constexpr std::uint16_t nonblock = 1U << 2U;
inline constexpr std::uint16_t rsync = 1U << 3U;
inline constexpr std::uint16_t sync = 1U << 4U;
inline constexpr std::uint16_t every = (1U << 5U) - 1;
}  // namespace fdflags

// NOLINTEND(readability-identifier-naming)

/// witx: `fdstat`.
struct FdStat {
  static constexpr std::size_t kBytes = 24;

  FileType type;
  std::uint16_t flags;
  Rights base;
  Rights inheriting;

  void store_in(GuestMemory bytes) const;
};

/// witx: `filestat`. What an edition has no room for is dropped.
struct FileStat {
  static constexpr std::size_t bytes(Edition edition) {
    return edition == Edition::unstable ? 56 : 64;
  }

  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  FileType type = FileType::unknown;
  std::uint64_t links = 0;
  std::uint64_t size = 0;
  std::uint64_t accessed = 0;  // Nanoseconds since the beginning of 1970; 0 for what was before.
  std::uint64_t modified = 0;
  std::uint64_t changed = 0;

  [[nodiscard]] static FileStat of(const struct stat& status);

  void store_in(GuestMemory bytes, Edition edition) const;
};

/// witx: `dirent`, without the name that follows it.
struct DirectoryEntry {
  static constexpr std::size_t kBytes = 24;

  std::uint64_t next;
  std::uint64_t inode;
  std::uint32_t name_length;
  FileType type;

  void store_in(GuestMemory bytes) const;
};

}  // namespace wapc::wasi
