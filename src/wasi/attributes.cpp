// What a descriptor is: its kind, flags, rights, size and times; and how it is closed.

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "base/try.hpp"
#include "wasi/held_signals.hpp"
#include "wasi/state.hpp"

namespace wapc::wasi {
namespace {

constexpr std::uint64_t kOffsetMax = std::numeric_limits<off_t>::max();

FileType stream_type(bool is_terminal) {
  return is_terminal ? FileType::character_device : FileType::unknown;
}

/// The type of a stream; nothing when it is none.
std::optional<FileType> stream_type(const Descriptor& descriptor) {
  if (const auto* const input = std::get_if<Input>(&descriptor.object)) {
    return stream_type(input->is_terminal());
  }
  if (const auto* const output = std::get_if<Output>(&descriptor.object)) {
    return stream_type(output->is_terminal());
  }
  return std::nullopt;
}

Outcome<struct stat> status_of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failing_as_host();
  return status;
}

/// Sends what is left of a standard stream on its way, before it is closed.
void finish(Descriptor& descriptor) {
  if (auto* const output = std::get_if<Output>(&descriptor.object)) output->flush();
}

}  // namespace

Outcome<> State::fd_advise(Caller& /*caller*/, Number fd, Long offset, Long length, Number advice) {
  WAPC_TRY([[maybe_unused]] const auto* const advised, file(fd, rights::fd_advise));
#ifdef POSIX_FADV_NORMAL
  constexpr std::array kAdvice{POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                               POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
#else
  constexpr std::array kAdvice{0, 1, 2, 3, 4, 5};  // Nobody to be advised.
#endif
  if (advice >= kAdvice.size() || offset > kOffsetMax || length > kOffsetMax) {
    return failing(Errno::inval);
  }
#ifdef POSIX_FADV_NORMAL
  const auto error = ::posix_fadvise(advised->fd.get(), static_cast<off_t>(offset),
                                     static_cast<off_t>(length), kAdvice[advice]);
  if (error != 0) return failing(errno_of(error));
#endif
  return {};
}

// Not by posix_fallocate, which writes zeros, for as long as that takes, where the file system
// cannot allocate.
Outcome<> State::fd_allocate(Caller& /*caller*/, Number fd, Long offset, Long length) {
  WAPC_TRY([[maybe_unused]] const auto* const grown, changeable_file(fd, rights::fd_allocate));
  if (length == 0) return failing(Errno::inval);
  if (offset > kOffsetMax || length > kOffsetMax - offset) return failing(Errno::fbig);
#ifdef __linux__
  WAPC_TRY(const auto status, status_of(grown->fd.get()));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto end = offset + length;
  const auto counted = std::max(length, end > size ? end - size : 0);
  WAPC_TRY(const auto allowed, writable_bytes(counted));
  if (allowed < counted) return failing(Errno::dquot);
  const HeldSignals held;
  if (::fallocate(grown->fd.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(length)) !=
      0) {
    return failing_as_host();
  }
  bytes_written_ += counted;
  return {};
#else
  return failing(Errno::notsup);
#endif
}

Outcome<> State::fd_close(Caller& /*caller*/, Number fd) {
  WAPC_TRY(auto* const closed, descriptors_.find(fd));
  finish(*closed);
  WAPC_CHECK(descriptors_.remove(fd));
  return {};
}

Outcome<> State::fd_datasync(Caller& /*caller*/, Number fd) {
  WAPC_TRY(const auto* const synced, file(fd, rights::fd_datasync));
#ifdef __APPLE__
  const auto done = ::fsync(synced->fd.get());
#else
  const auto done = ::fdatasync(synced->fd.get());
#endif
  if (done != 0) return failing_as_host();
  return {};
}

Outcome<> State::fd_sync(Caller& /*caller*/, Number fd) {
  WAPC_TRY(const auto* const synced, file(fd, rights::fd_sync));
  if (::fsync(synced->fd.get()) != 0) return failing_as_host();
  return {};
}

Outcome<> State::fd_fdstat_get(Caller& caller, Number fd, Number stat) {
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd));
  WAPC_TRY(const auto bytes, at(caller, stat, FdStat::kBytes));
  FdStat told{.type = stream_type(*descriptor).value_or(FileType::directory),
              .flags = descriptor->flags,
              .base = descriptor->base,
              .inheriting = descriptor->inheriting};
  if (const auto* const opened = std::get_if<File>(&descriptor->object)) {
    told.type = FileType::regular_file;
    if (!opened->readable) told.base &= ~rights::fd_read;
    if (!opened->writable) {
      told.base &= ~(rights::fd_write | rights::fd_allocate | rights::fd_filestat_set_size);
    }
  }
  told.store_in(bytes);
  return {};
}

