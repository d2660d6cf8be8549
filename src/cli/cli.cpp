#include "cli/cli.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/text.hpp"

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  wapc call hello.wasm 'wapc:sample!Hello' 'this is a test'
  wapc run tool.wasm --help
  wapc inspect hello.wasm
  wapc help call
)";

std::string footer() {
  std::string text{kExamples};
  text += "\nExit codes:";
  for (const auto& row : exit_codes()) {
    text += fmt::format("\n  {:>3}  {}", static_cast<int>(row.code), row.meaning);
  }
  text += "\nThose of wapc run are in wapc run --help.";
  return text;
}

/// Breaks `text` into lines of at most `width`, at blanks.
std::string wrapped(std::string_view text, std::size_t width) {
  std::string result;
  while (text.size() > width) {
    const auto end = text.rfind(' ', width);
    if (end == std::string_view::npos) break;
    result.append(text.substr(0, end)).append("\n");
    text.remove_prefix(end + 1);
  }
  return result.append(text);
}

class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(kNamesWidth);
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_name().empty() ? "" : " " + option->get_type_name();
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(option->get_description(), kLineWidth - kNamesWidth);
  }

 private:
  static constexpr std::size_t kLineWidth = 90;
  static constexpr std::size_t kNamesWidth = 24;
};

void set_up(CLI::App& program) {
  program.name("wapc");
  program.description(
      "Runs WebAssembly: waPC guests, which are modules that answer calls, and programs for WASI.");
  program.set_version_flag("--version", "wapc " WAPC_VERSION, "Print the version and go");
  program.set_help_flag("-h,--help", "Print this help and go");
  program.require_subcommand(1);  // And no more: an operation may be called like a command.
  program.footer(footer());
  program.formatter(std::make_shared<HelpFormatter>());
}

