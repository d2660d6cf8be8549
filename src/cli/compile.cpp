#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/engine_choice.hpp"
#include "cli/files.hpp"
#include "cli/guest_engine.hpp"
#include "cli/interrupt.hpp"
#include "cli/options.hpp"
#include "cli/program_limits.hpp"
#include "cli/reading_engine.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"
#include "cli/user_cache.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/wasi/command.hpp"

// wapc compile GUEST...

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  wapc compile hello.wasm
  wapc compile plugins/*.wasm
  wapc compile --json hello.wasm | jq '.guests[].compiled'

Compiles into the cache, for wapc call, wapc policy learn and wapc run to find it there. wapc cache
shows what it holds.)";

/// As the user gave them.
struct Arguments {
  std::vector<std::string> guests;
  std::optional<std::string> engine;
  bool json = false;
};

/// What the guests are compiled with.
struct Tools {
  std::shared_ptr<const Engine> engine;
  std::shared_ptr<CompileCache> cache;
  std::stop_token stop;
  Streams& streams;
};

struct Compiled {
  bool was_there;
  std::chrono::nanoseconds took;
};

/// Of one guest.
using Done = Outcome<Compiled>;

Outcome<std::shared_ptr<const Engine>> engine_with_artefacts(
    const std::optional<std::string>& name) {
  WAPC_TRY(std::shared_ptr<const Engine> engine, make_engine(name));
  const auto& info = engine->info();
  if (info.makes_artefacts) return engine;
  auto said = problem({Errc::unsupported, fmt::format("the engine {} makes no code that could be "
                                                      "kept: it has nothing to compile ahead",
                                                      info.name)});
  said.hint.clear();
  return std::unexpected{std::move(said)};
}

/// As `wapc run` loads it, or `wapc call`: a module that could be either is taken for a guest.
Result<> load(const Engine& engine, BytesView wasm, const Budget& budget) {
  const ReadingEngine reader{engine.info().features};
  const CompileOptions for_program{.limits = kProgramModuleLimits, .budget = budget};
  // What is refused should not be compiled first.
  const auto guest = GuestModule::load(reader, wasm);
  if (!guest && WasiCommand::load(reader, wasm, for_program)) {
    WAPC_CHECK(WasiCommand::load(engine, wasm, for_program));
    return {};
  }
  WAPC_CHECK(guest);
  WAPC_CHECK(
      GuestModule::load(engine, wasm, {.load_timeout = std::chrono::nanoseconds::max()}, budget));
  return {};
}

Problem advised(const Error& error, const std::string& guest) {
  auto said = problem(error);
  said.subject = guest;
  if (said.exit == ExitCode::cancelled) said.message = "compiling was cancelled";
  if (said.exit == ExitCode::invalid_module) {
    said.hint = fmt::format("wapc inspect {} shows what the module holds", guest);
  }
  return said;
}

Done compile(const Tools& tools, const std::string& guest) {
  WAPC_TRY(const auto wasm, read_file(guest));
  const auto engine = with_cache(showing_on(tools.streams, tools.engine, guest), tools.cache);
  const auto compiled_before = tools.cache->stats().compiled;
  const auto begun = Budget::Clock::now();
  const auto loaded = load(*engine, wasm, {.stop = tools.stop});
  if (!loaded) return std::unexpected{advised(loaded.error(), guest)};
  const auto stats = tools.cache->stats();
  const bool was_there = stats.compiled == compiled_before;
  if (!was_there && !stats.trouble.empty()) {
    return file_problem(fmt::format("{}: compiled, but not kept: the cache {}: {}",
                                    printable(guest), tools.cache->options().directory.string(),
                                    stats.trouble));
  }
  return Compiled{was_there, Budget::Clock::now() - begun};
}

nlohmann::json to_json(const std::string& guest, const Done& done) {
  nlohmann::json object{{"guest", guest}};
  if (!done) {
    object["error"] = cli::to_json(done.error());
    return object;
  }
  object["compiled"] = !done->was_there;
  if (!done->was_there) object["duration_ns"] = done->took.count();
  return object;
}

Outcome<> tell(const std::string& guest, const Done& done, Streams& streams) {
  if (!done) {
    streams.error(describe(done.error()));
    return {};
  }
  return streams.out(fmt::format(
      "{}: {}\n", printable(guest),
      done->was_there ? "was there already" : "compiled in " + cli::describe(done->took)));
}

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  if (std::ranges::find(arguments.guests, "-") != arguments.guests.end()) {
    return wrong_usage("a guest cannot come from standard input", "name its file");
  }
  const Interrupt interrupt;  // Before the engine: its threads must not get the signal.
  WAPC_TRY(auto engine, engine_with_artefacts(arguments.engine));
  WAPC_TRY(auto directory, needed_cache_directory());
  auto cache = open_cache(directory);
  if (!cache) return std::unexpected{problem(cache.error())};
  const Tools tools{std::move(engine), *std::move(cache), interrupt.token(), streams};
  auto guests = nlohmann::json::array();
  std::optional<Problem> first;
  for (const auto& guest : arguments.guests) {
    const auto done = compile(tools, guest);
    if (!done && !first) first = done.error();
    if (arguments.json) {
      guests.push_back(to_json(guest, done));
    } else {
      WAPC_CHECK(tell(guest, done, streams));
    }
    if (!done && done.error().exit == ExitCode::cancelled) break;
  }
  if (arguments.json) {
    nlohmann::json object{{"ok", !first},
                          {"engine", tools.engine->info().name},
                          {"directory", directory.string()},
                          {"guests", std::move(guests)}};
    if (first) object["error"] = cli::to_json(*first);
    WAPC_CHECK(streams.out(json_text(object)));
  }
  return first ? first->exit : ExitCode::ok;
}

}  // namespace

Command compile_command(CLI::App& program) {
  auto* app = program.add_subcommand("compile", "Compile guests and programs ahead of time");
  const auto arguments = std::make_shared<Arguments>();
  add_texts(*app, "GUEST", arguments->guests, "Files of guests, or of programs for WASI")
      ->required()
      ->allow_extra_args(true);
  add_text(*app, "--engine", arguments->engine,
           "For which engine; otherwise the first that `wapc engines` lists")
      ->type_name("NAME");
  app->add_flag("--json", arguments->json, "Print one JSON object");
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app,
          .run = [arguments](Streams& streams) { return run(*arguments, streams); },
          .json = [arguments] { return arguments->json; }};
}

}  // namespace wapc::cli
