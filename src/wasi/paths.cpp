// What is done by path, below a directory that the guest has.

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fcntl.h>

#include "base/try.hpp"
#include "wasi/state.hpp"

namespace wapc::wasi {
namespace {

using Number = State::Number;

namespace oflags {  // witx.
constexpr Number kCreate = 1U << 0U;
constexpr Number kDirectory = 1U << 1U;
constexpr Number kExclusive = 1U << 2U;
constexpr Number kTruncate = 1U << 3U;
constexpr Number kEvery = (1U << 4U) - 1;
}  // namespace oflags

Outcome<LinkAtEnd> link_at_end(Number lookup) {
  constexpr Number kFollow = 1;  // witx: `lookupflags`.
  if ((lookup & ~kFollow) != 0) return failing(Errno::inval);
  return lookup == kFollow ? LinkAtEnd::follow : LinkAtEnd::keep;
}

int status_flags(Number fd_flags) {
#ifdef O_RSYNC
  constexpr int kReadSync = O_RSYNC;
#else
  constexpr int kReadSync = O_SYNC;
#endif
  int flags = 0;
  if ((fd_flags & fdflags::append) != 0) flags |= O_APPEND;
  if ((fd_flags & fdflags::dsync) != 0) flags |= O_DSYNC;
  if ((fd_flags & fdflags::rsync) != 0) flags |= kReadSync;
  if ((fd_flags & fdflags::sync) != 0) flags |= O_SYNC;
  return flags;
}

/// What a guest asks for decides how a file is opened; what it then may do with it, its directory.
Outcome<HostDirectory::OpenOptions> options_of(Number lookup, Number open_flags, Rights base,
                                               Rights inheriting, Number fd_flags) {
  WAPC_TRY(const auto link, link_at_end(lookup));
  if ((open_flags & ~oflags::kEvery) != 0 || (fd_flags & ~Number{fdflags::every}) != 0 ||
      ((base | inheriting) & ~rights::every) != 0) {
    return failing(Errno::inval);
  }
  return HostDirectory::OpenOptions{.link = link,
                                    .read = (base & (rights::fd_read | rights::fd_readdir)) != 0,
                                    .write = (base & rights::fd_write) != 0,
                                    .create = (open_flags & oflags::kCreate) != 0,
                                    .exclusive = (open_flags & oflags::kExclusive) != 0,
                                    .truncate = (open_flags & oflags::kTruncate) != 0,
                                    .directory = (open_flags & oflags::kDirectory) != 0,
                                    .status_flags = status_flags(fd_flags)};
}

/// What an opened file or directory is to the guest, opened in a directory of these rights.
Descriptor descriptor_of(HostDirectory::Opened opened, const HostDirectory::OpenOptions& options,
                         DirectoryAccess access, Rights inheriting, Number fd_flags) {
  if (auto* const file = std::get_if<HostDirectory::OpenedFile>(&opened)) {
    return {.object = File{.fd = std::move(file->fd),
                           .readable = options.reads(),
                           .writable = options.write,
                           .access = access},
            .base = inheriting & rights::file,
            .inheriting = inheriting,
            .flags = static_cast<std::uint16_t>(fd_flags)};
  }
  using Below = std::shared_ptr<const HostDirectory>;
  return {.object = Directory{.directory = std::get<Below>(std::move(opened)),
                              .preopened_as = std::nullopt},
          .base = inheriting & rights::directory,
          .inheriting = inheriting};
}

}  // namespace

Outcome<std::string_view> State::path_at(Caller& caller, Number pointer, Number length) {
  WAPC_TRY(const auto bytes, at(caller, pointer, length));
  return as_text(bytes);
}

Outcome<> State::path_create_directory(Caller& caller, Number fd, Number path, Number length) {
  WAPC_TRY(const auto* const in, directory(fd, rights::path_create_directory));
  WAPC_TRY(const auto name, path_at(caller, path, length));
  WAPC_CHECK(check_entries());
  WAPC_CHECK(in->create_directory(name));
  ++entries_created_;
  return {};
}

template <Edition Of>
Outcome<> State::path_filestat_get(Caller& caller, Number fd, Number lookup, Number path,
                                   Number length, Number stat) {
  WAPC_TRY(const auto* const in, directory(fd, rights::path_filestat_get));
  WAPC_TRY(const auto name, path_at(caller, path, length));
  WAPC_TRY(const auto bytes, at(caller, stat, FileStat::bytes(Of)));
  WAPC_TRY(const auto link, link_at_end(lookup));
  WAPC_TRY(const auto status, in->status(name, link));
  FileStat::of(status).store_in(bytes, Of);
  return {};
}

Outcome<> State::path_filestat_set_times(Caller& caller, Number fd, Number lookup, Number path,
                                         Number length, Long accessed, Long modified,
                                         Number flags) {
  WAPC_TRY(const auto* const in, directory(fd, rights::path_filestat_set_times));
  WAPC_TRY(const auto name, path_at(caller, path, length));
  WAPC_TRY(const auto link, link_at_end(lookup));
  WAPC_TRY(const auto both, times(accessed, modified, flags));
  return in->set_times(name, link, both);
}

Outcome<> State::path_link(Caller& caller, Number old_fd, Number lookup, Number old_path,
                           Number old_length, Number new_fd, Number new_path, Number new_length) {
  WAPC_TRY(const auto* const from, directory(old_fd, rights::path_link_source));
  WAPC_TRY(const auto* const to, directory(new_fd, rights::path_link_target));
  WAPC_TRY(const auto old_name, path_at(caller, old_path, old_length));
  WAPC_TRY(const auto new_name, path_at(caller, new_path, new_length));
  WAPC_TRY(const auto link, link_at_end(lookup));
  if (link == LinkAtEnd::follow) return failing(Errno::inval);
  WAPC_CHECK(check_entries());
  WAPC_CHECK(from->link(old_name, *to, new_name));
  ++entries_created_;
  return {};
}

Outcome<> State::path_open(Caller& caller, Number fd, Number lookup, Number path, Number length,
                           Number open_flags, Long base, Long inheriting, Number fd_flags,
                           Number opened) {
  Rights needed = rights::path_open;
  if ((open_flags & oflags::kCreate) != 0) needed |= rights::path_create_file;
  if ((open_flags & oflags::kTruncate) != 0) needed |= rights::path_filestat_set_size;
  WAPC_TRY(const auto* const in, directory(fd, needed));
  WAPC_TRY(const auto* const descriptor, descriptors_.find(fd));
  const auto inherited = descriptor->inheriting;
  const auto missing = base & (rights::fd_read | rights::fd_write) & ~inherited;
  if (missing != 0) return failing(Errno::notcapable);
  WAPC_TRY(const auto name, path_at(caller, path, length));
  WAPC_TRY(const auto number, at(caller, opened, 4));
  WAPC_TRY(auto options, options_of(lookup, open_flags, base, inheriting, fd_flags));
  WAPC_CHECK(descriptors_.check_room());
  options.may_add = check_entries().has_value();
  WAPC_TRY(auto found, in->open(name, options));
  const auto* const file = std::get_if<HostDirectory::OpenedFile>(&found);
  if (file != nullptr && file->created) ++entries_created_;
  WAPC_TRY(const auto added, descriptors_.add(descriptor_of(std::move(found), options, in->access(),
                                                            inherited, fd_flags)));
  store(number, 0, added);
  return {};
}

Outcome<> State::path_readlink(Caller& caller, Number fd, Number path, Number length, Number buffer,
                               Number buffer_length, Number size_read) {
  WAPC_TRY(const auto* const in, directory(fd, rights::path_readlink));
  WAPC_TRY(const auto name, path_at(caller, path, length));
  WAPC_TRY(const auto bytes, at(caller, buffer, buffer_length));
  WAPC_TRY(const auto size, at(caller, size_read, 4));
  WAPC_TRY(const auto text, in->read_link(name));
  const auto fits = as_bytes(text).first(std::min(text.size(), bytes.size()));
  std::copy(fits.begin(), fits.end(), bytes.begin());  // ranges::copy: bytewise in GCC 12.
  store(size, 0, static_cast<std::uint32_t>(fits.size()));
  return {};
}

Outcome<> State::path_remove_directory(Caller& caller, Number fd, Number path, Number length) {
  WAPC_TRY(const auto* const in, directory(fd, rights::path_remove_directory));
  WAPC_TRY(const auto name, path_at(caller, path, length));
  return in->remove_directory(name);
}

Outcome<> State::path_rename(Caller& caller, Number old_fd, Number old_path, Number old_length,
                             Number new_fd, Number new_path, Number new_length) {
  WAPC_TRY(const auto* const from, directory(old_fd, rights::path_rename_source));
  WAPC_TRY(const auto* const to, directory(new_fd, rights::path_rename_target));
  WAPC_TRY(const auto old_name, path_at(caller, old_path, old_length));
  WAPC_TRY(const auto new_name, path_at(caller, new_path, new_length));
  return from->rename(old_name, *to, new_name);
}

Outcome<> State::path_symlink(Caller& caller, Number target, Number target_length, Number fd,
                              Number path, Number length) {
  WAPC_TRY(const auto* const in, directory(fd, rights::path_symlink));
  WAPC_TRY(const auto text, path_at(caller, target, target_length));
  WAPC_TRY(const auto name, path_at(caller, path, length));
  WAPC_CHECK(check_entries());
  WAPC_CHECK(in->create_symbolic_link(text, name));
  ++entries_created_;
  return {};
}

Outcome<> State::path_unlink_file(Caller& caller, Number fd, Number path, Number length) {
  WAPC_TRY(const auto* const in, directory(fd, rights::path_unlink_file));
  WAPC_TRY(const auto name, path_at(caller, path, length));
  return in->remove_file(name);
}

template Outcome<> State::path_filestat_get<Edition::unstable>(Caller&, Number, Number, Number,
                                                               Number, Number);
template Outcome<> State::path_filestat_get<Edition::preview1>(Caller&, Number, Number, Number,
                                                               Number, Number);

}  // namespace wapc::wasi
