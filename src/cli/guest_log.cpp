#include "cli/guest_log.hpp"

#include <fmt/format.h>

#include "cli/text.hpp"

namespace wapc::cli {
namespace {

std::string prefix(const std::string& name, LogSource source) {
  switch (source) {
    case LogSource::console: return name + ": ";
    case LogSource::host: return "wapc: " + name + ": ";
    case LogSource::standard_output:
    case LogSource::standard_error: break;
  }
  return fmt::format("{} ({}): ", name, to_string(source));
}

}  // namespace

std::shared_ptr<LogSink> printing_log(const std::string& name, Streams& streams) {
  return logging_to([name = printable(name), &streams](const LogEntry& entry) {
    std::string text;
    for (const auto line : lines(entry.text)) {
      text.append(prefix(name, entry.source)).append(printable_prose(line)).append("\n");
    }
    streams.error(text);
  });
}

}  // namespace wapc::cli
