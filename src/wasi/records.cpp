#include "wasi/records.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace wapc::wasi {
namespace {

// Times that a guest cannot be told become the nearest that it can.
std::uint64_t nanoseconds_of(const timespec& time) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr auto kSecondsMax = std::numeric_limits<std::uint64_t>::max() / kSecond - 1;
  if (time.tv_sec < 0) return 0;
  const auto seconds = std::min(static_cast<std::uint64_t>(time.tv_sec), kSecondsMax);
  return seconds * kSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

FileType file_type(mode_t mode) noexcept {
  if (S_ISREG(mode)) return FileType::regular_file;
  if (S_ISDIR(mode)) return FileType::directory;
  if (S_ISLNK(mode)) return FileType::symbolic_link;
  if (S_ISCHR(mode)) return FileType::character_device;
  if (S_ISBLK(mode)) return FileType::block_device;
  if (S_ISSOCK(mode)) return FileType::socket_stream;
  return FileType::unknown;
}

void FdStat::store_in(GuestMemory bytes) const {
  std::ranges::fill(bytes, std::byte{0});
  store(bytes, 0, std::to_underlying(type));
  store(bytes, 2, flags);
  store(bytes, 8, base);
  store(bytes, 16, inheriting);
}

FileStat FileStat::of(const struct stat& status) {
#ifdef __APPLE__
  const auto& accessed = status.st_atimespec;
  const auto& modified = status.st_mtimespec;
  const auto& changed = status.st_ctimespec;
#else
  const auto& accessed = status.st_atim;
  const auto& modified = status.st_mtim;
  const auto& changed = status.st_ctim;
#endif
  return {.device = static_cast<std::uint64_t>(status.st_dev),
          .inode = status.st_ino,
          .type = file_type(status.st_mode),
          .links = status.st_nlink,
          .size = static_cast<std::uint64_t>(status.st_size),
          .accessed = nanoseconds_of(accessed),
          .modified = nanoseconds_of(modified),
          .changed = nanoseconds_of(changed)};
}

void FileStat::store_in(GuestMemory bytes, Edition edition) const {
  std::ranges::fill(bytes, std::byte{0});
  store(bytes, 0, device);
  store(bytes, 8, inode);
  store(bytes, 16, std::to_underlying(type));
  const bool old = edition == Edition::unstable;
  if (old) {
    constexpr std::uint64_t kLinksMax = std::numeric_limits<std::uint32_t>::max();
    store(bytes, 20, static_cast<std::uint32_t>(std::min(links, kLinksMax)));
  } else {
    store(bytes, 24, links);
  }
  const std::size_t rest = old ? 24 : 32;
  store(bytes, rest, size);
  store(bytes, rest + 8, accessed);
  store(bytes, rest + 16, modified);
  store(bytes, rest + 24, changed);
}

void DirectoryEntry::store_in(GuestMemory bytes) const {
  std::ranges::fill(bytes, std::byte{0});
  store(bytes, 0, next);
  store(bytes, 8, inode);
  store(bytes, 16, name_length);
  store(bytes, 20, std::to_underlying(type));
}

}  // namespace wapc::wasi
