#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <sys/uio.h>

#include "base/unique_fd.hpp"
#include "wapc/base/budget.hpp"
#include "wapc/base/guest_log.hpp"
#include "wapc/wasi/wasi_config.hpp"
#include "wasi/errno.hpp"
#include "wasi/waiting.hpp"

namespace wapc::wasi {

enum class Blocking : std::uint8_t { waits, fails_with_again };

/// What kind of thing a descriptor of the host's is, as far as waiting for it goes.
enum class HostKind : std::uint8_t { file, socket, pipe, terminal, other };

/// How many bytes of a file are left from where it stands; 1 where that cannot be said, as of a
/// block device; nothing, with `errno` set, when the host fails.
[[nodiscard]] std::optional<std::uint64_t> bytes_left(int file);

/// A descriptor of the program's, which others may use at the same time. Either read or written.
class HostStream {
 public:
  explicit HostStream(HostDescriptor descriptor);

  [[nodiscard]] int fd() const noexcept { return fd_; }

  [[nodiscard]] HostKind kind() const noexcept { return kind_; }

  /// As readv and writev, but `EAGAIN` where that would block, and without a signal.
  [[nodiscard]] ssize_t read_now(std::span<const iovec> parts);
  [[nodiscard]] ssize_t write_now(std::span<const iovec> parts);

 private:
  void reopen(int access);

  int fd_;
  HostKind kind_;
  UniqueFd own_;  // The same thing opened once more, where that is needed so as not to block.
};

/// Standard input, as one instance reads it.
class Input {
 public:
  explicit Input(const StandardInput& source);

  /// Reads into the parts, which lie in the guest's memory, as much as there is at once, up to
  /// 1 MiB, waiting for the first byte; 0 at the end.
  [[nodiscard]] Outcome<std::size_t> read(std::span<const iovec> parts, Blocking blocking,
                                          Waiting& waiting, const Budget& budget);

  /// What to poll; nothing where reading never waits.
  [[nodiscard]] std::optional<int> awaited() const noexcept;

  /// How many bytes can be read at once; 0 at the end, 1 where the host does not say.
  [[nodiscard]] std::uint64_t available() const;

  [[nodiscard]] bool is_terminal() const;

 private:
  StandardInput source_;
  std::optional<HostStream> host_;  // Of a descriptor.
  std::size_t position_ = 0;        // In bytes of our own.
};

/// Standard output or error, as one instance writes it.
class Output {
 public:
  Output(const StandardOutput& target, LogSource source, std::shared_ptr<GuestLog> log);

  /// Writes the parts, which lie in the guest's memory, and returns how many bytes that were: all,
  /// unless the target takes no more or the budget is spent; but to the log and to a buffer at most
  /// 64 KiB; at least one, if there are any. A reader that has gone away is `pipe`, and no
  /// signal; a full buffer is `dquot`. A guest that logs too much ends, as `GuestLog::log` says.
  [[nodiscard]] Outcome<std::size_t> write(std::span<const iovec> parts, Blocking blocking,
                                           Waiting& waiting, const Budget& budget);

  [[nodiscard]] std::optional<int> awaited() const noexcept;

  /// Sends a line that has no end yet to the log.
  void flush();

  /// What is not this process's own goes line by line, as to a terminal: C's library then hands
  /// over each line when it ends, and not when its buffer is full.
  [[nodiscard]] bool is_terminal() const;

 private:
  [[nodiscard]] Outcome<std::size_t> log_lines(std::string_view text, const Budget& budget);
  [[nodiscard]] Result<> log(std::string_view text) const;
  [[nodiscard]] Result<> log_first(std::size_t length);

  StandardOutput target_;
  std::optional<HostStream> host_;  // Of a descriptor.
  LogSource source_;
  std::shared_ptr<GuestLog> log_;
  std::string line_;  // For the log: without its end yet.
};

}  // namespace wapc::wasi
