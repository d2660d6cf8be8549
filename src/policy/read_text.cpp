#include "policy/read_text.hpp"

#include <cerrno>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

namespace wapc {
namespace {

std::unexpected<Error> cannot_read(const std::string& path, std::string_view why) {
  return failure(Errc::invalid_options, "cannot read " + path + ": " + std::string{why});
}

std::unexpected<Error> cannot_read(const std::string& path, int number) {
  return cannot_read(path, std::generic_category().message(number));
}

}  // namespace

Result<std::string> read_policy_text(const std::string& path) {
  if (path.find('\0') != std::string::npos) return cannot_read(path, EINVAL);
  // Opening a FIFO would wait for somebody who writes.
  const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  if (!file) return cannot_read(path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return cannot_read(path, errno);
  if (S_ISDIR(status.st_mode)) return cannot_read(path, EISDIR);
  if (!S_ISREG(status.st_mode)) return cannot_read(path, "it is not a regular file");
  std::string text(kPolicyBytesMax + 1, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const auto count = ::read(file.get(), text.data() + used, text.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path, errno);
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
  }
  if (used > kPolicyBytesMax) return cannot_read(path, "it is larger than 1 MiB");
  text.resize(used);
  return text;
}

}  // namespace wapc