Outcome<> State::fd_fdstat_set_flags(Caller& /*caller*/, Number fd, Number flags) {
  constexpr auto kSyncs = fdflags::dsync | fdflags::rsync | fdflags::sync;
  WAPC_TRY(auto* const descriptor, descriptors_.find(fd));
  if (std::holds_alternative<Directory>(descriptor->object)) return failing(Errno::badf);
  WAPC_CHECK(descriptors_.find(fd, rights::fd_fdstat_set_flags));
  // How a file is synchronized is decided when it is opened, as in POSIX.
  if ((flags & ~Number{fdflags::every}) != 0 || ((flags ^ descriptor->flags) & kSyncs) != 0) {
    return failing(Errno::inval);
  }
  if (const auto* const opened = std::get_if<File>(&descriptor->object)) {
    const auto host = ::fcntl(opened->fd.get(), F_GETFL);
    const bool appends = (flags & fdflags::append) != 0;
    const auto wanted = appends ? host | O_APPEND : host & ~O_APPEND;
    if (host < 0 || ::fcntl(opened->fd.get(), F_SETFL, wanted) != 0) return failing_as_host();
  }
  descriptor->flags = static_cast<std::uint16_t>(flags);
  return {};
}

Outcome<> State::fd_fdstat_set_rights(Caller& /*caller*/, Number fd, Long base, Long inheriting) {
  WAPC_TRY(auto* const descriptor, descriptors_.find(fd));
  const bool adds = (base & ~descriptor->base) != 0 || (inheriting & ~descriptor->inheriting) != 0;
  if (adds) return failing(Errno::notcapable);
  descriptor->base = base;
  descriptor->inheriting = inheriting;
  return {};
}

template <Edition Of>
Outcome<> State::fd_filestat_get(Caller& caller, Number fd, Number stat) {
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd, rights::fd_filestat_get));
  WAPC_TRY(const auto bytes, at(caller, stat, FileStat::bytes(Of)));
  FileStat told{.type = stream_type(*descriptor).value_or(FileType::unknown)};
  if (const auto* const opened = std::get_if<File>(&descriptor->object)) {
    WAPC_TRY(const auto status, status_of(opened->fd.get()));
    told = FileStat::of(status);
  } else if (const auto* const opened_directory = std::get_if<Directory>(&descriptor->object)) {
    WAPC_TRY(const auto status, status_of(opened_directory->directory->fd()));
    told = FileStat::of(status);
  }
  told.store_in(bytes, Of);
  return {};
}

Outcome<> State::fd_filestat_set_size(Caller& /*caller*/, Number fd, Long size) {
  WAPC_TRY(const auto* const sized, changeable_file(fd, rights::fd_filestat_set_size));
  if (size > kOffsetMax) return failing(Errno::inval);
  WAPC_TRY(const auto status, status_of(sized->fd.get()));
  const auto size_now = static_cast<std::uint64_t>(status.st_size);
  const auto added = size > size_now ? size - size_now : 0;
  WAPC_TRY(const auto allowed, writable_bytes(added));
  if (allowed < added) return failing(Errno::dquot);
  const HeldSignals held;
  if (::ftruncate(sized->fd.get(), static_cast<off_t>(size)) != 0) return failing_as_host();
  bytes_written_ += added;
  return {};
}

