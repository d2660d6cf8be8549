#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/engine_choice.hpp"
#include "cli/text.hpp"

// wapc completion bash
//
// The script is made from the same descriptions as the help, so that the two cannot disagree.

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  source <(wapc completion bash)            # for this shell
  wapc completion bash > ~/.local/share/bash-completion/completions/wapc     # for all to come)";

/// With what a command's case fills in: its options, those of them that take a value, and what its
/// arguments are, and its own commands.
constexpr std::string_view kCase = R"(    '{}')
      options='{}'
      with_value='{}'
      arguments={}
      below='{}'
      ;;
)";

constexpr std::string_view kScript =
    R"(# Completion of wapc for bash, made by `wapc completion bash`.
_wapc() {{
  local commands='{commands}' options='{program_options}' with_value='' arguments='' below=''
  local line="${{COMP_LINE:0:COMP_POINT}}" words word before position=0 i
  # Split at blanks alone: bash's own words end at the : of operations and the @ of payloads too.
  read -ra words <<< "$line"
  [[ $line == *[[:blank:]] ]] && words+=('')
  word="${{words[-1]}}" before="${{words[-2]}}"
  COMPREPLY=()
  local command="${{words[1]}}" first=2
  # Commands that have commands of their own.
  if [[ ' {groups} ' == *" $command "* && ${{#words[@]}} -gt 3 ]]; then
    command+=" ${{words[2]}}" first=3
  fi
  case "$command" in
{cases}  esac
  # Which of the arguments it is: options and their values do not count.
  for ((i = first; i < ${{#words[@]}} - 1; ++i)); do
    if [[ ${{words[i]}} != -?* ]]; then
      ((++position))
      # All that comes after a program is its own.
      [[ $arguments == program ]] && break
    elif [[ " $with_value " == *" ${{words[i]}} "* ]]; then
      ((++i))
    fi
  done
  if ((${{#words[@]}} == 2)); then
    COMPREPLY=($(compgen -W "$commands $options" -- "$word"))
  elif [[ $arguments:$position == program:1 ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  elif [[ $before == --engine || $before == --against-engine ]]; then
    COMPREPLY=($(compgen -W '{engines}' -- "$word"))
  elif [[ $before == --dir || $word == --dir=* ]]; then
    compopt -o filenames -o nospace 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "${{word#--dir=}}")
    [[ $word == --dir=* ]] && COMPREPLY=("${{COMPREPLY[@]/#/--dir=}}")
  elif [[ ' --policy --audit --output -o --against ' == *" $before "* ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  elif [[ $before == --stdin && $word == @* ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen -P @ -f -- "${{word#@}}")
  elif [[ $before == --env ]]; then
    COMPREPLY=($(compgen -e -- "$word"))
  elif [[ $before == -* && " $with_value " == *" $before "* ]]; then
    return
  elif [[ $word == --engine=* || $word == --against-engine=* ]]; then
    COMPREPLY=($(compgen -P "${{word%%=*}}=" -W '{engines}' -- "${{word#*=}}"))
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    case "$arguments:$position" in
      file*:0 | files:* | program:0)
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
      file-operation-payload:2)
        if [[ $word == @* ]]; then
          compopt -o filenames 2> /dev/null
          mapfile -t COMPREPLY < <(compgen -P @ -f -- "${{word#@}}")
        fi
        ;;
      command:0) COMPREPLY=($(compgen -W "$commands" -- "$word")) ;;
      below:0) COMPREPLY=($(compgen -W "$below" -- "$word")) ;;
      shell:0) COMPREPLY=($(compgen -W 'bash' -- "$word")) ;;
    esac
  fi
  # Bash replaces only what it takes for the word.
  COMPREPLY=("${{COMPREPLY[@]#"${{word%"$2"}}"}}")
}}
complete -F _wapc wapc
)";

/// `--name` and `-n` of all options of `app`, or of those that take a value.
std::string options_of(const CLI::App& app, bool with_value_only) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    if (with_value_only && option->get_items_expected_max() == 0) continue;
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

/// What completes the arguments of `app`, told by what they are called.
std::string_view arguments_of(const CLI::App& app) {
  std::string names;
  for (const auto* option : app.get_options()) names += option->get_name(true, false) + " ";
  if (names.find("PAYLOAD") != std::string::npos) return "file-operation-payload";
  if (names.find("GUEST") != std::string::npos) {
    return app.get_name() == "compile" ? "files" : "file";
  }
  if (names.find("FILE") != std::string::npos) return "file";
  if (names.find("PROGRAM") != std::string::npos) return "program";
  if (names.find("COMMAND") != std::string::npos) return "command";
  if (names.find("SHELL") != std::string::npos) return "shell";
  return app.get_subcommands({}).empty() ? "''" : "below";
}

std::vector<std::string> names_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// A case for each command below `app`, and for theirs.
std::string cases_of(const CLI::App& app) {
  std::string cases;
  for (const auto* command : app.get_subcommands({})) {
    fmt::format_to(std::back_inserter(cases), kCase, full_name(*command),
                   options_of(*command, false), options_of(*command, true), arguments_of(*command),
                   fmt::join(names_below(*command), " "));
    cases += cases_of(*command);
  }
  return cases;
}

std::string bash_script(const CLI::App& program) {
  const auto commands = names_below(program);
  std::vector<std::string> groups;
  for (const auto* app : program.get_subcommands({})) {
    if (!app->get_subcommands({}).empty()) groups.push_back(app->get_name());
  }
  return fmt::format(kScript, fmt::arg("commands", fmt::join(commands, " ")),
                     fmt::arg("groups", fmt::join(groups, " ")),
                     fmt::arg("program_options", options_of(program, false)),
                     fmt::arg("cases", cases_of(program)),
                     fmt::arg("engines", fmt::join(engine_names(), " ")));
}

}  // namespace

Command completion_command(CLI::App& program) {
  auto* app = program.add_subcommand("completion", "Print a script that completes wapc in a shell");
  const auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "Which shell: bash")->required()->type_name("");
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app, .run = [&program, shell](Streams& streams) -> Outcome<ExitCode> {
            if (*shell != "bash") {
              return wrong_usage(fmt::format("there is no completion for {}", in_quotes(*shell)),
                                 "bash is the shell there is one for");
            }
            WAPC_CHECK(streams.out(bash_script(program)));
            return ExitCode::ok;
          }};
}

}  // namespace wapc::cli
