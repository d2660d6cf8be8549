#include "wasi/host_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include "base/try.hpp"
#include "wapc/base/utf8.hpp"

namespace wapc::wasi {
namespace {

constexpr std::size_t kPathBytesMax = 4095;  // As in Linux.

/// How often what a path leads to may be replaced while it is being opened, until that fails.
constexpr int kSwapsMax = 64;

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// Opens what is there without effect on it. Where that cannot be done it is opened for reading:
/// only files and directories come this far.
#ifdef O_PATH
constexpr int kLook = O_PATH | O_NOFOLLOW | O_CLOEXEC;
#else
constexpr int kLook = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
#endif

/// Whether a descriptor lies in a file system in which files are not data but ways into the kernel:
/// reading or writing one, or making a directory, acts on the system or on this process.
Outcome<bool> is_kernels(int fd) {
  struct statfs about{};
  if (::fstatfs(fd, &about) != 0) return failing_as_host();
#ifdef __linux__
  constexpr std::uint32_t kKernels[] = {
      0x00009fa0,  // proc
      0x62656572,  // sysfs
      0x64626720,  // debugfs
      0x74726163,  // tracefs
      0x73636673,  // securityfs
      0x0027e0eb,  // cgroup
      0x63677270,  // cgroup2
      0x07655821,  // resctrl
      0xcafe4a11,  // bpf
      0x00001cd1,  // devpts
      0x19800202,  // mqueue
      0x6e736673,  // nsfs
      0xde5e81e4,  // efivarfs
      0x6165676c,  // pstore
      0x62656570,  // configfs
      0x65735543,  // fusectl
      0x42494e4d,  // binfmt_misc
      0x6c6f6f70,  // binderfs
      0x0a647361,  // functionfs
      0x00000187,  // autofs
      0xf97cff8c,  // selinux
      0x43415d53,  // smack
      0x5a3c69f0,  // apparmor
      0x67596969,  // rpc_pipefs
      0x6e667364,  // nfsd
      0xabba1974,  // xenfs
      0x00009fa1,  // openprom
      0x00009fa2,  // usbdevice
      0x6f70726f,  // oprofile
  };
  const auto magic = static_cast<std::uint32_t>(about.f_type);
  return std::ranges::find(kKernels, magic) != std::end(kKernels);
#else
  const std::string_view type{about.f_fstypename};
  return type == "devfs" || type == "fdesc" || type == "fdescfs" || type == "procfs" ||
         type == "linprocfs" || type == "linsysfs" || type == "mqueuefs" || type == "autofs";
#endif
}

/// The text of a path or link of the guest's, taken out of its reach.
Outcome<std::string> checked(std::string_view text) {
  if (text.size() > kPathBytesMax) return failing(Errno::nametoolong);
  std::string copy{text};
  if (!is_utf8(copy)) return failing(Errno::ilseq);
  if (copy.find('\0') != std::string::npos) return failing(Errno::inval);
  if (copy.empty()) return failing(Errno::noent);
  if (copy.front() == '/') return failing(Errno::perm);
  return copy;
}

bool is_directory(const std::optional<struct stat>& status) {
  return status && S_ISDIR(status->st_mode);
}

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino &&
         (one.st_mode & S_IFMT) == (other.st_mode & S_IFMT);
}

/// What is not a directory cannot be made under a name with a slash.
Outcome<> check_new_name(const Place& place) {
  if (place.is_directory_itself()) return failing(Errno::exist);
  if (!place.slashed) return {};
  WAPC_TRY(const auto status, place.status());
  if (!status) return failing(Errno::noent);
  return failing(is_directory(status) ? Errno::exist : Errno::notdir);
}

/// Fails unless a directory is there.
Outcome<> check_is_directory(const Place& place) {
  WAPC_TRY(const auto status, place.status());
  if (!status) return failing(Errno::noent);
  if (!is_directory(status)) return failing(Errno::notdir);
  return {};
}

Outcome<> done(int result) {
  if (result != 0) return failing_as_host();
  return {};
}

/// Flags with which to open a file, whatever is there by now: it neither waits (for a FIFO's other
/// end, or for someone's lease on a file), nor becomes a controlling terminal.
int flags_of(const HostDirectory::OpenOptions& options) {
  const int access = !options.writes() ? O_RDONLY : options.reads() ? O_RDWR : O_WRONLY;
  return access | options.status_flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
}

/// Whether what `errno` says comes of something else being there than a moment ago.
bool was_replaced() {
  return errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == EISDIR || errno == ENXIO;
}

std::unexpected<Error> cannot_grant(const PreopenedDirectory& directory, std::string_view why) {
  return failure(Errc::invalid_options, "the directory \"" + directory.host_path +
                                            "\" cannot be granted: " + std::string{why});
}

std::unexpected<Error> cannot_grant_now(const PreopenedDirectory& directory) {
  const int number = errno;
  switch (number) {
    case ENOENT: return cannot_grant(directory, "no such directory");
    case ENOTDIR: return cannot_grant(directory, "it is not a directory");
    case EACCES: return cannot_grant(directory, "this process may not read it");
    default: return cannot_grant(directory, std::generic_category().message(number));
  }
}

}  // namespace

