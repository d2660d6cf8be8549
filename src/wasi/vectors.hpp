#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "wapc/engine/guest_memory.hpp"
#include "wasi/errno.hpp"

namespace wapc::wasi {

/// The parts of a guest's scatter or gather list, as the host's system takes them: views of the
/// guest's memory, which may overlap. Only the first `kPartsMax` that hold anything, and of those
/// the first `kBytesMax` bytes: WASI allows to read or write less than was asked for.
class Vectors {
 public:
  static constexpr std::size_t kPartsMax = 64;

  /// No system call moves more at once on Linux, and elsewhere it fails for little more. Parts that
  /// overlap could come to more than the 32 bits that a guest counts bytes with.
  static constexpr std::uint64_t kBytesMax = (std::uint64_t{1} << 31U) - 4096;

  /// How many of a list are looked at: what POSIX calls IOV_MAX.
  static constexpr std::uint32_t kListMax = 1024;

  /// Fails with `fault` when the list, or any of the parts that are looked at, is not in the
  /// memory; with `inval` when the list is longer and none of those parts holds anything.
  [[nodiscard]] static Outcome<Vectors> read(GuestMemory memory, std::uint32_t pointer,
                                             std::uint32_t count);

  /// The first `bytes_max` bytes of parts that are known to be in the memory.
  Vectors(std::span<const iovec> parts, std::uint64_t bytes_max);

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] std::span<const iovec> all() const noexcept;

  /// As many of the first parts as hold `bytes_max` bytes, the last one cut; valid until the next
  /// call.
  [[nodiscard]] std::span<const iovec> first(std::uint64_t bytes_max);

  /// Drops so many bytes from the front.
  void advance(std::uint64_t bytes);

 private:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): to clear the arrays would show.
  Vectors() noexcept {}  // NOLINT(modernize-use-equals-default): that would clear them.

  /// Adds as much of a part as there is room for.
  void add(iovec part, std::uint64_t bytes_max);

  std::array<iovec, kPartsMax> parts_;
  std::array<iovec, kPartsMax> cut_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace wapc::wasi
