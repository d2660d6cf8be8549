#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <sys/stat.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): timespec is POSIX's.

#include "base/unique_fd.hpp"
#include "wapc/wasi/wasi_config.hpp"
#include "wasi/beneath.hpp"
#include "wasi/errno.hpp"

namespace wapc::wasi {

/// A directory of the host that a guest has, and all that the guest may do below it. Paths are the
/// guest's: hostile bytes, relative to this directory, and none leads out of it, not by `..`, an
/// absolute path, a symbolic link, or a race with whoever else changes the directory meanwhile;
/// what would lead out fails with `perm`, as does changing anything where the access is read-only.
/// Opens regular files and directories alone, never a device, FIFO or socket, nor a file of the
/// kernel's (`acces`), and changes nothing in the kernel's file systems either. A path that is not
/// UTF-8 is `ilseq`, one with a NUL byte `inval`, an empty one `noent`, a long one `nametoolong`.
/// Immutable and thread-safe.
class HostDirectory {
 public:
  /// Opens a directory to grant it. Fails with `invalid_options`, naming it. Paths are walked in
  /// the best way there is here, unless one is named.
  [[nodiscard]] static Result<std::shared_ptr<const HostDirectory>> grant(
      const PreopenedDirectory& directory, std::optional<Walk> walk = std::nullopt);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  [[nodiscard]] DirectoryAccess access() const noexcept { return access_; }

  struct OpenOptions {
    LinkAtEnd link = LinkAtEnd::keep;  ///< Kept, a link cannot be opened: `loop`.
    bool read = false;
    bool write = false;
    bool create = false;
    bool exclusive = false;  ///< Together with `create`: fails with `exist`.
    bool truncate = false;
    bool directory = false;  ///< Fails with `notdir` on anything else; not with the three above.
    int status_flags = 0;    ///< Of the host: O_APPEND, O_DSYNC, O_RSYNC, O_SYNC.
    bool may_add = true;     ///< Otherwise fails with `dquot` where a file would be created.

    /// What a file is opened for: to truncate it takes writing, and one that is not opened for
    /// writing is for reading.
    [[nodiscard]] bool writes() const noexcept { return write || truncate; }

    [[nodiscard]] bool reads() const noexcept { return read || !write; }
  };

  struct OpenedFile {
    UniqueFd fd;
    bool created;
  };

  using Opened = std::variant<OpenedFile, std::shared_ptr<const HostDirectory>>;

  [[nodiscard]] Outcome<Opened> open(std::string_view path, const OpenOptions& options) const;

  /// An own description of this directory, from whose start it can be listed.
  [[nodiscard]] Outcome<UniqueFd> reopen() const;

  [[nodiscard]] Outcome<struct stat> status(std::string_view path, LinkAtEnd link) const;

  /// Access and modification time, as `utimensat` takes them.
  [[nodiscard]] Outcome<> set_times(std::string_view path, LinkAtEnd link,
                                    const std::array<timespec, 2>& times) const;

  [[nodiscard]] Outcome<std::string> read_link(std::string_view path) const;

  [[nodiscard]] Outcome<> create_directory(std::string_view path) const;
  [[nodiscard]] Outcome<> remove_directory(std::string_view path) const;
  [[nodiscard]] Outcome<> remove_file(std::string_view path) const;

  /// `target` is kept as it is, if it is relative; an absolute one is refused with `perm`.
  [[nodiscard]] Outcome<> create_symbolic_link(std::string_view target,
                                               std::string_view path) const;

  /// Both directories must be granted for writing.
  [[nodiscard]] Outcome<> rename(std::string_view path, const HostDirectory& to,
                                 std::string_view to_path) const;

  /// A second name for the same file; so both must be granted for writing. Of a symbolic link it
  /// links the link.
  [[nodiscard]] Outcome<> link(std::string_view path, const HostDirectory& to,
                               std::string_view to_path) const;

 private:
  HostDirectory(UniqueFd fd, DirectoryAccess access, dev_t device, Walk walk)
      : fd_{std::move(fd)}, access_{access}, device_{device}, walk_{walk} {}

  // What is there, for a path that has been checked.
  [[nodiscard]] Outcome<Found> find(std::string_view path, LinkAtEnd link) const;

  // Where something is to be made, removed or renamed.
  [[nodiscard]] Outcome<Place> place_to_change(std::string_view path) const;

  // Of a directory, and of what is in it: fails with `acces` when it is in a file system of the
  // kernel's, the second with `again` when something else is there by now.
  [[nodiscard]] Outcome<> refuse_kernels(const Place& place) const;
  [[nodiscard]] Outcome<> refuse_kernels(const Place& place, const struct stat& status) const;
  [[nodiscard]] Outcome<> check_writable() const;

  // Both fail with `again` when something else is there by now.
  [[nodiscard]] Outcome<Opened> open_found(const Place& place, const struct stat& status,
                                           const OpenOptions& options) const;
  [[nodiscard]] Outcome<Opened> create(const Place& place, const OpenOptions& options) const;

  UniqueFd fd_;
  DirectoryAccess access_;
  dev_t device_;  // Of the directory: only what has another one may lie in another file system.
  Walk walk_;
};

}  // namespace wapc::wasi
