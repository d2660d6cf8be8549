#include "wasi/streams.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <mutex>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.hpp"
#include "wapc/base/utf8.hpp"
#include "wasi/held_signals.hpp"
#include "wasi/vectors.hpp"

// A descriptor of the program's is read and written without being able to block, or else a guest
// could not be stopped; and without O_NONBLOCK, which would change it for all who share it, such as
// the shell that the program was started from. Sockets have a flag for that, and on Linux pipes
// without a name and some devices. Pipes with a name and terminals are opened once more, which
// gives a description of our own. What has none of this is polled first, by one thread of this
// process at a time, and then moves no more than it is bound to have room for; only another process
// that is faster can make that block. Files never wait for anybody.

namespace wapc::wasi {
namespace {

constexpr std::size_t kLineMax = 64U << 10U;   // A longer line is logged in parts.
constexpr std::size_t kWriteMax = 64U << 10U;  // At once; what is longer goes in pieces.
constexpr std::size_t kReadMax = 1U << 20U;

BytesView bytes_of(const iovec& part) {
  return {static_cast<const std::byte*>(part.iov_base), part.iov_len};
}

/// A block device counts as a file: it makes nobody wait for anybody, and says that it is ready
/// when its data have yet to come from the disk.
HostKind kind_of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return HostKind::other;
  if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) return HostKind::file;
  if (S_ISSOCK(status.st_mode)) return HostKind::socket;
  if (S_ISFIFO(status.st_mode)) return HostKind::pipe;
  if (S_ISCHR(status.st_mode) && ::isatty(fd) == 1) return HostKind::terminal;
  return HostKind::other;
}

bool is_ready(int fd, short events) {
  pollfd polled{.fd = fd, .events = events, .revents = 0};
  return ::poll(&polled, 1, 0) > 0;
}

Outcome<> wait_for(int fd, short events, Waiting& waiting, const Budget& budget) {
  pollfd polled{.fd = fd, .events = events, .revents = 0};
  return waiting.wait({&polled, 1}, std::chrono::nanoseconds::max(), budget);
}

bool means_later(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

/// Whether the host has no way to do it without blocking.
bool means_unknown(int error) {
  return error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS;
}

msghdr message_of(std::span<const iovec> parts) {
  msghdr message{};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): it is not written to.
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(parts.size());
  return message;
}

/// Does `transfer`, which may block, when a descriptor is ready for it; else fails with `EAGAIN`.
template <typename Transfer>
ssize_t when_ready(int fd, short events, Transfer transfer) {
  // Between the two nobody else may take what made it ready. There is one mutex in the process, as
  // the instances of several hosts may share a descriptor, and several descriptors a terminal. Who
  // does not get it asks again, and looks at the budget before that: it is never waited for.
  static std::mutex transferring;
  const std::unique_lock alone{transferring, std::try_to_lock};
  if (alone.owns_lock() && is_ready(fd, events)) return transfer();
  errno = EAGAIN;
  return -1;
}

std::size_t read_bytes(BytesView bytes, std::span<const iovec> parts) {
  std::size_t read = 0;
  for (const auto& part : parts) {
    const auto given = std::min(part.iov_len, bytes.size() - read);
    if (given > 0) std::memcpy(part.iov_base, bytes.data() + read, given);
    read += given;
  }
  return read;
}

Outcome<std::size_t> read_host(HostStream& host, const Vectors& parts, Blocking blocking,
                               Waiting& waiting, const Budget& budget) {
  while (true) {
    const auto done = host.read_now(parts.all());
    if (done >= 0) return static_cast<std::size_t>(done);
    if (errno == EINTR) continue;
    if (!means_later(errno)) return failing_as_host();
    if (blocking == Blocking::fails_with_again) return failing(Errno::again);
    WAPC_CHECK(wait_for(host.fd(), POLLIN, waiting, budget));
  }
}

/// Writes some, waiting until that is possible.
Outcome<std::size_t> write_some(HostStream& host, Vectors& parts, Blocking blocking,
                                Waiting& waiting, const Budget& budget) {
  while (true) {
    const auto done = host.write_now(parts.first(kWriteMax));
    if (done > 0) return static_cast<std::size_t>(done);
    if (done == 0) return failing(Errno::io);  // Some device: asking again would not help.
    if (errno == EINTR) continue;
    if (!means_later(errno)) return failing_as_host();
    if (blocking == Blocking::fails_with_again) return failing(Errno::again);
    WAPC_CHECK(wait_for(host.fd(), POLLOUT, waiting, budget));
  }
}

