#include "wasi_fuzz/world.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace wapc::fuzzing {
namespace {

namespace fs = std::filesystem;

constexpr auto kOutside = "outside";
constexpr auto kWritable = "rw";
constexpr auto kReadOnly = "ro";

/// Reading should leave no trace, so that it shows when somebody else has read.
#ifdef O_NOATIME
constexpr int kTraceless = O_NOATIME;
#else
constexpr int kTraceless = 0;
#endif
constexpr bool kReadingShows = kTraceless != 0;

struct stat status_of(int root, const std::string& name) {
  struct stat status{};
  if (::fstatat(root, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) status.st_mode = 0;
  return status;
}

bool is_same(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_mode == other.st_mode &&
         one.st_nlink == other.st_nlink && one.st_size == other.st_size &&
         is_same(one.st_mtim, other.st_mtim) && is_same(one.st_ctim, other.st_ctim);
}

std::set<std::string> names_in(int root, const std::string& directory) {
  std::set<std::string> names;
  const int fd = ::openat(root, directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | kTraceless);
  auto* const stream = ::fdopendir(fd);
  if (stream == nullptr) throw std::runtime_error{"cannot list " + directory};
  while (const auto* const entry = ::readdir(stream)) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name{entry->d_name};
    if (name != "." && name != "..") names.emplace(name);
  }
  ::closedir(stream);
  return names;
}

std::string content_of(int root, const std::string& name, mode_t mode) {
  std::string content;
  if (S_ISDIR(mode)) {
    for (const auto& entry : names_in(root, name)) content += entry + "\n";
    return content;
  }
  content.resize(100);
  ssize_t length = 0;
  if (S_ISLNK(mode)) {
    length = ::readlinkat(root, name.c_str(), content.data(), content.size());
  } else {
    const UniqueFd file{::openat(root, name.c_str(), O_RDONLY | O_CLOEXEC | kTraceless)};
    length = ::read(file.get(), content.data(), content.size());
  }
  content.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return content;
}

UniqueFd opened(const fs::path& directory) {
  return UniqueFd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

void write_file(int directory, const char* name, std::string_view text) {
  const UniqueFd file{::openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error{"cannot write " + std::string{name}};
  }
}

}  // namespace

World::World() {
  tree_.write("outside/secret", "nobody is to read this");
  tree_.write("outside/dir/secret", "nor this");
  tree_.write("outside/file", "nor what has a name that is also inside");
  tree_.write("ro/file", "read only");
  tree_.write("ro/dir/file", "read only, too");
  auto deep = tree_.path() / kReadOnly / "deep";
  for (std::size_t i = 0; i < kDeep; ++i) deep /= "d";
  fs::create_directories(deep);
  fs::create_symlink("../outside", tree_.path() / kReadOnly / "out");
  fs::create_symlink("dir/file", tree_.path() / kReadOnly / "link");
  fs::create_directory(tree_.path() / kWritable);
  root_ = opened(tree_.path());
  outside_ = opened(tree_.path() / kOutside);
  add_kept(".");
  add_kept(kOutside);
  add_kept(kReadOnly);
  for (const auto walk : {wasi::Walk::by_kernel, wasi::Walk::by_hand}) {
    const auto grant = [&](const char* name, DirectoryAccess access) {
      auto granted =
          wasi::HostDirectory::grant({(tree_.path() / name).string(), name, access}, walk);
      granted_[static_cast<std::size_t>(walk)].push_back({name, granted.value()});
    };
    grant(kWritable, DirectoryAccess::read_write);
    grant(kReadOnly, DirectoryAccess::read_only);
  }
}

void World::add_kept(const std::string& name) {
  const auto status = status_of(root_.get(), name);
  kept_.push_back({name, status, content_of(root_.get(), name, status.st_mode)});
  const bool too_many = name.ends_with("/deep");  // To be looked at after each call.
  if (!S_ISDIR(status.st_mode) || name == "." || too_many) return;
  for (const auto& entry : names_in(root_.get(), name)) add_kept(name + "/" + entry);
}

std::shared_ptr<const WasiGrants> World::grants(WasiConfig config, wasi::Walk walk) const {
  return std::make_shared<const wasi::Grants>(std::move(config),
                                              granted_[static_cast<std::size_t>(walk)]);
}

void World::refill() const {
  const auto writable = tree_.path() / kWritable;
  const auto fd = opened(writable);
  for (const auto& entry : names_in(root_.get(), kWritable)) {
    if (::unlinkat(fd.get(), entry.c_str(), 0) != 0) fs::remove_all(writable / entry);
  }
  ::mkdirat(fd.get(), "dir", 0700);
  ::mkdirat(fd.get(), "dir/below", 0700);
  write_file(fd.get(), "file", "some bytes, and some more of them\n");
  write_file(fd.get(), "dir/file", "");
  write_file(fd.get(), "\xFF\xFE", "its name is not UTF-8");
  ::symlinkat("../outside", fd.get(), "out");
  ::symlinkat("../../outside/secret", fd.get(), "dir/out");
  ::symlinkat("..", fd.get(), "up");
  ::symlinkat("loop", fd.get(), "loop");
  ::symlinkat("dir/below/../file", fd.get(), "link");
  ::symlinkat((tree_.path() / "outside/secret").c_str(), fd.get(), "absolute");
  ::mkfifoat(fd.get(), "fifo", 0600);
  ::mknodat(fd.get(), "socket", S_IFSOCK | 0600, 0);
  // The null device: only for a privileged user, and the others do without it.
  ::mknodat(fd.get(), "device", S_IFCHR | 0600, ::makedev(1, 3));
}

World::Visit::Visit(const World& world) : before_{opened(".")} {
  world.refill();
  if (::fchdir(world.outside_.get()) != 0) throw std::runtime_error{"cannot go outside"};
}

World::Visit::~Visit() {
  (void)!::fchdir(before_.get());
}

bool World::seems_unchanged() const {
  return std::ranges::all_of(kept_, [this](const Kept& kept) {
    const auto now = status_of(root_.get(), kept.name);
    const bool unread = !kReadingShows || !kept.name.starts_with(kOutside) ||
                        is_same(now.st_atim, kept.status.st_atim);
    return unread && is_same(now, kept.status);
  });
}

bool World::is_unchanged() const {
  return seems_unchanged() && std::ranges::all_of(kept_, [this](const Kept& kept) {
           return content_of(root_.get(), kept.name, kept.status.st_mode) == kept.content;
         });
}

bool World::is_outside(std::uint64_t device, std::uint64_t inode) const {
  return std::ranges::any_of(kept_, [&](const Kept& kept) {
    const bool granted = kept.name.starts_with(kReadOnly);
    return !granted && kept.status.st_dev == device && kept.status.st_ino == inode;
  });
}

}  // namespace wapc::fuzzing
