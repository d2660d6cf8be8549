#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <sys/types.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): timespec is POSIX's.

#include "wapc/wasi/wasi.hpp"
#include "wasi/descriptors.hpp"
#include "wasi/errno.hpp"
#include "wasi/grants.hpp"
#include "wasi/random.hpp"
#include "wasi/records.hpp"
#include "wasi/vectors.hpp"
#include "wasi/waiting.hpp"

namespace wapc::wasi {

/// What one instance has of WASI, and the functions that it imports; those are members with the
/// parameters of the specification, a group to a file. Each looks at descriptors first, then at
/// pointers, and only then does anything.
class State final : public Wasi {
 public:
  State(std::shared_ptr<const Grants> grants, const std::shared_ptr<GuestLog>& log);

  void begin_call() noexcept override;
  void flush() override;

  std::optional<std::uint32_t> exit_code() const noexcept override { return exit_code_; }

  void forget_exit() noexcept override { exit_code_.reset(); }

  using Number = std::uint32_t;  // An i32: a descriptor, pointer, length, flags or enumeration.
  using Long = std::uint64_t;    // An i64.

  // process.cpp
  Outcome<> args_get(Caller& caller, Number pointers, Number bytes);
  Outcome<> args_sizes_get(Caller& caller, Number count, Number size);
  Outcome<> environ_get(Caller& caller, Number pointers, Number bytes);
  Outcome<> environ_sizes_get(Caller& caller, Number count, Number size);
  Outcome<> random_get(Caller& caller, Number pointer, Number length);
  Outcome<> sched_yield(Caller& caller);
  Result<> proc_exit(Caller& caller, Number code);
  Outcome<> proc_raise(Caller& caller, Number signal);

  // clocks.cpp
  Outcome<> clock_res_get(Caller& caller, Number clock, Number resolution);
  Outcome<> clock_time_get(Caller& caller, Number clock, Long precision, Number time);

  // polling.cpp
  template <Edition Of>
  Outcome<> poll_oneoff(Caller& caller, Number subscriptions, Number events, Number count,
                        Number events_written);

  // data.cpp: what a descriptor reads and writes.
  Outcome<> fd_read(Caller& caller, Number fd, Number vectors, Number count, Number size_read);
  Outcome<> fd_pread(Caller& caller, Number fd, Number vectors, Number count, Long offset,
                     Number size_read);
  Outcome<> fd_write(Caller& caller, Number fd, Number vectors, Number count, Number size_written);
  Outcome<> fd_pwrite(Caller& caller, Number fd, Number vectors, Number count, Long offset,
                      Number size_written);
  template <Edition Of>
  Outcome<> fd_seek(Caller& caller, Number fd, Long offset, Number whence, Number position);
  Outcome<> fd_tell(Caller& caller, Number fd, Number position);
  Outcome<> fd_readdir(Caller& caller, Number fd, Number buffer, Number length, Long cookie,
                       Number size_read);

  // attributes.cpp: what a descriptor is.
  Outcome<> fd_advise(Caller& caller, Number fd, Long offset, Long length, Number advice);
  Outcome<> fd_allocate(Caller& caller, Number fd, Long offset, Long length);
  Outcome<> fd_close(Caller& caller, Number fd);
  Outcome<> fd_datasync(Caller& caller, Number fd);
  Outcome<> fd_fdstat_get(Caller& caller, Number fd, Number stat);
  Outcome<> fd_fdstat_set_flags(Caller& caller, Number fd, Number flags);
  Outcome<> fd_fdstat_set_rights(Caller& caller, Number fd, Long base, Long inheriting);
  template <Edition Of>
  Outcome<> fd_filestat_get(Caller& caller, Number fd, Number stat);
  Outcome<> fd_filestat_set_size(Caller& caller, Number fd, Long size);
  Outcome<> fd_filestat_set_times(Caller& caller, Number fd, Long accessed, Long modified,
                                  Number flags);
  Outcome<> fd_prestat_get(Caller& caller, Number fd, Number prestat);
  Outcome<> fd_prestat_dir_name(Caller& caller, Number fd, Number path, Number length);
  Outcome<> fd_renumber(Caller& caller, Number from, Number to);
  Outcome<> fd_sync(Caller& caller, Number fd);

