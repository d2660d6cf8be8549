#include "cache/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.hpp"
#include "cache/key.hpp"

namespace wapc {
namespace {

constexpr std::string_view kSuffix = ".artefact";
constexpr std::chrono::hours kAbandoned{1};  // A file that is still unfinished after so long.

std::string reason() {
  return std::generic_category().message(errno);
}

std::string file_name(const Digest& name) {
  return in_hexadecimal(name).append(kSuffix);
}

std::unexpected<Error> unusable(const std::filesystem::path& directory, const std::string& why) {
  return failure(Errc::invalid_options, "the cache " + directory.string() + ": " + why);
}

Result<> write_all(int file, BytesView bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failure(Errc::unavailable, reason());
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

std::chrono::system_clock::time_point time_of(const timespec& time) {
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec})};
}

/// Each file of `directory` whose name ends in `suffix`.
Result<std::vector<CompileCacheEntry>> list(int directory, std::string_view suffix) {
  // Opened anew, as it has a position.
  const int again = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const stream = again < 0 ? nullptr : ::fdopendir(again);
  if (stream == nullptr) {
    const auto why = reason();
    if (again >= 0) ::close(again);
    return failure(Errc::unavailable, "cannot read the cache's directory: " + why);
  }
  std::vector<CompileCacheEntry> entries;
  while (const auto* const item = ::readdir(stream)) {  // NOLINT(concurrency-mt-unsafe): our own.
    const std::string_view name{item->d_name};
    struct stat status{};
    if (!name.ends_with(suffix) ||
        ::fstatat(directory, item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode)) {
      continue;
    }
    entries.push_back({std::string{name.substr(0, name.size() - suffix.size())},
                       static_cast<std::uint64_t>(status.st_size), time_of(status.st_mtim)});
  }
  ::closedir(stream);
  std::ranges::sort(entries, std::ranges::greater{}, &CompileCacheEntry::used);
  return entries;
}

bool remove(int directory, const std::string& name, std::string_view suffix) {
  return ::unlinkat(directory, (name + std::string{suffix}).c_str(), 0) == 0;
}

}  // namespace

Result<std::unique_ptr<CompileCache::Files>> CompileCache::Files::open(
    const std::filesystem::path& directory, std::uint64_t bytes_max) {
  std::error_code error;
  if (directory.has_parent_path()) {
    std::filesystem::create_directories(directory.parent_path(), error);
  }
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return unusable(directory, "cannot make the directory: " + reason());
  }
  UniqueFd opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  struct stat status{};
  if (opened.get() < 0 || ::fstat(opened.get(), &status) != 0) {
    return unusable(directory, "cannot open the directory: " + reason());
  }
  if (status.st_uid != ::geteuid()) {
    return unusable(directory, "the directory belongs to another user; choose one of your own");
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return unusable(directory,
                    "others may write to the directory, and what is in it is run as "
                    "code: take that from them (chmod go-w)");
  }
  auto key = read_or_make_key(opened.get());
  if (!key) return unusable(directory, key.error().message());
  return std::unique_ptr<Files>{new Files{std::move(opened), *key, bytes_max}};
}

Result<std::optional<Artefact>> CompileCache::Files::find(const Digest& name) const {
  const auto path = file_name(name);
  const UniqueFd file{
      ::openat(directory_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  const auto artefact = [&]() -> Result<Artefact> {
    struct stat status{};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
      return failure(Errc::unavailable, reason());
    }
    Digest hash{};
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (!S_ISREG(status.st_mode) || size <= hash.size() || size > bytes_max_) {
      return failure(Errc::denied, "it is not a file of this cache");
    }
    WAPC_TRY(auto found, Artefact::read(file.get(), size - hash.size()));
    if (::read(file.get(), hash.data(), hash.size()) != static_cast<ssize_t>(hash.size()) ||
        !equal_digests(hash, keyed_hash(key_, {name, found.bytes()}))) {
      return failure(Errc::denied, "it is not what this cache wrote");
    }
    return found;
  }();
  if (artefact) {
    ::futimens(file.get(),
               nullptr);  // It was used now. In a directory that is read-only it is not.
    return std::optional{*artefact};
  }
  if (artefact.error().code() == Errc::denied) ::unlinkat(directory_.get(), path.c_str(), 0);
  return std::unexpected{artefact.error()};
}

Result<> CompileCache::Files::store(const Digest& name, BytesView artefact) const {
  const auto hash = keyed_hash(key_, {name, artefact});
  if (artefact.size() + hash.size() > bytes_max_) {
    return failure(Errc::unavailable, "an artefact of " + std::to_string(artefact.size()) +
                                          " bytes is more than the whole cache may hold");
  }
  WAPC_TRY(const auto unfinished, unfinished_name());
  const auto written = [&]() -> Result<> {
    const UniqueFd file{::openat(directory_.get(), unfinished.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR)};
    if (file.get() < 0) return failure(Errc::unavailable, reason());
    WAPC_CHECK(write_all(file.get(), artefact));
    return write_all(file.get(), hash);
  }();
  if (written && ::renameat(directory_.get(), unfinished.c_str(), directory_.get(),
                            file_name(name).c_str()) == 0) {
    // Looking at all files takes longer the more there are, and is not done for each small one.
    const auto unseen = unseen_bytes_.fetch_add(artefact.size()) + artefact.size();
    if (unseen > bytes_max_ / 16) drop_what_is_too_much();
    return {};
  }
  const auto why = written ? reason() : written.error().message();
  ::unlinkat(directory_.get(), unfinished.c_str(), 0);
  return failure(Errc::unavailable, "cannot write an artefact: " + why);
}

void CompileCache::Files::drop_what_is_too_much() const {
  unseen_bytes_ = 0;
  const auto entries = list(directory_.get(), kSuffix);
  if (!entries) return;
  // Room for what is written until the next look, too.
  const auto kept_max = bytes_max_ - bytes_max_ / 16;
  std::uint64_t bytes = 0;
  for (const auto& entry : *entries) {
    bytes += entry.bytes;
    if (bytes > kept_max) remove(directory_.get(), entry.name, kSuffix);
  }
  const auto unfinished = list(directory_.get(), kUnfinished);
  if (!unfinished) return;
  for (const auto& entry : *unfinished) {
    if (entry.used + kAbandoned < std::chrono::system_clock::now()) {
      remove(directory_.get(), entry.name, kUnfinished);
    }
  }
}

Result<std::vector<CompileCacheEntry>> CompileCache::Files::entries() const {
  return list(directory_.get(), kSuffix);
}

Result<std::size_t> CompileCache::Files::clear() const {
  std::size_t removed = 0;
  std::string trouble;
  for (const auto suffix : {kSuffix, kUnfinished}) {
    WAPC_TRY(const auto entries, list(directory_.get(), suffix));
    for (const auto& entry : entries) {
      if (remove(directory_.get(), entry.name, suffix)) {
        ++removed;
      } else if (errno != ENOENT) {
        trouble = reason();
      }
    }
  }
  if (!trouble.empty()) return failure(Errc::unavailable, "cannot remove all files: " + trouble);
  return removed;
}

}  // namespace wapc
