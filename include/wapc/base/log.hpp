#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace wapc {

/// Where a line of the log comes from.
enum class LogSource : std::uint8_t {
  console,          ///< `__console_log` of the guest.
  standard_output,  ///< What the guest wrote to descriptor 1, line by line.
  standard_error,   ///< What the guest wrote to descriptor 2, line by line.
  host,             ///< This library: what the program should know and no caller is told.
};

/// `console`, `stdout`, `stderr` or `host`.
[[nodiscard]] std::string_view to_string(LogSource source) noexcept;

/// One line. Views text that lives until the sink returns: valid UTF-8, without the end of the
/// line, and otherwise as the guest wrote it: control characters are not removed.
struct LogEntry {
  std::uint64_t guest_id;  ///< Which of the program's guests it concerns.
  LogSource source;
  std::string_view text;
};

/// Gets the lines of guests. Called on the thread that runs the guest; guests that share one call
/// it at the same time, each on its own thread.
class LogSink {
 public:
  virtual ~LogSink() = default;

  /// What it throws is dropped.
  virtual void log(const LogEntry& entry) = 0;
};

/// A sink that is a function.
[[nodiscard]] std::shared_ptr<LogSink> logging_to(std::function<void(const LogEntry&)> function);

/// Hands `entry` to `sink`, if there is one, and drops what it throws.
void log_safely(LogSink* sink, const LogEntry& entry) noexcept;

}  // namespace wapc
