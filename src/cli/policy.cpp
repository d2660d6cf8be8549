#include <string>

#include "cli/commands.hpp"

// wapc policy: a command with commands of its own.

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  wapc policy check policy.toml
  wapc policy learn guest.wasm greet World --host '*/*/*=echo' -o policy.toml
  wapc call guest.wasm greet World --host '*/*/*=echo' --policy policy.toml

docs/policy.md has the format key by key.)";

}  // namespace

std::vector<Command> policy_commands(CLI::App& program) {
  auto* app =
      program.add_subcommand("policy", "Check a policy, or learn one from what a guest does");
  app->require_subcommand(1);
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {policy_check_command(*app), policy_learn_command(*app)};
}

}  // namespace wapc::cli
