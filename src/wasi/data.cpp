// What a descriptor reads and writes: files, standard streams, and the entries of a directory.

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/try.hpp"
#include "wapc/base/utf8.hpp"
#include "wasi/held_signals.hpp"
#include "wasi/state.hpp"

namespace wapc::wasi {
namespace {

constexpr std::uint64_t kPieceBytes = 1U << 20U;  // Between two looks at the budget.
constexpr std::uint64_t kOffsetMax = std::numeric_limits<off_t>::max();

/// Moves bytes between a file and a guest's memory piece by piece, by `move`, which takes parts and
/// says how many bytes were moved or -1, until one piece is not whole. What was moved before an
/// error counts.
template <typename Move>
Outcome<std::uint32_t> move_in_pieces(Vectors& vectors, std::uint64_t bytes_max,
                                      const Budget& budget, Move move) {
  std::uint64_t left = std::min(vectors.bytes(), bytes_max);
  std::uint64_t moved = 0;
  while (left > 0) {
    const auto piece = std::min(left, kPieceBytes);
    if (moved > 0) WAPC_CHECK(budget.check());
    const auto done = move(vectors.first(piece), moved);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && moved == 0) return failing_as_host();
    if (done <= 0) break;
    moved += static_cast<std::uint64_t>(done);
    left -= static_cast<std::uint64_t>(done);
    vectors.advance(static_cast<std::uint64_t>(done));
    if (static_cast<std::uint64_t>(done) < piece) break;
  }
  return static_cast<std::uint32_t>(moved);
}

using Offset = std::optional<off_t>;  // In a file; nothing: where it stands.

Outcome<std::uint32_t> read_file(const File& file, Vectors& vectors, Offset offset,
                                 const Budget& budget) {
  if (!file.readable) return failing(Errno::badf);
  return move_in_pieces(
      vectors, kOffsetMax, budget, [&](std::span<const iovec> parts, std::uint64_t moved) {
        const auto count = static_cast<int>(parts.size());
        if (!offset) return ::readv(file.fd.get(), parts.data(), count);
        return ::preadv(file.fd.get(), parts.data(), count, *offset + static_cast<off_t>(moved));
      });
}

/// Whether a file that grows too large costs the process a signal.
bool file_size_is_limited() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

Outcome<std::uint32_t> write_file(const File& file, Vectors& vectors, std::uint64_t bytes_max,
                                  Offset offset, const Budget& budget) {
  std::optional<HeldSignals> held;
  if (file_size_is_limited()) held.emplace();
  return move_in_pieces(
      vectors, bytes_max, budget, [&](std::span<const iovec> parts, std::uint64_t moved) {
        const auto count = static_cast<int>(parts.size());
        if (!offset) return ::writev(file.fd.get(), parts.data(), count);
        return ::pwritev(file.fd.get(), parts.data(), count, *offset + static_cast<off_t>(moved));
      });
}

/// How far behind the end of the file a write at `offset` begins.
Outcome<std::uint64_t> gap_before(const File& file, Offset offset) {
  const auto flags = ::fcntl(file.fd.get(), F_GETFL);
  if (flags < 0) return failing_as_host();
  if ((flags & O_APPEND) != 0) return 0;
  const auto begin = offset ? *offset : ::lseek(file.fd.get(), 0, SEEK_CUR);
  struct stat status{};
  if (begin < 0 || ::fstat(file.fd.get(), &status) != 0) return failing_as_host();
  return static_cast<std::uint64_t>(std::max<off_t>(begin - status.st_size, 0));
}

/// The host's word for what a guest counts an offset from.
std::optional<int> whence_of(std::uint32_t whence, Edition edition) {
  constexpr std::array kUnstable{SEEK_CUR, SEEK_END, SEEK_SET};
  constexpr std::array kPreview1{SEEK_SET, SEEK_CUR, SEEK_END};
  if (whence >= kPreview1.size()) return std::nullopt;
  return edition == Edition::unstable ? kUnstable[whence] : kPreview1[whence];
}

/// What a directory gives of one entry.
struct Listed {
  std::string_view name;  // Valid until the next one is asked for.
  std::uint64_t inode;
  FileType type;
};

FileType type_of(const dirent& entry, int directory) {
  switch (entry.d_type) {
    case DT_REG: return FileType::regular_file;
    case DT_DIR: return FileType::directory;
    case DT_LNK: return FileType::symbolic_link;
    case DT_CHR: return FileType::character_device;
    case DT_BLK: return FileType::block_device;
    case DT_SOCK: return FileType::socket_stream;
    case DT_UNKNOWN: break;  // Some file systems do not say.
    default: return FileType::unknown;
  }
  struct stat status{};
  if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileType::unknown;
  }
  return file_type(status.st_mode);
}

