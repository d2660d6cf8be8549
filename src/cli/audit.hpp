#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cli/problem.hpp"
#include "cli/streams.hpp"
#include "wapc/rpc/event.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc::cli {

/// A line for the audit: one object of JSON in ASCII without control characters, so that nothing
/// that a guest says can begin another. `guest` is the name of its file.
[[nodiscard]] std::string audit_line(const Event& event, const std::string& guest);

/// Writes events to a file, which is appended to. Thread-safe.
///
/// It stops for good when the file cannot be written, or has no room for any line that may come,
/// which the last line then says. What is not written down should not happen: see `audited`.
class Audit final : public EventSink {
 public:
  /// `path` may be `-` for standard error; it does not wait for a reader of a pipe. The file has at
  /// most `bytes_max`, with what is in it already. Fails with exit code `file`. `streams` outlives
  /// it.
  [[nodiscard]] static Outcome<std::shared_ptr<Audit>> open(const std::string& path,
                                                            const std::string& guest,
                                                            std::uint64_t bytes_max,
                                                            Streams& streams);
  ~Audit() override;

  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  void record(const Event& event) override;

  /// Whether all was written so far.
  [[nodiscard]] bool works() const noexcept { return works_; }

  /// Fails with exit code `file` when something could not be written, or was too much.
  [[nodiscard]] Outcome<> check() const;

 private:
  Audit(int file, std::string path, std::string guest, std::uint64_t bytes_max, Streams& streams);

  [[nodiscard]] Outcome<> prepare();
  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] bool has_room() const;  // For any line, so that a host call can be made.
  void write(std::string_view text);

  int file_;  // -1 for standard error.
  bool is_regular_ = false;
  std::string path_;
  std::string guest_;
  std::uint64_t bytes_max_;
  Streams& streams_;
  std::atomic<bool> works_ = true;
  mutable std::mutex mutex_;  // Guards what follows, and keeps lines whole.
  bool is_torn_ = false;      // Whether the file ends in a line without an end.
  std::uint64_t written_ = 0;
  int failure_ = 0;  // The number of the first error.
};

/// A handler before `next`: once the audit does not work any more, host calls fail.
[[nodiscard]] std::shared_ptr<HostHandler> audited(std::shared_ptr<HostHandler> next,
                                                   std::shared_ptr<const Audit> audit);

}  // namespace wapc::cli
