#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <dirent.h>

#include "base/unique_fd.hpp"
#include "wasi/errno.hpp"
#include "wasi/host_directory.hpp"
#include "wasi/rights.hpp"
#include "wasi/streams.hpp"

namespace wapc::wasi {

/// An open regular file.
struct File {
  UniqueFd fd;
  bool readable;
  bool writable;
  DirectoryAccess access;  ///< Of the directory that it was opened in.
};

/// A directory being listed: a stream of the host's, and how far it was read.
struct Listing {
  struct Closing {
    void operator()(DIR* closed) const noexcept { ::closedir(closed); }
  };

  std::unique_ptr<DIR, Closing> stream;
  std::uint64_t next = 0;  ///< The number of the entry that the stream gives next.
};

/// An open directory.
struct Directory {
  std::shared_ptr<const HostDirectory> directory;
  std::optional<std::string> preopened_as;  ///< The guest's name of one that was granted.
  Listing listing = {};
};

/// What a number stands for that a guest holds.
struct Descriptor {
  std::variant<Input, Output, File, Directory> object;
  Rights base;              ///< What may be done with it, which the guest may lessen.
  Rights inheriting = 0;    ///< The same for what is opened below it.
  std::uint16_t flags = 0;  ///< witx: `fdflags`.

  /// Whether a call waits or fails with `again`.
  [[nodiscard]] Blocking blocking() const noexcept;
};

/// The descriptors that an instance has open, by number.
class DescriptorTable {
 public:
  explicit DescriptorTable(std::size_t count_max) : count_max_{count_max} {}

  /// The descriptor, if all of `needed` may be done with it. Fails with `badf` when there is none
  /// of that number, `notcapable` when the guest has given up the right.
  [[nodiscard]] Outcome<Descriptor*> find(std::uint32_t number, Rights needed = 0);

  /// Whether one more can be had; `mfile` when not.
  [[nodiscard]] Outcome<> check_room() const;

  /// Takes it in under the lowest free number, if there is room.
  [[nodiscard]] Outcome<std::uint32_t> add(Descriptor descriptor);

  /// Fails with `badf`.
  [[nodiscard]] Outcome<Descriptor> remove(std::uint32_t number);

  /// Puts `from` in the place of `to`, which is closed. Fails with `badf` unless both are open.
  [[nodiscard]] Outcome<> renumber(std::uint32_t from, std::uint32_t to);

  /// Calls `use` with each descriptor.
  template <typename Use>
  void for_each(Use&& use) {
    for (auto& slot : slots_) {
      if (slot) use(*slot);
    }
  }

 private:
  std::size_t count_max_;
  std::size_t count_ = 0;
  std::vector<std::unique_ptr<Descriptor>> slots_;  // By number; null where none is open.
};

}  // namespace wapc::wasi