constexpr int kBetweenLooks = 256;  // Entries, between two looks at the budget.

/// Entries are numbered: `.`, `..` and then the others, as the host gives them.
constexpr std::uint64_t kFirstOfHost = 2;

/// `.` and `..`, which is given as the same: what lies above is not the guest's business.
Outcome<Listed> own_entry(std::uint64_t number, int directory) {
  struct stat status{};
  if (::fstat(directory, &status) != 0) return failing_as_host();
  return Listed{number == 0 ? "." : "..", status.st_ino, FileType::directory};
}

/// The next entry of the host's, or none at the end. A guest could not open what has a name that is
/// not UTF-8, and so it is left out.
Outcome<std::optional<Listed>> next_entry(DIR* stream, const Budget& budget) {
  for (int skipped = 1;; ++skipped) {
    if (skipped % kBetweenLooks == 0) WAPC_CHECK(budget.check());
    errno = 0;
    const auto* const entry = ::readdir(stream);  // NOLINT(concurrency-mt-unsafe): an own stream.
    if (entry == nullptr && errno != 0) return failing_as_host();
    if (entry == nullptr) return std::nullopt;
    const std::string_view name{entry->d_name};
    if (name == "." || name == ".." || !is_utf8(name)) continue;
    return Listed{name, entry->d_ino, type_of(*entry, ::dirfd(stream))};
  }
}

/// Opens the directory's entries, or goes on where the last call stopped, so that entry `number` is
/// the next to be read. Past the end it is no error.
Outcome<> go_to(Directory& directory, std::uint64_t number, const Budget& budget) {
  auto& listing = directory.listing;
  const auto of_host = std::max(number, kFirstOfHost);
  if (!listing.stream) {
    WAPC_TRY(auto fd, directory.directory->reopen());
    listing.stream.reset(::fdopendir(fd.get()));
    if (!listing.stream) return failing_as_host();
    (void)fd.release();
    listing.next = kFirstOfHost;
  }
  if (listing.next > of_host) {
    ::rewinddir(listing.stream.get());
    listing.next = kFirstOfHost;
  }
  for (; listing.next < of_host; ++listing.next) {
    if (listing.next % kBetweenLooks == 0) WAPC_CHECK(budget.check());
    WAPC_TRY(const auto skipped, next_entry(listing.stream.get(), budget));
    if (!skipped) break;
  }
  return {};
}

