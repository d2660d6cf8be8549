#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/status_line.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc::cli {

struct CompileProgress {
  std::string guest;                      ///< What is said to be compiled; hostile.
  std::function<void()> begun = nullptr;  ///< Is told that it begins, on the caller's thread.
  StatusLineOptions line = {};
};

/// `engine`, which shows in one line of a terminal that it compiles, and for how long. The line is
/// wiped when it is done.
[[nodiscard]] std::unique_ptr<Engine> showing(std::shared_ptr<const Engine> engine,
                                              CompileProgress progress);

}  // namespace wapc::cli