  // paths.cpp
  Outcome<> path_create_directory(Caller& caller, Number fd, Number path, Number length);
  template <Edition Of>
  Outcome<> path_filestat_get(Caller& caller, Number fd, Number lookup, Number path, Number length,
                              Number stat);
  Outcome<> path_filestat_set_times(Caller& caller, Number fd, Number lookup, Number path,
                                    Number length, Long accessed, Long modified, Number flags);
  Outcome<> path_link(Caller& caller, Number old_fd, Number lookup, Number old_path,
                      Number old_length, Number new_fd, Number new_path, Number new_length);
  Outcome<> path_open(Caller& caller, Number fd, Number lookup, Number path, Number length,
                      Number open_flags, Long base, Long inheriting, Number fd_flags,
                      Number opened);
  Outcome<> path_readlink(Caller& caller, Number fd, Number path, Number length, Number buffer,
                          Number buffer_length, Number size_read);
  Outcome<> path_remove_directory(Caller& caller, Number fd, Number path, Number length);
  Outcome<> path_rename(Caller& caller, Number old_fd, Number old_path, Number old_length,
                        Number new_fd, Number new_path, Number new_length);
  Outcome<> path_symlink(Caller& caller, Number target, Number target_length, Number fd,
                         Number path, Number length);
  Outcome<> path_unlink_file(Caller& caller, Number fd, Number path, Number length);

  // sockets.cpp
  Outcome<> sock_accept(Caller& caller, Number fd, Number flags, Number accepted);
  Outcome<> sock_recv(Caller& caller, Number fd, Number vectors, Number count, Number flags,
                      Number size_read, Number flags_out);
  Outcome<> sock_send(Caller& caller, Number fd, Number vectors, Number count, Number flags,
                      Number size_sent);
  Outcome<> sock_shutdown(Caller& caller, Number fd, Number how);

  /// What an engine calls: one of the functions above, whose failure becomes the guest's error
  /// number, or the end of its call.
  template <auto Function, typename... Parameters>
  Result<std::uint32_t> answer(Caller& caller, Parameters... parameters) {
    auto done = (this->*Function)(caller, parameters...);
    if (done) return std::uint32_t{0};
    return std::move(done).error().to_guest();
  }

 private:
  /// Bytes of the guest's memory; `fault` when they are not there.
  [[nodiscard]] static Outcome<GuestMemory> at(Caller& caller, Number pointer, std::size_t length);

  /// A path, which lies in the guest's memory.
  [[nodiscard]] static Outcome<std::string_view> path_at(Caller& caller, Number pointer,
                                                         Number length);

  /// The directory that a descriptor stands for, as `DescriptorTable::find`; `notdir` when it is a
  /// file, `badf` when it is a standard stream.
  [[nodiscard]] Outcome<const HostDirectory*> directory(Number fd, Rights needed);

  /// The regular file that a descriptor stands for, as `DescriptorTable::find`; `of_stream` when it
  /// is a standard stream, `badf` when it is a directory.
  [[nodiscard]] Outcome<File*> file(Number fd, Rights needed, Errno of_stream = Errno::badf);

  /// The same for a file whose size can be changed: `perm` when the guest has its directory
  /// read-only, `inval` when it was not opened for writing.
  [[nodiscard]] Outcome<File*> changeable_file(Number fd, Rights needed);

  /// Times that a guest wants to set, with flags (witx: `fstflags`) that say which; `inval` for
  /// flags that cannot be.
  [[nodiscard]] Outcome<std::array<timespec, 2>> times(Long accessed, Long modified,
                                                       Number flags) const;

  /// How many of `wanted` bytes may still be written in this call, and counts none of them;
  /// `dquot` when it is none at all.
  [[nodiscard]] Outcome<std::uint64_t> writable_bytes(std::uint64_t wanted) const;

  /// Writes to a file, from `offset` on or where it stands, what may still be written in this call,
  /// and counts it.
  [[nodiscard]] Outcome<std::uint32_t> write_counted(const File& file, Vectors& parts,
                                                     std::optional<off_t> offset,
                                                     const Budget& budget);

  /// Makes sure that one more entry may be created in this call; `dquot` otherwise.
  [[nodiscard]] Outcome<> check_entries() const;

  std::shared_ptr<const Grants> grants_;
  DescriptorTable descriptors_;
  Waiting waiting_;
  RandomSource random_;
  std::uint64_t bytes_written_ = 0;    // In this call.
  std::uint64_t entries_created_ = 0;  // In this call.
  std::optional<std::uint32_t> exit_code_;
};

}  // namespace wapc::wasi