/// Fills `buffer` with entries from `number` on, the last one cut where it does not fit, and
/// returns how many bytes that were.
Outcome<std::size_t> list(Directory& directory, std::uint64_t number, GuestMemory buffer,
                          const Budget& budget) {
  WAPC_CHECK(go_to(directory, number, budget));
  auto& listing = directory.listing;
  auto* const stream = listing.stream.get();
  std::size_t filled = 0;
  for (;; ++number) {
    if (number % kBetweenLooks == 0) WAPC_CHECK(budget.check());
    const bool of_host = number >= kFirstOfHost;
    const auto position = ::telldir(stream);
    std::optional<Listed> entry;
    if (of_host) {
      WAPC_TRY(entry, next_entry(stream, budget));
    } else {
      WAPC_TRY(entry, own_entry(number, ::dirfd(stream)));
    }
    if (!entry) {
      listing = {};  // At its end; so nothing is held that nobody needs.
      return filled;
    }
    std::array<std::byte, DirectoryEntry::kBytes> record{};
    DirectoryEntry{.next = number + 1,
                   .inode = entry->inode,
                   .name_length = static_cast<std::uint32_t>(entry->name.size()),
                   .type = entry->type}
        .store_in(record);
    for (const auto bytes : {BytesView{record}, as_bytes(entry->name)}) {
      const auto fits = bytes.first(std::min(bytes.size(), buffer.size() - filled));
      std::copy(fits.begin(), fits.end(), buffer.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += fits.size();
      if (fits.size() < bytes.size()) {
        if (of_host) ::seekdir(stream, position);  // The guest asks for it again.
        return filled;
      }
    }
    if (of_host) ++listing.next;
  }
}

}  // namespace

Outcome<> State::fd_read(Caller& caller, Number fd, Number vectors, Number count,
                         Number size_read) {
  WAPC_TRY(auto* const descriptor, descriptors_.find(fd));
  auto* const input = std::get_if<Input>(&descriptor->object);
  const auto* const file = std::get_if<File>(&descriptor->object);
  if (input == nullptr && file == nullptr) return failing(Errno::badf);
  WAPC_CHECK(descriptors_.find(fd, rights::fd_read));
  WAPC_TRY(const auto size, at(caller, size_read, 4));
  WAPC_TRY(auto parts, Vectors::read(caller.memory(), vectors, count));
  if (file != nullptr) {
    WAPC_TRY(const auto read, read_file(*file, parts, std::nullopt, caller.budget()));
    store(size, 0, read);
    return {};
  }
  WAPC_TRY(const auto read, input->read(parts.first(kPieceBytes), descriptor->blocking(), waiting_,
                                        caller.budget()));
  store(size, 0, static_cast<std::uint32_t>(read));
  return {};
}

Outcome<> State::fd_pread(Caller& caller, Number fd, Number vectors, Number count, Long offset,
                          Number size_read) {
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd));
  if (std::holds_alternative<Input>(descriptor->object)) return failing(Errno::spipe);
  WAPC_TRY(const auto* const from, file(fd, rights::fd_read | rights::fd_seek));
  WAPC_TRY(const auto size, at(caller, size_read, 4));
  WAPC_TRY(auto parts, Vectors::read(caller.memory(), vectors, count));
  if (offset > kOffsetMax - parts.bytes()) return failing(Errno::inval);
  WAPC_TRY(const auto read, read_file(*from, parts, static_cast<off_t>(offset), caller.budget()));
  store(size, 0, read);
  return {};
}

Outcome<> State::fd_write(Caller& caller, Number fd, Number vectors, Number count,
                          Number size_written) {
  WAPC_TRY(auto* const descriptor, descriptors_.find(fd));
  auto* const output = std::get_if<Output>(&descriptor->object);
  const auto* const file = std::get_if<File>(&descriptor->object);
  if (output == nullptr && file == nullptr) return failing(Errno::badf);
  WAPC_CHECK(descriptors_.find(fd, rights::fd_write));
  WAPC_TRY(const auto size, at(caller, size_written, 4));
  WAPC_TRY(auto parts, Vectors::read(caller.memory(), vectors, count));
  std::uint32_t written = 0;
  if (file != nullptr) {
    WAPC_TRY(written, write_counted(*file, parts, std::nullopt, caller.budget()));
  } else {
    WAPC_TRY(const auto allowed, writable_bytes(parts.bytes()));
    WAPC_TRY(const auto taken, output->write(parts.first(allowed), descriptor->blocking(), waiting_,
                                             caller.budget()));
    written = static_cast<std::uint32_t>(taken);
    bytes_written_ += taken;
  }
  store(size, 0, written);
  return {};
}

