#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "wasi/errno.hpp"

// Paths that cannot leave a directory, the root of what follows.
//
// The host's calls are only ever given one name at a time in a directory that is open already, none
// of them ".." or with a slash, and are told not to follow a link; a call of that form cannot
// leave. So a path is split into the directory that it names and the name that is left, the
// directory is opened below the root, and a link at the end is put into the path as text and the
// whole begun anew. What is left to do safely is to open a directory, and that the kernel does
// (`openat2`), or we do, component by component, where it cannot.

namespace wapc::wasi {

enum class LinkAtEnd : std::uint8_t { follow, keep };  ///< What to do with a path's last link.

/// Who opens the directory that a path names.
enum class Walk : std::uint8_t { by_kernel, by_hand };

/// By the kernel, if it can: not before Linux 5.6, and not in containers that know no `openat2`.
[[nodiscard]] Walk best_walk(int root) noexcept;

/// A name in a directory at or below the root. There need not be anything of that name.
struct Place {
  UniqueFd opened;   // The directory, unless it is the root.
  int directory;     // For as long as this and the root are open.
  std::string name;  // One component; "." when the path names a directory in that way, or by "..".
  bool slashed;      // Whether the path ends with a slash, and so means a directory.

  [[nodiscard]] bool is_directory_itself() const { return name == "."; }

  /// What is there: links are not followed. Nothing when there is none.
  [[nodiscard]] Outcome<std::optional<struct stat>> status() const;

  /// The text of the link that is there; `inval` when it is none.
  [[nodiscard]] Outcome<std::string> link_text() const;
};

/// Where a path ends, its last link not followed, not even when a slash comes after it.
/// The path is relative and has no NUL. Fails with `perm` when it leads out of the root.
[[nodiscard]] Outcome<Place> place_of(int root, const std::string& path, Walk walk);

/// A place, and what was there.
struct Found {
  Place place;
  std::optional<struct stat> status;
};

/// The same after following the last link, if asked to or if a slash comes after it; then what a
/// dangling link points to is found missing, and what is no directory but has a slash is `notdir`.
[[nodiscard]] Outcome<Found> find_below(int root, std::string path, LinkAtEnd link, Walk walk);

}  // namespace wapc::wasi
