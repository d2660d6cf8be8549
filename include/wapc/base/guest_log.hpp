#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "wapc/base/error.hpp"
#include "wapc/base/log.hpp"

namespace wapc {

/// One guest's way to the log, with bounds on what it may log in a call. Shared by all that the
/// guest logs through; not thread-safe, as its instance is not.
class GuestLog {
 public:
  struct Limits {
    std::size_t bytes = std::numeric_limits<std::size_t>::max();
    std::uint64_t lines = std::numeric_limits<std::uint64_t>::max();
  };

  /// Without a sink all is dropped, and counted all the same: what a guest may do does not depend
  /// on who listens.
  GuestLog(std::shared_ptr<LogSink> sink, std::uint64_t guest_id, Limits limits);
  GuestLog(std::shared_ptr<LogSink> sink, std::uint64_t guest_id);

  /// Logs a line of the guest's; `text` is valid UTF-8. Fails with `limit_exceeded` when the guest
  /// has logged too much in this call, and logs nothing then.
  [[nodiscard]] Result<> log(LogSource source, std::string_view text);

  /// Says something of the guest to the program. It counts, and is dropped when it is too much.
  void report(std::string_view text) noexcept;

  /// Counts from zero again.
  void begin_call() noexcept {
    bytes_ = 0;
    lines_ = 0;
  }

 private:
  std::shared_ptr<LogSink> sink_;
  std::uint64_t guest_id_;
  Limits limits_;
  std::size_t bytes_ = 0;    // In this call.
  std::uint64_t lines_ = 0;  // In this call.
};

}  // namespace wapc