Outcome<> State::fd_pwrite(Caller& caller, Number fd, Number vectors, Number count, Long offset,
                           Number size_written) {
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd));
  if (std::holds_alternative<Output>(descriptor->object)) return failing(Errno::spipe);
  WAPC_TRY(const auto* const to, file(fd, rights::fd_write | rights::fd_seek));
  WAPC_TRY(const auto size, at(caller, size_written, 4));
  WAPC_TRY(auto parts, Vectors::read(caller.memory(), vectors, count));
  if (offset > kOffsetMax - parts.bytes()) return failing(Errno::inval);
  WAPC_TRY(const auto written,
           write_counted(*to, parts, static_cast<off_t>(offset), caller.budget()));
  store(size, 0, written);
  return {};
}

// A gap between the end of a file and what is written behind it counts too: it is added to the
// file's size, and not every file system leaves it out.
Outcome<std::uint32_t> State::write_counted(const File& file, Vectors& parts, Offset offset,
                                            const Budget& budget) {
  if (!file.writable) return failing(Errno::badf);
  if (parts.bytes() == 0) return 0;
  WAPC_TRY(const auto gap, gap_before(file, offset));
  WAPC_TRY(const auto allowed, writable_bytes(gap + parts.bytes()));
  if (allowed <= gap) return failing(Errno::dquot);
  WAPC_TRY(const auto written, write_file(file, parts, allowed - gap, offset, budget));
  bytes_written_ += gap + written;
  return written;
}

template <Edition Of>
Outcome<> State::fd_seek(Caller& caller, Number fd, Long offset, Number whence, Number position) {
  const auto from = whence_of(whence, Of);
  const bool only_tells = offset == 0 && from == SEEK_CUR;
  const auto needed = only_tells ? rights::fd_tell : rights::fd_seek;
  WAPC_TRY(const auto* const sought, file(fd, needed, Errno::spipe));
  WAPC_TRY(const auto result, at(caller, position, 8));
  if (!from) return failing(Errno::inval);
  const auto reached = ::lseek(sought->fd.get(), static_cast<off_t>(offset), *from);
  if (reached < 0) return failing_as_host();
  store(result, 0, static_cast<std::uint64_t>(reached));
  return {};
}

Outcome<> State::fd_tell(Caller& caller, Number fd, Number position) {
  WAPC_TRY(const auto* const told, file(fd, rights::fd_tell, Errno::spipe));
  WAPC_TRY(const auto result, at(caller, position, 8));
  const auto reached = ::lseek(told->fd.get(), 0, SEEK_CUR);
  if (reached < 0) return failing_as_host();
  store(result, 0, static_cast<std::uint64_t>(reached));
  return {};
}

Outcome<> State::fd_readdir(Caller& caller, Number fd, Number buffer, Number length, Long cookie,
                            Number size_read) {
  WAPC_TRY(auto* const descriptor, descriptors_.find(fd));
  auto* const listed = std::get_if<Directory>(&descriptor->object);
  if (listed == nullptr) return failing(Errno::badf);
  WAPC_CHECK(descriptors_.find(fd, rights::fd_readdir));
  WAPC_TRY(const auto bytes, at(caller, buffer, length));
  WAPC_TRY(const auto size, at(caller, size_read, 4));
  WAPC_TRY(const auto filled, list(*listed, cookie, bytes, caller.budget()));
  store(size, 0, static_cast<std::uint32_t>(filled));
  return {};
}

template Outcome<> State::fd_seek<Edition::unstable>(Caller&, Number, Long, Number, Number);
template Outcome<> State::fd_seek<Edition::preview1>(Caller&, Number, Long, Number, Number);

}  // namespace wapc::wasi
