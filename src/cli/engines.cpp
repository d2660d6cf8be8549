#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "wapc/providers/builtin.hpp"

// wapc engines

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  wapc engines
  wapc engines --json | jq -r '.engines[].name')";

Outcome<ExitCode> print(Streams& streams) {
  std::string text;
  for (const auto& row : builtin_engines()) {
    const auto engine = row.make();
    const bool is_default = &row == &builtin_engines().front();
    if (!engine) {
      text +=
          fmt::format("{}: cannot be used: {}\n", row.name, printable(engine.error().message()));
      continue;
    }
    const auto& info = (*engine)->info();
    text += fmt::format("{} {}{}\n  {}\n  runs code: {}\n  features: {}\n", info.name, info.version,
                        is_default ? " (default)" : "", row.description, to_string(info.execution),
                        info.features.empty() ? "none" : to_string(info.features));
  }
  if (text.empty()) text = "This build has no engine.\n";
  WAPC_CHECK(streams.out(text));
  return ExitCode::ok;
}

Outcome<ExitCode> print_json(Streams& streams) {
  auto engines = nlohmann::json::array();
  for (const auto& row : builtin_engines()) {
    nlohmann::json object{{"name", row.name},
                          {"description", row.description},
                          {"default", &row == &builtin_engines().front()}};
    if (const auto engine = row.make()) {
      const auto& info = (*engine)->info();
      object["version"] = info.version;
      object["execution"] = to_string(info.execution);
      object["features"] = feature_names(info.features);
    } else {
      object["error"] = to_json(problem(engine.error()));
    }
    engines.push_back(std::move(object));
  }
  WAPC_CHECK(streams.out(json_text({{"engines", std::move(engines)}})));
  return ExitCode::ok;
}

}  // namespace

Command engines_command(CLI::App& program) {
  auto* app = program.add_subcommand("engines", "List the engines that are built in");
  const auto json = std::make_shared<bool>(false);
  app->add_flag("--json", *json, "Print one JSON object");
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app,
          .run = [json](Streams& streams) { return *json ? print_json(streams) : print(streams); },
          .json = [json] { return *json; }};
}

}  // namespace wapc::cli
