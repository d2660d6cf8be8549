#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/problem.hpp"
#include "wapc/wasi/wasi_config.hpp"

namespace wapc::cli {

/// What guests and programs are granted by WASI, as the user gave it.
struct WasiArguments {
  std::vector<std::string> environment;
  std::vector<std::string> directories;
  std::optional<std::string> standard_input;
};

/// `--env`, `--dir` and `--stdin`. What happens without `--stdin` goes into its description.
void add_wasi_options(CLI::App& app, WasiArguments& into, std::string_view without_stdin);

/// What `arguments` grant, without arguments of the guest's own; without `--stdin` there is no
/// input. Fails with exit code `usage`, or `file` for that of `--stdin @FILE`.
[[nodiscard]] Outcome<WasiConfig> wasi_config(const WasiArguments& arguments);

/// `NAME=value`, or `NAME` for the value that this process has, as `NAME=value`.
[[nodiscard]] Outcome<std::string> parse_variable(std::string_view text);

/// `HOST[::GUEST][:ro]`.
[[nodiscard]] Outcome<PreopenedDirectory> parse_directory(std::string_view text);

/// How `--dir` is written, for when what it names cannot be granted.
[[nodiscard]] std::string directory_hint();

/// The last part of a path: by custom the first argument of a program.
[[nodiscard]] std::string file_name(const std::string& path);

}  // namespace wapc::cli
