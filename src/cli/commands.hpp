#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/problem.hpp"
#include "cli/streams.hpp"

namespace wapc::cli {

/// A subcommand: where its arguments are described, and what runs it once they are parsed. A
/// problem that it returns is told to the user; one that it has told itself comes back as its exit
/// code.
struct Command {
  CLI::App* app;
  std::function<Outcome<ExitCode>(Streams&)> run;
  /// Whether the user asked for JSON; null where there is none.
  std::function<bool()> json = nullptr;
  /// Gets what comes after the command's first argument, which is then not parsed: the command is
  /// no judge of it. Null where all is parsed.
  std::function<void(std::span<char* const>)> take_rest = nullptr;
};

[[nodiscard]] Command call_command(CLI::App& program);
[[nodiscard]] Command bench_command(CLI::App& program);
[[nodiscard]] Command run_command(CLI::App& program);
[[nodiscard]] Command inspect_command(CLI::App& program);
[[nodiscard]] Command compile_command(CLI::App& program);
[[nodiscard]] Command engines_command(CLI::App& program);
[[nodiscard]] Command completion_command(CLI::App& program);

/// Those of `wapc policy`, which has commands of its own.
[[nodiscard]] std::vector<Command> policy_commands(CLI::App& program);
[[nodiscard]] Command policy_check_command(CLI::App& policy);
[[nodiscard]] Command policy_learn_command(CLI::App& policy);

/// Those of `wapc cache`.
[[nodiscard]] std::vector<Command> cache_commands(CLI::App& program);

/// `call`, `policy check`: the command's name as the user gives it.
[[nodiscard]] std::string full_name(const CLI::App& app);

}  // namespace wapc::cli