Result<std::shared_ptr<const HostDirectory>> HostDirectory::grant(
    const PreopenedDirectory& directory, std::optional<Walk> walk) {
  if (directory.host_path.find('\0') != std::string::npos) {
    return cannot_grant(directory, "its name holds a NUL byte");
  }
  UniqueFd fd{::open(directory.host_path.c_str(), kOpenDirectory)};
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0) return cannot_grant_now(directory);
  const auto kernels = is_kernels(fd.get());
  if (!kernels) return cannot_grant_now(directory);
  if (*kernels) return cannot_grant(directory, "it is the kernel's own");
  const auto chosen = walk ? *walk : best_walk(fd.get());
  return std::shared_ptr<const HostDirectory>{
      new HostDirectory{std::move(fd), directory.access, status.st_dev, chosen}};
}

Outcome<Found> HostDirectory::find(std::string_view path, LinkAtEnd link) const {
  WAPC_TRY(auto copy, checked(path));
  return find_below(fd_.get(), std::move(copy), link, walk_);
}

Outcome<Place> HostDirectory::place_to_change(std::string_view path) const {
  WAPC_TRY(const auto copy, checked(path));
  WAPC_CHECK(check_writable());
  WAPC_TRY(auto place, place_of(fd_.get(), copy, walk_));
  WAPC_CHECK(refuse_kernels(place));
  return place;
}

Outcome<> HostDirectory::check_writable() const {
  if (access_ == DirectoryAccess::read_only) return failing(Errno::perm);
  return {};
}

Outcome<> HostDirectory::refuse_kernels(const Place& place, const struct stat& status) const {
  if (status.st_dev == device_) return {};
  struct stat seen{};
  const UniqueFd looked{::openat(place.directory, place.name.c_str(), kLook)};
  if (!looked && !was_replaced()) return failing_as_host();
  if (!looked) return failing(Errno::again);
  if (::fstat(looked.get(), &seen) != 0) return failing_as_host();
  if (!is_same(seen, status)) return failing(Errno::again);
  WAPC_TRY(const auto kernels, is_kernels(looked.get()));
  if (kernels) return failing(Errno::acces);
  return {};
}

Outcome<> HostDirectory::refuse_kernels(const Place& place) const {
  if (!place.opened) return {};
  struct stat status{};
  if (::fstat(place.directory, &status) != 0) return failing_as_host();
  if (status.st_dev == device_) return {};
  WAPC_TRY(const auto kernels, is_kernels(place.directory));
  if (kernels) return failing(Errno::acces);
  return {};
}

// The fewest calls that are safe: one to see that it is a file or a directory, as opening a device
// or a FIFO acts on others even if it is closed at once; one to open; one to see that it is the
// same. A file below another directory costs two more, to open and close that. Two guests that
// replace files by devices of the same directory in just the right moment may get one opened, with
// O_NONBLOCK, and closed again; but nobody gets to use it.
Outcome<HostDirectory::Opened> HostDirectory::open(std::string_view path,
                                                   const OpenOptions& options) const {
  WAPC_TRY(const auto copy, checked(path));
  const bool about_files = options.create || options.exclusive || options.truncate;
  if (options.directory && about_files) return failing(Errno::inval);
  if (options.writes()) WAPC_CHECK(check_writable());
  const bool only_new = options.create && options.exclusive;
  const auto link = only_new ? LinkAtEnd::keep : options.link;
  for (int swaps = 0; swaps < kSwapsMax; ++swaps) {
    WAPC_TRY(const auto found, find_below(fd_.get(), copy, link, walk_));
    if (options.create && copy.back() == '/') return failing(Errno::isdir);  // As Linux does.
    if (found.status && only_new) return failing(Errno::exist);
    if (!found.status && !options.create) return failing(Errno::noent);
    auto opened = found.status ? open_found(found.place, *found.status, options)
                               : create(found.place, options);
    if (opened || !(opened.error() == Errno::again)) return opened;
  }
  return failing(Errno::again);
}

Outcome<HostDirectory::Opened> HostDirectory::open_found(const Place& place,
                                                         const struct stat& status,
                                                         const OpenOptions& options) const {
  const bool directory = S_ISDIR(status.st_mode);
  if (S_ISLNK(status.st_mode)) return failing(Errno::loop);
  if (options.directory && !directory) return failing(Errno::notdir);
  if (!directory && !S_ISREG(status.st_mode)) return failing(Errno::acces);
  if (directory && (options.writes() || options.create)) return failing(Errno::isdir);
  const auto* const name = place.name.c_str();
  WAPC_CHECK(refuse_kernels(place, status));
  const int flags = directory ? kOpenDirectory | O_NOFOLLOW : flags_of(options);
  UniqueFd fd{::openat(place.directory, name, flags)};
  if (!fd && was_replaced()) return failing(Errno::again);
  struct stat opened{};
  if (!fd || ::fstat(fd.get(), &opened) != 0) return failing_as_host();
  if (!is_same(opened, status)) return failing(Errno::again);
  if (directory) {
    return std::shared_ptr<const HostDirectory>{
        new HostDirectory{std::move(fd), access_, opened.st_dev, walk_}};
  }
  // Not by O_TRUNC, which empties the file before anyone knows which one it is.
  if (options.truncate && ::ftruncate(fd.get(), 0) != 0) return failing_as_host();
  return OpenedFile{std::move(fd), false};
}