Outcome<> State::fd_filestat_set_times(Caller& /*caller*/, Number fd, Long accessed, Long modified,
                                       Number flags) {
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd));
  if (stream_type(*descriptor)) return failing(Errno::badf);
  WAPC_CHECK(descriptors_.find(fd, rights::fd_filestat_set_times));
  WAPC_TRY(const auto both, times(accessed, modified, flags));
  if (const auto* const opened = std::get_if<File>(&descriptor->object)) {
    if (opened->access == DirectoryAccess::read_only) return failing(Errno::perm);
    if (::futimens(opened->fd.get(), both.data()) != 0) return failing_as_host();
    return {};
  }
  const auto& opened = std::get<Directory>(descriptor->object);
  return opened.directory->set_times(".", LinkAtEnd::keep, both);
}

Outcome<> State::fd_prestat_get(Caller& caller, Number fd, Number prestat) {
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd));
  const auto* const found = std::get_if<Directory>(&descriptor->object);
  if (found == nullptr || !found->preopened_as) return failing(Errno::badf);
  WAPC_TRY(const auto bytes, at(caller, prestat, 8));
  store<std::uint32_t>(bytes, 0, 0);  // The one kind there is: a directory.
  store(bytes, 4, static_cast<std::uint32_t>(found->preopened_as->size()));
  return {};
}

Outcome<> State::fd_prestat_dir_name(Caller& caller, Number fd, Number path, Number length) {
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd));
  const auto* const found = std::get_if<Directory>(&descriptor->object);
  if (found == nullptr || !found->preopened_as) return failing(Errno::notdir);
  const auto name = as_bytes(*found->preopened_as);
  if (length < name.size()) return failing(Errno::nametoolong);
  if (!write(caller.memory(), path, name)) return failing(Errno::fault);
  return {};
}

Outcome<> State::fd_renumber(Caller& /*caller*/, Number from, Number to) {
  WAPC_CHECK(descriptors_.find(from));
  WAPC_TRY(auto* const replaced, descriptors_.find(to));
  if (from != to) finish(*replaced);
  return descriptors_.renumber(from, to);
}

Outcome<std::array<timespec, 2>> State::times(Long accessed, Long modified, Number flags) const {
  constexpr Number kSet = 1;  // witx: `fstflags`, for the time of access; that of change follows.
  constexpr Number kNow = 2;
  constexpr Number kBits = 2;
  constexpr Long kSecond = 1'000'000'000;
  const auto& config = grants_->config;
  const bool shows_true_time =
      !config.realtime_clock && config.clock_resolution == std::chrono::nanoseconds{1};
  const auto time = [=, this](Long given, Number which) -> Outcome<timespec> {
    switch (which) {
      case 0: return timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT};
      case kSet: break;
      case kNow:
        if (shows_true_time) return timespec{.tv_sec = 0, .tv_nsec = UTIME_NOW};
        given = static_cast<Long>(grants_->now(kRealtime).value().count());
        break;
      default: return failing(Errno::inval);
    }
    return timespec{.tv_sec = static_cast<time_t>(given / kSecond),
                    .tv_nsec = static_cast<long>(given % kSecond)};
  };
  if (flags >> (2 * kBits) != 0) return failing(Errno::inval);
  WAPC_TRY(const auto first, time(accessed, flags & (kSet | kNow)));
  WAPC_TRY(const auto second, time(modified, flags >> kBits));
  return std::array{first, second};
}

template Outcome<> State::fd_filestat_get<Edition::unstable>(Caller&, Number, Number);
template Outcome<> State::fd_filestat_get<Edition::preview1>(Caller&, Number, Number);

}  // namespace wapc::wasi
