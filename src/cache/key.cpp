#include "cache/key.hpp"

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.hpp"
#include "base/unique_fd.hpp"

namespace wapc {
namespace {

constexpr const char* kName = "key";

std::unexpected<Error> key_error(const std::string& why) {
  return failure(Errc::invalid_options, "its key: " + why);
}

std::unexpected<Error> system_error() {
  return key_error(std::generic_category().message(errno));
}

Result<> fill_at_random(Digest& digest) {
  if (::getentropy(digest.data(), digest.size()) == 0) return {};
  return failure(Errc::unavailable,
                 std::string{"no random numbers: "} + std::generic_category().message(errno));
}

/// Nothing when there is none.
Result<std::optional<Digest>> read_key(int directory) {
  const UniqueFd file{::openat(directory, kName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  struct stat status{};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return system_error();
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() ||
      (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return key_error(
        "the file `key` is not for its owner alone, so that others may have written what is here: "
        "remove the directory");
  }
  Digest key;
  const auto got = ::read(file.get(), key.data(), key.size());
  if (got != static_cast<ssize_t>(key.size()) || status.st_size != static_cast<off_t>(key.size())) {
    return key_error("the file `key` is damaged: remove it");
  }
  return key;
}

/// Makes one, unless another process has been faster.
Result<> make_key(int directory) {
  Digest key;
  WAPC_CHECK(fill_at_random(key));
  // Written whole before it gets its name.
  WAPC_TRY(const auto unfinished, unfinished_name());
  bool made = false;
  {
    const UniqueFd file{::openat(directory, unfinished.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR)};
    if (file.get() < 0) return system_error();
    made = ::write(file.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
           ::fsync(file.get()) == 0 &&
           (::linkat(directory, unfinished.c_str(), directory, kName, 0) == 0 || errno == EEXIST);
  }
  const int error = errno;
  ::unlinkat(directory, unfinished.c_str(), 0);
  errno = error;
  if (!made) return system_error();
  return {};
}

}  // namespace

Result<std::string> unfinished_name() {
  Digest number;
  WAPC_CHECK(fill_at_random(number));
  return in_hexadecimal(number).append(kUnfinished);
}

Result<Digest> read_or_make_key(int directory) {
  WAPC_TRY(const auto there, read_key(directory));
  if (there) return *there;
  WAPC_CHECK(make_key(directory));
  WAPC_TRY(const auto made, read_key(directory));
  if (made) return *made;
  return key_error("it vanished");
}

}  // namespace wapc
