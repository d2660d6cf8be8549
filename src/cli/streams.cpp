#include "cli/streams.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace wapc::cli {
namespace {

/// 0, or the number of the error that ended it.
int write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

void occupy_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1) continue;
    // The lowest free number, which is this one. Open in the wrong direction.
    static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace

Streams::Streams()
    : out_is_terminal_{::isatty(STDOUT_FILENO) == 1},
      error_is_terminal_{::isatty(STDERR_FILENO) == 1} {
  occupy_closed_streams();
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
}

Outcome<> Streams::out(std::string_view text) {
  const auto number = write_all(STDOUT_FILENO, text);
  if (number == 0 || number == EPIPE) return {};
  return file_problem(
      fmt::format("cannot write to standard output: {}", std::generic_category().message(number)));
}

void Streams::error(std::string_view text) noexcept {
  write_all(STDERR_FILENO, text);
}

}  // namespace wapc::cli
