#pragma once

#include <span>

#include "cli/streams.hpp"

namespace wapc::cli {

/// The program: finds the subcommand that `arguments` ask for (the first is the program's name),
/// runs it, and returns the exit code.
[[nodiscard]] int run(std::span<char* const> arguments, Streams& streams);

}  // namespace wapc::cli
