#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace wapc::cli {

struct StatusLineOptions {
  std::function<void(std::string_view)> write =
      nullptr;  ///< To a terminal, on another thread; none: nothing is shown.
  std::chrono::milliseconds first{1'000};  ///< Nothing is shown before.
  std::chrono::milliseconds step = first;  ///< How long until it is shown anew.
};

/// While it lives, one line of a terminal says how something goes on. Then the line is wiped. Its
/// text is asked for on another thread; it is plain and fits into a terminal's line.
class StatusLine {
 public:
  StatusLine(StatusLineOptions options, std::function<std::string()> text);

 private:
  std::jthread thread_;  // None when nothing is shown.
};

/// A hostile name for such a line: plain, and cut when it is long.
[[nodiscard]] std::string shortened(std::string_view name);

}  // namespace wapc::cli
