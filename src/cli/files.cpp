#include "cli/files.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/text.hpp"

namespace wapc::cli {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_{number} {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

std::unexpected<Problem> cannot_read(std::string_view name, std::string_view why) {
  return file_problem(fmt::format("cannot read {}: {}", printable(name), why));
}

std::unexpected<Problem> cannot_read(std::string_view name, int number) {
  return cannot_read(name, std::generic_category().message(number));
}

std::unexpected<Problem> too_large(std::string_view name) {
  return cannot_read(name, "it is larger than 1 GiB");
}

Outcome<Bytes> read_all(int descriptor, std::string_view name) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return cannot_read(name, errno);
  if (S_ISDIR(status.st_mode)) return cannot_read(name, EISDIR);
  // The size is a hint: files of /proc say 0, and a file may grow while it is read.
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  if (size > kFileBytesMax) return too_large(name);

  constexpr std::size_t kStep = 64U << 10U;
  Bytes bytes(static_cast<std::size_t>(size) + 1);  // One more, to meet the end in the same turn.
  std::size_t used = 0;
  while (true) {
    if (used == bytes.size()) bytes.resize(bytes.size() + std::max(kStep, bytes.size() / 2));
    const auto count = ::read(descriptor, bytes.data() + used, bytes.size() - used);
    if (count < 0) {
      if (errno == EINTR) continue;
      return cannot_read(name, errno);
    }
    if (count == 0) break;
    used += static_cast<std::size_t>(count);
    if (used > kFileBytesMax) return too_large(name);
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace

Outcome<Bytes> read_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (file.number() < 0) return cannot_read(path, errno);
  return read_all(file.number(), path);
}

Outcome<> write_file(const std::string& path, std::string_view text) {
  const auto cannot_write = [&](int number) {
    return file_problem(fmt::format("cannot write {}: {}", printable(path),
                                    std::generic_category().message(number)));
  };
  const Descriptor file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666)};
  if (file.number() < 0) return cannot_write(errno);
  while (!text.empty()) {
    const auto written = ::write(file.number(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot_write(errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Outcome<Bytes> read_standard_input() {
  return read_all(STDIN_FILENO, "standard input");
}

}  // namespace wapc::cli
