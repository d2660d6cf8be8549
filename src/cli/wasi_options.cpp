#include "cli/wasi_options.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/try.hpp"
#include "cli/options.hpp"
#include "cli/payload.hpp"
#include "cli/text.hpp"

namespace wapc::cli {
namespace {

constexpr std::string_view kReadOnly = ":ro";
constexpr std::string_view kAs = "::";

/// The last value of a name counts, as when a shell sets it twice.
void set_variable(std::vector<std::string>& environment, std::string variable) {
  const auto name = variable.substr(0, variable.find('=') + 1);
  const auto known = std::ranges::find_if(
      environment, [&](const std::string& other) { return other.starts_with(name); });
  if (known == environment.end()) {
    environment.push_back(std::move(variable));
  } else {
    *known = std::move(variable);
  }
}

Outcome<StandardInput> parse_input(const std::string& text) {
  if (text == "-") return HostDescriptor{STDIN_FILENO};
  WAPC_TRY(auto bytes, text_or_file("--stdin", text));
  return std::make_shared<const Bytes>(std::move(bytes));
}

}  // namespace

void add_wasi_options(CLI::App& app, WasiArguments& into, std::string_view without_stdin) {
  add_texts(app, "--env", into.environment,
            "An environment variable: NAME=value, or NAME for the value it has here. May be given "
            "many times")
      ->type_name("NAME[=VALUE]");
  add_texts(app, "--dir", into.directories,
            "A directory that it may use, with all that is below it, and under which name "
            "(otherwise the same); :ro: not for writing. May be given many times")
      ->type_name("HOST[::GUEST][:ro]");
  add_text(app, "--stdin", into.standard_input,
           fmt::format("What it reads from standard input: text, @FILE, or - for that of wapc. {}",
                       without_stdin))
      ->type_name("TEXT");
}

Outcome<WasiConfig> wasi_config(const WasiArguments& arguments) {
  WasiConfig config;
  for (const auto& text : arguments.environment) {
    WAPC_TRY(auto variable, parse_variable(text));
    set_variable(config.environment, std::move(variable));
  }
  for (const auto& text : arguments.directories) {
    WAPC_TRY(auto directory, parse_directory(text));
    config.directories.push_back(std::move(directory));
  }
  if (arguments.standard_input) {
    WAPC_TRY(config.standard_input, parse_input(*arguments.standard_input));
  }
  return config;
}

Outcome<std::string> parse_variable(std::string_view text) {
  const auto equals = text.find('=');
  if (text.empty() || equals == 0) {
    return wrong_usage(fmt::format("--env {}: it has no name", in_quotes(text)),
                       "write it as --env NAME=value, or --env NAME for the value it has here");
  }
  std::string variable{text};
  if (equals != std::string_view::npos) return variable;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): arguments are read before there is another thread.
  const char* const value = std::getenv(variable.c_str());
  if (value == nullptr) {
    return wrong_usage(fmt::format("--env {}: it is not set here", in_quotes(text)),
                       fmt::format("give it a value: --env {}=value", printable(text)));
  }
  return variable + "=" + value;
}

Outcome<PreopenedDirectory> parse_directory(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return wrong_usage(fmt::format("--dir {}: {}", in_quotes(text), why), directory_hint());
  };
  auto names = text;
  const bool read_only = names.ends_with(kReadOnly);
  if (read_only) names.remove_suffix(kReadOnly.size());
  const auto as = names.find(kAs);
  const auto host = names.substr(0, as);
  const auto guest = as == std::string_view::npos ? host : names.substr(as + kAs.size());
  if (host.empty()) return wrong("it names no directory");
  if (guest.empty()) return wrong("it has no name for the guest after \"::\"");
  if (guest.find(kAs) != std::string_view::npos) return wrong("it has more than one \"::\"");
  return PreopenedDirectory{
      .host_path = std::string{host},
      .guest_path = std::string{guest},
      .access = read_only ? DirectoryAccess::read_only : DirectoryAccess::read_write};
}

std::string directory_hint() {
  return "write it as --dir HOST[::GUEST][:ro], such as --dir ./files::/data:ro, with a directory "
         "that is there";
}

std::string file_name(const std::string& path) {
  return std::filesystem::path{path}.filename().string();
}

}  // namespace wapc::cli
