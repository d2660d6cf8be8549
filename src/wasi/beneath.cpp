#include "wasi/beneath.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#if defined(SYS_openat2) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define WAPC_HAS_OPENAT2
#endif
#endif

#include "base/try.hpp"

namespace wapc::wasi {
namespace {

#if defined(O_PATH)
constexpr int kSearch = O_PATH;
#elif defined(O_SEARCH)
constexpr int kSearch = O_SEARCH;
#else
constexpr int kSearch = O_RDONLY;
#endif
constexpr int kSearchDirectory = kSearch | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

constexpr int kLinksMax = 40;  // Of one path, as in Linux.

/// So many links at the end of a path are left to the kernel, which follows as many again on the
/// way to each. The rest is walked by hand, where all are counted together: a path of nothing but
/// links would take long otherwise.
constexpr int kLinksByKernelMax = 8;

/// How often what is looked at may have become something else when it is looked at again.
constexpr int kSwapsMax = 64;

Outcome<std::string> link_text_at(int directory, const std::string& name) {
  std::array<char, 4096> text{};  // Linux has none that is longer.
  const auto length = ::readlinkat(directory, name.c_str(), text.data(), text.size());
  if (length < 0) return failing_as_host();
  if (static_cast<std::size_t>(length) == text.size()) return failing(Errno::nametoolong);
  return std::string{text.data(), static_cast<std::size_t>(length)};
}

/// Walks a path without the kernel's help: holds the directories that it came through, so that ".."
/// goes back to one of them, wherever it has been moved meanwhile.
class Walker {
 public:
  /// Counts the links that it follows in `links`.
  Walker(int root, int& links) : root_{root}, links_{links} {}

  /// The directory; none when it is the root.
  [[nodiscard]] Outcome<UniqueFd> walk(std::string rest) {
    std::size_t at = 0;
    while ((at = rest.find_first_not_of('/', at)) != std::string::npos) {
      const auto end = std::min(rest.find('/', at), rest.size());
      const auto name = rest.substr(at, end - at);
      at = end;
      if (name == ".") continue;
      if (name == "..") {
        WAPC_CHECK(leave());
        continue;
      }
      WAPC_TRY(const auto link, enter(name));
      if (!link) continue;
      if (link->starts_with('/')) return failing(Errno::perm);
      if (++links_ > kLinksMax) return failing(Errno::loop);
      rest = *link + rest.substr(at);
      at = 0;
    }
    if (through_.empty()) return UniqueFd{};
    return std::move(through_.back());
  }

 private:
  /// Of a deep path the first directories are let go, for the sake of the process's descriptors; it
  /// cannot go back to them.
  static constexpr std::size_t kHeldMax = 64;

  [[nodiscard]] Outcome<> leave() {
    if (through_.empty()) return failing(Errno::perm);
    through_.pop_back();
    if (through_.empty() && let_go_) return failing(Errno::nametoolong);
    return {};
  }

  /// Goes into a directory, or returns the text of a link.
  [[nodiscard]] Outcome<std::optional<std::string>> enter(const std::string& name) {
    const int here = through_.empty() ? root_ : through_.back().get();
    for (int swaps = 0; swaps < kSwapsMax; ++swaps) {
      UniqueFd next{::openat(here, name.c_str(), kSearchDirectory)};
      if (next) {
        if (through_.size() == kHeldMax) {
          through_.erase(through_.begin());
          let_go_ = true;
        }
        through_.push_back(std::move(next));
        return std::nullopt;
      }
      if (errno != ENOTDIR && errno != ELOOP) return failing_as_host();
      auto link = link_text_at(here, name);
      if (link) return *std::move(link);
      if (!(link.error() == Errno::inval)) return std::unexpected{std::move(link).error()};
      struct stat status{};
      if (::fstatat(here, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return failing_as_host();
      }
      if (!S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode)) return failing(Errno::notdir);
    }
    return failing(Errno::again);
  }

