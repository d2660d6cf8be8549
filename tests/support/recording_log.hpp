#pragma once

#include <memory>
#include <string>
#include <vector>

#include "wapc/base/log.hpp"

namespace wapc::testing {

/// Keeps what is logged as `source: text`.
class RecordingLog final : public LogSink {
 public:
  void log(const LogEntry& entry) override {
    lines.push_back(std::string{to_string(entry.source)} + ": " + std::string{entry.text});
  }

  std::vector<std::string> lines;
};

}  // namespace wapc::testing
