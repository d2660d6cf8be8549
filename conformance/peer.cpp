#include "peer.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX's.
#include <sys/wait.h>
#include <unistd.h>

namespace wapc::conformance {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

/// Whether all of `text` went.
bool write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(to, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Peer::Peer(const std::string& command) {
  ::signal(SIGPIPE, SIG_IGN);  // A peer that died is an answer, not the end of this program.
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) fail("pipe");
  process_ = ::fork();
  if (process_ < 0) fail("fork");
  if (process_ == 0) {
    ::dup2(to[0], STDIN_FILENO);
    ::dup2(from[1], STDOUT_FILENO);
    ::setpgid(0, 0);  // So that the shell and what it started end together.
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  ::setpgid(process_, process_);
  ::close(to[0]);
  ::close(from[1]);
  to_ = to[1];
  from_ = from[0];
}

Peer::~Peer() {
  end();
}

void Peer::end() noexcept {
  if (process_ < 0) return;
  ::close(to_);
  ::close(from_);
  ::kill(-process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

std::string Peer::last_words() {
  int status = 0;
  ::waitpid(process_, &status, 0);
  ::close(to_);
  ::close(from_);
  process_ = -1;
  if (WIFSIGNALED(status)) return "died (signal " + std::to_string(WTERMSIG(status)) + ")";
  return "died (exit code " + std::to_string(WEXITSTATUS(status)) + ")";
}

std::expected<nlohmann::json, std::string> Peer::ask(const nlohmann::json& request,
                                                     std::chrono::milliseconds patience) {
  if (process_ < 0) return std::unexpected{std::string{"gone"}};
  if (!write_all(to_, request.dump() + "\n")) return std::unexpected{last_words()};
  constexpr std::size_t kPart = 1U << 16U;
  std::string part(kPart, '\0');
  while (true) {
    const auto end_of_line = unread_.find('\n');
    if (end_of_line != std::string::npos) {
      auto reply = nlohmann::json::parse(unread_.substr(0, end_of_line), nullptr, false);
      unread_.erase(0, end_of_line + 1);
      if (reply.is_object()) return reply;
      continue;  // Some hosts let guests print to where the answers go.
    }
    pollfd waiting{.fd = from_, .events = POLLIN, .revents = 0};
    const auto ready = ::poll(&waiting, 1, static_cast<int>(patience.count()));
    if (ready == 0) {
      end();
      return std::unexpected{std::string{"no answer"}};
    }
    const auto size = ::read(from_, part.data(), part.size());
    if (size <= 0) return std::unexpected{last_words()};
    unread_.append(part, 0, static_cast<std::size_t>(size));
  }
}

}  // namespace wapc::conformance
