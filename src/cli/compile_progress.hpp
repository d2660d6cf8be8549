#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "wapc/engine/engine.hpp"

namespace wapc::cli {

struct CompileProgress {
  std::string guest;  ///< What is said to be compiled; hostile.
  std::function<void(std::string_view)> write =
      nullptr;  ///< To a terminal, on another thread; none: nothing is shown.
  std::chrono::milliseconds first{1'000};  ///< Nothing is shown before.
  std::chrono::milliseconds step = first;  ///< How long until it is shown anew.
};

/// `engine`, which shows in one line of a terminal that it compiles, and for how long. The line is
/// wiped when it is done.
[[nodiscard]] std::unique_ptr<Engine> showing(std::shared_ptr<const Engine> engine,
                                              CompileProgress progress);

}  // namespace wapc::cli