std::vector<std::string> command_names(const CLI::App& program) {
  std::vector<std::string> names;
  for (const auto* app : program.get_subcommands({})) names.push_back(app->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

/// `wapc`, `wapc policy`, `wapc policy check`.
std::string line_of(const CLI::App& app) {
  const auto name = full_name(app);
  return name.empty() ? "wapc" : "wapc " + name;
}

/// There is no command `name` below `app`, which is the program or a command.
std::unexpected<Problem> unknown_command(const CLI::App& app, std::string_view name) {
  const auto names = command_names(app);
  const auto near = nearest(name, names);
  return wrong_usage(fmt::format("there is no command {}", in_quotes(name)),
                     near.empty() ? fmt::format("commands are {}; see {} --help",
                                                fmt::join(names, ", "), line_of(app))
                                  : fmt::format("did you mean {} {}?", line_of(app), near));
}

/// `argument` fits nowhere among those of `app`.
std::unexpected<Problem> unexpected_argument(const CLI::App& app, std::string_view argument) {
  const auto help = fmt::format("see {} --help", line_of(app));
  const bool has_commands = !app.get_subcommands({}).empty();
  if (argument.size() < 2 || !argument.starts_with('-')) {
    if (has_commands) return unknown_command(app, argument);
    return wrong_usage(fmt::format("unexpected argument {}", in_quotes(argument)),
                       "text with blanks goes between quotes; " + help);
  }
  const auto name = argument.substr(0, argument.find('='));
  const auto names = option_names(app);
  const auto near = nearest(name, names);
  auto hint = near.empty() ? help : fmt::format("did you mean {}? Otherwise {}", near, help);
  if (!has_commands) hint += "; after a lone -- nothing is taken for an option";
  return wrong_usage(fmt::format("unknown option {}", in_quotes(name)), std::move(hint));
}

std::string in_our_words(const CLI::ParseError& error) {
  const std::string_view text = error.what();
  const auto option = text.substr(0, text.find(':'));
  if (text.find(": At Most 1 required") != std::string_view::npos) {
    return fmt::format("{} is given more than once", printable(option));
  }
  if (text.ends_with(" missing")) return fmt::format("{} needs a value", printable(option));
  return printable(text);
}

/// The command that was given, as far as it was: the program itself where none was.
const CLI::App& given_command(const CLI::App& program) {
  const auto* app = &program;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

/// What is wrong with the arguments, told by what CLI11 says and by what it could not place.
std::unexpected<Problem> wrong_arguments(const CLI::App& program, const CLI::ParseError& error) {
  const auto& app = given_command(program);
  if (const auto rest = app.remaining(); !rest.empty()) {
    return unexpected_argument(app, rest.front());
  }
  if (const auto names = command_names(app); !names.empty()) {
    return wrong_usage("no command given", fmt::format("commands are {}; see {} --help",
                                                       fmt::join(names, ", "), line_of(app)));
  }
  return wrong_usage(in_our_words(error), fmt::format("see {} --help", line_of(app)));
}

/// Of the program itself: `App::help` would speak of the command that was given.
std::string program_help(const CLI::App& program) {
  return program.get_formatter()->make_help(&program, program.get_name(),
                                            CLI::AppFormatMode::Normal);
}

/// The help on the command that `names` lead to.
Outcome<std::string> help_on(const CLI::App& program, const std::vector<std::string>& names) {
  if (names.empty()) return program_help(program);
  const auto* app = &program;
  for (const auto& name : names) {
    const auto apps = app->get_subcommands({});
    const auto asked = std::ranges::find(apps, name, &CLI::App::get_name);
    if (asked == apps.end()) return unknown_command(*app, name);
    app = *asked;
  }
  return app->help(line_of(*app->get_parent()));
}

/// `wapc help [COMMAND]`.
Command help_command(CLI::App& program) {
  auto* app = program.add_subcommand("help", "Print help on a command");
  const auto names = std::make_shared<std::vector<std::string>>();
  add_texts(*app, "COMMAND", *names, "Which one; none for the program")->allow_extra_args(true);
  app->group("Commands");
  app->footer("Examples:\n  wapc help\n  wapc help call\n  wapc help policy learn");
  return {.app = app, .run = [&program, names](Streams& streams) -> Outcome<ExitCode> {
            WAPC_TRY(const auto text, help_on(program, *names));
            WAPC_CHECK(streams.out(text));
            return ExitCode::ok;
          }};
}

/// How many of `arguments` are ours: not those after the first argument of a command that takes the
/// rest.
std::size_t count_of_ours(std::span<const Command> commands, std::span<char* const> arguments) {
  if (arguments.size() < 2) return arguments.size();
  const auto command = std::ranges::find_if(commands, [&](const Command& candidate) {
    return candidate.take_rest && candidate.app->get_name() == arguments[1];
  });
  if (command == commands.end()) return arguments.size();
  bool only_arguments = false;  // After a lone --.
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    const std::string_view text = arguments[i];
    if (only_arguments || text.size() < 2 || !text.starts_with('-')) return i + 1;
    only_arguments = text == "--";
    const auto* const option = command->app->get_option_no_throw(std::string{text});
    if (option != nullptr && option->get_items_expected_max() > 0) ++i;  // Its value.
  }
  return arguments.size();
}

/// Whether JSON was asked for, when the arguments could not be understood.
bool mentions_json(std::span<char* const> arguments) {
  const auto end = std::ranges::find(arguments, std::string_view{"--"});
  return std::find(arguments.begin(), end, std::string_view{"--json"}) != end;
}

ExitCode tell(const Problem& problem, bool as_json, Streams& streams) {
  if (!as_json) {
    streams.error(describe(problem));
    return problem.exit;
  }
  const auto told = streams.out(json_text({{"ok", false}, {"error", to_json(problem)}}));
  if (!told) streams.error(describe(told.error()));
  return problem.exit;
}

ExitCode carry_out(const Command& command, Streams& streams) {
  const bool as_json = command.json && command.json();
  try {
    const auto outcome = command.run(streams);
    return outcome ? *outcome : tell(outcome.error(), as_json, streams);
  } catch (const std::exception& e) {
    return tell(problem({Errc::internal, e.what()}), as_json, streams);
  }
}

/// In the order in which the help lists them.
std::vector<Command> all_commands(CLI::App& program) {
  std::vector<Command> commands{call_command(program), bench_command(program), run_command(program),
                                inspect_command(program), compile_command(program)};
  for (auto& command : cache_commands(program)) commands.push_back(std::move(command));
  for (auto& command : policy_commands(program)) commands.push_back(std::move(command));
  commands.push_back(engines_command(program));
  commands.push_back(completion_command(program));
  commands.push_back(help_command(program));
  return commands;
}

ExitCode parse_and_run(std::span<char* const> arguments, Streams& streams) {
  CLI::App program;
  set_up(program);
  const auto commands = all_commands(program);
  const auto ours = arguments.first(count_of_ours(commands, arguments));
  try {
    program.parse(static_cast<int>(ours.size()), ours.data());
  } catch (const CLI::Success& asked) {  // --help and --version.
    std::ostringstream text;
    program.exit(asked, text, text);
    const auto told = streams.out(text.str());
    return told ? ExitCode::ok : tell(told.error(), false, streams);
  } catch (const CLI::ParseError& error) {
    return tell(wrong_arguments(program, error).error(), mentions_json(ours), streams);
  }
  const auto command = std::ranges::find_if(
      commands, [](const Command& candidate) { return candidate.app->parsed(); });
  if (command->take_rest) command->take_rest(arguments.subspan(ours.size()));
  return carry_out(*command, streams);
}

}  // namespace

std::string full_name(const CLI::App& app) {
  if (app.get_parent() == nullptr) return {};
  const auto before = full_name(*app.get_parent());
  return before.empty() ? app.get_name() : before + " " + app.get_name();
}

int run(std::span<char* const> arguments, Streams& streams) {
  return static_cast<int>(parse_and_run(arguments, streams));
}

}  // namespace wapc::cli
