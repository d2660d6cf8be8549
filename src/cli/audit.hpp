#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "cli/problem.hpp"
#include "cli/streams.hpp"
#include "wapc/rpc/event.hpp"

namespace wapc::cli {

/// A line for the audit: one object of JSON in ASCII without control characters, so that nothing
/// that a guest says can begin another. `guest` is the name of its file.
[[nodiscard]] std::string audit_line(const Event& event, const std::string& guest);

/// Writes events to a file, which is appended to. Thread-safe.
class Audit final : public EventSink {
 public:
  /// `path` may be `-` for standard error. Fails with exit code `file`. `streams` outlives it.
  [[nodiscard]] static Outcome<std::shared_ptr<Audit>> open(const std::string& path,
                                                            const std::string& guest,
                                                            Streams& streams);
  ~Audit() override;

  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  void record(const Event& event) override;

  /// Fails with exit code `file` when something could not be written.
  [[nodiscard]] Outcome<> check() const;

 private:
  Audit(int file, std::string path, std::string guest, Streams& streams);

  int file_;  // -1 for standard error.
  std::string path_;
  std::string guest_;
  Streams& streams_;
  mutable std::mutex mutex_;  // Guards what follows, and keeps lines whole.
  int failure_ = 0;           // The number of the first error.
};

}  // namespace wapc::cli