Outcome<std::size_t> write_host(HostStream& host, Vectors& parts, Blocking blocking,
                                Waiting& waiting, const Budget& budget) {
  std::size_t written = 0;
  while (parts.bytes() > 0) {
    const auto done = write_some(host, parts, blocking, waiting, budget);
    // An error that lasts comes again, and then there is nothing else to tell.
    if (!done && written > 0) break;
    if (!done) return done;
    parts.advance(*done);
    written += *done;
    if (!budget.check()) break;
  }
  return written;
}

Outcome<std::size_t> write_buffer(OutputBuffer& buffer, const Vectors& parts) {
  std::size_t written = 0;
  for (const auto& part : parts.all()) {
    const auto taken = buffer.write(bytes_of(part));
    written += taken;
    if (taken < part.iov_len) break;
  }
  if (written == 0) return failing(Errno::dquot);
  return written;
}

/// How much of `line` can be logged without cutting a character of UTF-8 at its end in two.
std::size_t whole_characters(std::string_view line) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, line.size()); ++back) {
    const auto byte = static_cast<unsigned char>(line[line.size() - back]);
    if (byte < 0x80) break;
    const bool leads = byte >= 0xC0;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (leads) return length > back ? line.size() - back : line.size();
  }
  return line.size();
}

template <typename Stream>
std::optional<HostStream> host_of(const Stream& stream) {
  const auto* const host = std::get_if<HostDescriptor>(&stream);
  if (host == nullptr) return std::nullopt;
  return HostStream{*host};
}

std::optional<int> awaited_of(const std::optional<HostStream>& host) {
  if (!host || host->kind() == HostKind::file) return std::nullopt;
  return host->fd();
}

}  // namespace

std::optional<std::uint64_t> bytes_left(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode)) return 1;
  const auto position = ::lseek(file, 0, SEEK_CUR);
  if (position < 0) return std::nullopt;
  // It can stand behind its end.
  return static_cast<std::uint64_t>(std::max<off_t>(status.st_size - position, 0));
}

HostStream::HostStream(HostDescriptor descriptor)
    : fd_{descriptor.fd}, kind_{kind_of(descriptor.fd)} {}

