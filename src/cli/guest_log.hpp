#pragma once

#include <memory>
#include <string>

#include "cli/streams.hpp"
#include "wapc/base/log.hpp"

namespace wapc::cli {

/// A sink that writes what a guest prints to standard error, each line with `name` before it, so
/// that no line of a guest's passes for another's. `streams` outlives it.
[[nodiscard]] std::shared_ptr<LogSink> printing_log(const std::string& name, Streams& streams);

}  // namespace wapc::cli