Outcome<HostDirectory::Opened> HostDirectory::create(const Place& place,
                                                     const OpenOptions& options) const {
  constexpr mode_t kMode = 0666;  // The process's umask takes from it.
  WAPC_CHECK(check_writable());
  WAPC_CHECK(refuse_kernels(place));
  if (!options.may_add) return failing(Errno::dquot);
  // What is there by now is not opened, nor is a link followed.
  UniqueFd fd{
      ::openat(place.directory, place.name.c_str(), flags_of(options) | O_CREAT | O_EXCL, kMode)};
  if (fd) return OpenedFile{std::move(fd), true};
  if (errno == EEXIST && options.exclusive) return failing(Errno::exist);
  if (errno == EEXIST) return failing(Errno::again);
  return failing_as_host();
}

Outcome<UniqueFd> HostDirectory::reopen() const {
  UniqueFd fd{::openat(fd_.get(), ".", kOpenDirectory)};
  if (!fd) return failing_as_host();
  return fd;
}

Outcome<struct stat> HostDirectory::status(std::string_view path, LinkAtEnd link) const {
  WAPC_TRY(const auto found, find(path, link));
  if (!found.status) return failing(Errno::noent);
  return *found.status;
}

Outcome<> HostDirectory::set_times(std::string_view path, LinkAtEnd link,
                                   const std::array<timespec, 2>& times) const {
  WAPC_CHECK(check_writable());
  WAPC_TRY(const auto found, find(path, link));
  const auto& place = found.place;
  if (!found.status) return failing(Errno::noent);
  WAPC_CHECK(refuse_kernels(place));
  WAPC_CHECK(refuse_kernels(place, *found.status));  // It may be where one is mounted.
  return done(::utimensat(place.directory, place.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW));
}

Outcome<std::string> HostDirectory::read_link(std::string_view path) const {
  WAPC_TRY(const auto found, find(path, LinkAtEnd::keep));
  if (!found.status) return failing(Errno::noent);
  WAPC_CHECK(refuse_kernels(found.place));
  WAPC_TRY(auto text, found.place.link_text());
  if (text.starts_with('/')) return failing(Errno::perm);  // A path of the host's.
  if (!is_utf8(text)) return failing(Errno::ilseq);
  return text;
}

Outcome<> HostDirectory::create_directory(std::string_view path) const {
  constexpr mode_t kMode = 0777;
  WAPC_TRY(const auto place, place_to_change(path));
  if (place.is_directory_itself()) return failing(Errno::exist);
  return done(::mkdirat(place.directory, place.name.c_str(), kMode));
}

Outcome<> HostDirectory::remove_directory(std::string_view path) const {
  WAPC_TRY(const auto place, place_to_change(path));
  if (place.is_directory_itself()) return failing(Errno::inval);
  return done(::unlinkat(place.directory, place.name.c_str(), AT_REMOVEDIR));
}

Outcome<> HostDirectory::remove_file(std::string_view path) const {
  WAPC_TRY(const auto place, place_to_change(path));
  if (place.slashed || place.is_directory_itself()) {
    WAPC_CHECK(check_is_directory(place));
    return failing(Errno::isdir);
  }
  return done(::unlinkat(place.directory, place.name.c_str(), 0));
}

Outcome<> HostDirectory::create_symbolic_link(std::string_view target,
                                              std::string_view path) const {
  WAPC_TRY(const auto text, checked(target));
  WAPC_TRY(const auto place, place_to_change(path));
  WAPC_CHECK(check_new_name(place));
  return done(::symlinkat(text.c_str(), place.directory, place.name.c_str()));
}

Outcome<> HostDirectory::rename(std::string_view path, const HostDirectory& to,
                                std::string_view to_path) const {
  WAPC_TRY(const auto from, place_to_change(path));
  WAPC_TRY(const auto target, to.place_to_change(to_path));
  if (from.is_directory_itself() || target.is_directory_itself()) return failing(Errno::busy);
  if (from.slashed || target.slashed) WAPC_CHECK(check_is_directory(from));
  return done(::renameat(from.directory, from.name.c_str(), target.directory, target.name.c_str()));
}

Outcome<> HostDirectory::link(std::string_view path, const HostDirectory& to,
                              std::string_view to_path) const {
  WAPC_TRY(const auto from, place_to_change(path));
  WAPC_TRY(const auto target, to.place_to_change(to_path));
  if (from.is_directory_itself()) return failing(Errno::perm);
  if (from.slashed) {
    WAPC_CHECK(check_is_directory(from));
    return failing(Errno::perm);
  }
  WAPC_CHECK(check_new_name(target));
  return done(
      ::linkat(from.directory, from.name.c_str(), target.directory, target.name.c_str(), 0));
}

}  // namespace wapc::wasi