  int root_;
  int& links_;
  std::vector<UniqueFd> through_;
  bool let_go_ = false;
};

#ifdef WAPC_HAS_OPENAT2
int open_by_kernel(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}
#endif

/// The directory; none when it is the root. `links` is how many the path has had so far.
Outcome<UniqueFd> open_directory(int root, const std::string& path, [[maybe_unused]] Walk walk,
                                 int& links) {
  if (path.empty()) return UniqueFd{};
#ifdef WAPC_HAS_OPENAT2
  // The kernel gives up on ".." when anything in the system is being renamed or mounted. Whoever
  // does that without end does not keep a guest from its files: by hand it works.
  const bool by_kernel = walk == Walk::by_kernel && links < kLinksByKernelMax;
  for (int swaps = 0; by_kernel && swaps < kSwapsMax; ++swaps) {
    UniqueFd opened{open_by_kernel(root, path)};
    if (opened) return opened;
    if (errno == EXDEV) return failing(Errno::perm);
    if (errno != EAGAIN) return failing_as_host();
  }
#endif
  return Walker{root, links}.walk(path);
}

/// A path in its parts, views of it.
struct Split {
  std::string_view directory;  // With a slash at its end; empty for the root.
  std::string_view name;
  bool slashed;
};

Split split(std::string_view path) {
  const auto end = path.find_last_not_of('/') + 1;
  const bool slashed = end < path.size();
  const auto trimmed = path.substr(0, end);
  const auto start = trimmed.rfind('/') + 1;  // 0 when there is none.
  const auto name = trimmed.substr(start);
  if (name == "..") return {trimmed, ".", slashed};
  return {trimmed.substr(0, start), name, slashed};
}

Outcome<Place> place_of(int root, const Split& parts, Walk walk, int& links) {
  WAPC_TRY(auto opened, open_directory(root, std::string{parts.directory}, walk, links));
  const int directory = opened ? opened.get() : root;
  return Place{std::move(opened), directory, std::string{parts.name}, parts.slashed};
}

}  // namespace

Walk best_walk([[maybe_unused]] int root) noexcept {
#ifdef WAPC_HAS_OPENAT2
  // Whatever keeps it from opening what is open already will keep it from the rest.
  if (const UniqueFd opened{open_by_kernel(root, ".")}) return Walk::by_kernel;
#endif
  return Walk::by_hand;
}

Outcome<std::optional<struct stat>> Place::status() const {
  struct stat found{};
  if (::fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) return found;
  if (errno == ENOENT) return std::nullopt;
  return failing_as_host();
}

Outcome<std::string> Place::link_text() const {
  return link_text_at(directory, name);
}

Outcome<Place> place_of(int root, const std::string& path, Walk walk) {
  int links = 0;
  return place_of(root, split(path), walk, links);
}

Outcome<Found> find_below(int root, std::string path, LinkAtEnd link, Walk walk) {
  for (int links = 0; links <= kLinksMax; ++links) {
    const auto parts = split(path);
    WAPC_TRY(auto place, place_of(root, parts, walk, links));
    WAPC_TRY(const auto status, place.status());
    if (!status) return Found{std::move(place), status};
    const bool follows = link == LinkAtEnd::follow || place.slashed;
    if (!S_ISLNK(status->st_mode) || !follows) {
      if (place.slashed && !S_ISDIR(status->st_mode)) return failing(Errno::notdir);
      return Found{std::move(place), status};
    }
    const auto text = place.link_text();
    if (!text) {
      if (text.error() == Errno::inval) continue;  // Somebody has just put something else there.
      return std::unexpected{text.error()};
    }
    if (text->starts_with('/')) return failing(Errno::perm);
    path = std::string{parts.directory} + *text + (place.slashed ? "/" : "");
  }
  return failing(Errno::loop);
}

}  // namespace wapc::wasi
