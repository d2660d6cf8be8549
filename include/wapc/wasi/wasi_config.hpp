#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/wasi/output_buffer.hpp"

namespace wapc {

enum class DirectoryAccess : std::uint8_t { read_only, read_write };

/// A directory of the host that a guest may use, with all that is below it. No path of the guest's
/// leaves it, whatever symbolic links are in it.
struct PreopenedDirectory {
  std::string host_path;   ///< There when a host is configured, and a directory.
  std::string guest_path;  ///< What the guest calls it, such as `/` or `data`.
  DirectoryAccess access = DirectoryAccess::read_only;
};

/// A descriptor of this process, read or written as it is. Borrowed: open for as long as a guest
/// may use it, and never closed.
struct HostDescriptor {
  int fd;
};

/// Input that is at its end from the start.
struct NoInput {};

/// What a guest reads from descriptor 0: nothing, bytes that each instance reads from the first one
/// on, or a descriptor of this process, of which all instances together read each byte once.
using StandardInput = std::variant<NoInput, std::shared_ptr<const Bytes>, HostDescriptor>;

/// Output that goes to the log sink, line by line; without a sink it is dropped.
struct ToLog {};

/// Where a guest writes to by descriptors 1 and 2.
using StandardOutput = std::variant<ToLog, std::shared_ptr<OutputBuffer>, HostDescriptor>;

/// What a guest may take of the outside world. All but `descriptors` are counted anew for each call
/// (the start functions of an instance together are one), so that a guest can live long.
struct WasiLimits {
  /// Open at the same time, standard streams and preopened directories included; then the guest
  /// gets `EMFILE`. Each file or directory that the guest opens is a descriptor of this process; a
  /// directory that is being listed is two, and 32 KiB.
  std::size_t descriptors = 256;

  /// Written to files and to standard output and error, and added to files' sizes, gaps included;
  /// then the guest gets `EDQUOT`.
  std::uint64_t bytes_written = std::uint64_t{1} << 30U;

  /// Files, directories and links that the guest makes; then it gets `EDQUOT`.
  std::uint64_t entries_created = 10'000;

  /// Spent waiting, in `poll_oneoff` and for standard input and output; then the call ends with
  /// `limit_exceeded`. The call's deadline ends a wait too.
  std::chrono::nanoseconds time_slept = std::chrono::minutes{1};
};

/// What a guest that imports WASI may have of the outside world. A value. Nothing is granted unless
/// named, save the time, randomness, and lines in the log.
///
/// Its functions are called on the threads that run guests, by several at once where several hosts
/// were given them. One that throws ends the guest's call with `internal`, and spends the instance.
struct WasiConfig {
  /// The guest's arguments; the first is by custom the program's name.
  std::vector<std::string> arguments = {};

  /// Each `NAME=value`.
  std::vector<std::string> environment = {};

  std::vector<PreopenedDirectory> directories = {};

  StandardInput standard_input = NoInput{};
  StandardOutput standard_output = ToLog{};
  StandardOutput standard_error = ToLog{};

  /// Time since the beginning of 1970, and since a moment that never changes; null: the machine's,
  /// the second counted from when the directories were opened. What guests are told: a guest that
  /// waits does so in real time.
  std::function<std::chrono::nanoseconds()> realtime_clock = nullptr;
  std::function<std::chrono::nanoseconds()> monotonic_clock = nullptr;

  /// Both clocks show multiples of this, against guests that measure what others do.
  std::chrono::nanoseconds clock_resolution{1};

  /// Fills the span, which is the guest's memory, with unpredictable bytes; null: the kernel's
  /// generator.
  std::function<void(std::span<std::byte>)> random = nullptr;

  WasiLimits limits = {};
};

}  // namespace wapc
