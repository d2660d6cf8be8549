#include "wapc/base/log.hpp"

#include <utility>

namespace wapc {
namespace {

class FunctionSink final : public LogSink {
 public:
  explicit FunctionSink(std::function<void(const LogEntry&)> function)
      : function_{std::move(function)} {}

  void log(const LogEntry& entry) override { function_(entry); }

 private:
  std::function<void(const LogEntry&)> function_;
};

}  // namespace

std::string_view to_string(LogSource source) noexcept {
  switch (source) {
    case LogSource::console: return "console";
    case LogSource::standard_output: return "stdout";
    case LogSource::standard_error: return "stderr";
    case LogSource::host: return "host";
  }
  std::unreachable();
}

std::shared_ptr<LogSink> logging_to(std::function<void(const LogEntry&)> function) {
  return std::make_shared<FunctionSink>(std::move(function));
}

void log_safely(LogSink* sink, const LogEntry& entry) noexcept {
  if (sink == nullptr) return;
  try {
    sink->log(entry);
  } catch (...) {  // NOLINT(bugprone-empty-catch): nobody is left to tell.
  }
}

}  // namespace wapc
