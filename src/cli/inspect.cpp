#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/guest_engine.hpp"
#include "cli/inspection.hpp"
#include "cli/text.hpp"

// wapc inspect GUEST

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  wapc inspect hello.wasm
  wapc inspect hello.wasm --try
  wapc inspect hello.wasm --json | jq -r '.imports[].name'

Exits with 4 when the module is no waPC guest, and with 10 when it is one and no engine of this build
runs it.)";

struct Arguments {
  std::string guest;
  bool json = false;
  bool try_it = false;
};

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  WAPC_TRY(const auto wasm, read_file(arguments.guest));
  const auto check = arguments.try_it ? EngineCheck::by_loading : EngineCheck::by_reading;
  // Not by way of the cache: whether the engine compiles it is what is asked.
  const auto found = inspect(arguments.guest, wasm, check, [&](std::unique_ptr<Engine> engine) {
    return showing_on(streams, std::move(engine), arguments.guest);
  });
  if (!found) {
    auto said = problem(found.error());
    said.subject = arguments.guest;
    said.hint.clear();
    return std::unexpected{std::move(said)};
  }
  WAPC_CHECK(streams.out(arguments.json ? json_text(to_json(*found)) : describe(*found)));
  if (found->is_command && !arguments.json) {
    streams.error(fmt::format("hint: it is a program for WASI: wapc run {} runs it\n",
                              printable(arguments.guest)));
  }
  if (found->why_no_guest) return ExitCode::invalid_module;
  const bool runs = std::ranges::any_of(
      found->engines, [](const EngineVerdict& verdict) { return !verdict.why_not; });
  return runs ? ExitCode::ok : ExitCode::unsupported;
}

}  // namespace

Command inspect_command(CLI::App& program) {
  auto* app = program.add_subcommand(
      "inspect", "Show what a module holds, and whether it is a guest that can be run here");
  const auto arguments = std::make_shared<Arguments>();
  app->add_option("GUEST", arguments->guest, "File of the module")->required()->type_name("");
  app->add_flag("--try", arguments->try_it,
                "Find out by loading and starting it on each engine, not just by reading it; runs "
                "its start functions");
  app->add_flag("--json", arguments->json, "Print one JSON object");
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app,
          .run = [arguments](Streams& streams) { return run(*arguments, streams); },
          .json = [arguments] { return arguments->json; }};
}

}  // namespace wapc::cli