/// What fails here may succeed later, when the process may open descriptors again or a pipe has a
/// reader.
void HostStream::reopen([[maybe_unused]] int access) {
#ifdef __linux__
  // Other devices may do anything when they are opened.
  if (kind_ != HostKind::pipe && kind_ != HostKind::terminal) return;
  // It must not allow more than the program's descriptor does.
  const auto flags = ::fcntl(fd_, F_GETFL);
  if (flags < 0 || (flags & O_PATH) != 0) return;
  if ((flags & O_ACCMODE) != O_RDWR && (flags & O_ACCMODE) != access) return;
  unsigned number = 0;
  const bool is_master = ::ioctl(fd_, TIOCGPTN, &number) == 0;
  if (is_master) return;  // To open that again is to make another terminal.
  const auto path = "/proc/self/fd/" + std::to_string(fd_);
  own_ = UniqueFd{::open(path.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
#endif
}

ssize_t HostStream::read_now(std::span<const iovec> parts) {
  const auto count = static_cast<int>(parts.size());
  if (kind_ == HostKind::file) return ::readv(fd_, parts.data(), count);
  if (kind_ == HostKind::socket) {
    auto message = message_of(parts);
    return ::recvmsg(fd_, &message, MSG_DONTWAIT);
  }
  if (own_) return ::readv(own_.get(), parts.data(), count);
#ifdef RWF_NOWAIT
  const auto done = ::preadv2(fd_, parts.data(), count, -1, RWF_NOWAIT);
  if (done >= 0 || !means_unknown(errno)) return done;
#endif
  reopen(O_RDONLY);
  if (own_) return ::readv(own_.get(), parts.data(), count);
  return when_ready(fd_, POLLIN, [&] { return ::readv(fd_, parts.data(), count); });
}

ssize_t HostStream::write_now(std::span<const iovec> parts) {
  const auto count = static_cast<int>(parts.size());
#ifdef MSG_NOSIGNAL
  if (kind_ == HostKind::socket) {
    const auto message = message_of(parts);
    return ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
#endif
  const HeldSignals held;
#ifndef MSG_NOSIGNAL
  if (kind_ == HostKind::socket) {
    const auto message = message_of(parts);
    return ::sendmsg(fd_, &message, MSG_DONTWAIT);
  }
#endif
  if (kind_ == HostKind::file) return ::writev(fd_, parts.data(), count);
  if (own_) return ::writev(own_.get(), parts.data(), count);
#ifdef RWF_NOWAIT
  const auto done = ::pwritev2(fd_, parts.data(), count, -1, RWF_NOWAIT);
  if (done >= 0 || !means_unknown(errno)) return done;
#endif
  reopen(O_WRONLY);
  if (own_) return ::writev(own_.get(), parts.data(), count);
  // A terminal that is ready has room for what it makes of one byte.
  const std::size_t room = kind_ == HostKind::terminal ? 1 : PIPE_BUF;
  const auto& part = parts.front();
  return when_ready(fd_, POLLOUT,
                    [&] { return ::write(fd_, part.iov_base, std::min(part.iov_len, room)); });
}

Input::Input(const StandardInput& source) : source_{source}, host_{host_of(source)} {}

Outcome<std::size_t> Input::read(std::span<const iovec> parts, Blocking blocking, Waiting& waiting,
                                 const Budget& budget) {
  WAPC_CHECK(budget.check());
  const Vectors left{parts, kReadMax};
  if (left.bytes() == 0 || std::holds_alternative<NoInput>(source_)) return std::size_t{0};
  if (host_) return read_host(*host_, left, blocking, waiting, budget);
  const BytesView bytes = *std::get<std::shared_ptr<const Bytes>>(source_);
  const auto read = read_bytes(bytes.subspan(position_), left.all());
  position_ += read;
  return read;
}

std::optional<int> Input::awaited() const noexcept {
  return awaited_of(host_);
}

std::uint64_t Input::available() const {
  if (const auto* const bytes = std::get_if<std::shared_ptr<const Bytes>>(&source_)) {
    return (*bytes)->size() - position_;
  }
  if (!host_) return 0;
  if (host_->kind() == HostKind::file) return bytes_left(host_->fd()).value_or(1);
  int count = 0;
  if (::ioctl(host_->fd(), FIONREAD, &count) != 0) return 1;
  return static_cast<std::uint64_t>(std::max(count, 0));
}

bool Input::is_terminal() const {
  return host_ && host_->kind() == HostKind::terminal;
}

Output::Output(const StandardOutput& target, LogSource source, std::shared_ptr<GuestLog> log)
    : target_{target}, host_{host_of(target)}, source_{source}, log_{std::move(log)} {}

Outcome<std::size_t> Output::write(std::span<const iovec> parts, Blocking blocking,
                                   Waiting& waiting, const Budget& budget) {
  WAPC_CHECK(budget.check());  // A guest that prints without end does so in many calls.
  // All of it goes to a descriptor: programs expect that, and do not look.
  Vectors left{parts, host_ ? Vectors::kBytesMax : kWriteMax};
  if (left.bytes() == 0) return std::size_t{0};
  if (host_) return write_host(*host_, left, blocking, waiting, budget);
  if (const auto* const buffer = std::get_if<std::shared_ptr<OutputBuffer>>(&target_)) {
    return write_buffer(**buffer, left);
  }
  std::size_t logged = 0;
  for (const auto& part : left.all()) {
    WAPC_TRY(const auto taken, log_lines(as_text(bytes_of(part)), budget));
    logged += taken;
    if (taken < part.iov_len) break;
  }
  return logged;
}

std::optional<int> Output::awaited() const noexcept {
  return awaited_of(host_);
}

void Output::flush() {
  // What is too much is dropped: the call is over, and has its outcome.
  if (line_.empty()) return;
  [[maybe_unused]] const auto logged = log_first(line_.size());
}

bool Output::is_terminal() const {
  return !host_ || host_->kind() == HostKind::terminal;
}

/// Returns how much of it was taken: all, unless the sink takes so long that the budget is spent.
Outcome<std::size_t> Output::log_lines(std::string_view text, const Budget& budget) {
  auto rest = text;
  while (!rest.empty()) {
    if (rest.size() < text.size() && !budget.check()) break;
    const auto length = std::min(rest.find('\n'), rest.size());
    const bool ends = length < rest.size();
    if (ends && line_.size() + length <= kLineMax) {
      if (line_.empty()) {
        WAPC_CHECK(log(rest.substr(0, length)));  // As it lies in the guest's memory: no copy.
      } else {
        line_.append(rest.substr(0, length));
        WAPC_CHECK(log_first(line_.size()));
      }
      rest.remove_prefix(length + 1);
      continue;
    }
    const auto fitting = std::min(length, kLineMax - line_.size());
    line_.append(rest.substr(0, fitting));
    rest.remove_prefix(fitting);
    if (!rest.empty()) WAPC_CHECK(log_first(whole_characters(line_)));
  }
  return text.size() - rest.size();
}

Result<> Output::log(std::string_view text) const {
  return is_utf8(text) ? log_->log(source_, text) : log_->log(source_, to_utf8(text));
}

Result<> Output::log_first(std::size_t length) {
  constexpr std::size_t kKept = 4096;  // In each of many instances, for its next line.
  auto logged = log(std::string_view{line_}.substr(0, length));
  line_.erase(0, length);
  if (line_.empty() && line_.capacity() > kKept) line_.shrink_to_fit();
  return logged;
}

}  // namespace wapc::wasi
