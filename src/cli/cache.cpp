#include <chrono>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"
#include "cli/user_cache.hpp"

// wapc cache: a command with commands of its own, which are here too.

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  wapc cache show
  wapc cache clear

It is in $WAPC_CACHE_DIR, else $XDG_CACHE_HOME/wapc, else ~/.cache/wapc.)";

constexpr std::string_view kShowExamples = R"(Examples:
  wapc cache show
  wapc cache show --json | jq .bytes)";

constexpr std::string_view kClearExamples = R"(Examples:
  wapc cache clear
  wapc cache clear --json | jq .removed)";

/// Of a name, which is a hash.
constexpr std::size_t kShortName = 12;

struct Contents {
  std::filesystem::path directory;
  std::uint64_t bytes_max;
  std::vector<CompileCacheEntry> entries;
  std::uint64_t bytes = 0;
};

/// The user's cache; null where there is none yet, since looking is no reason to make one.
Outcome<std::shared_ptr<CompileCache>> open_if_there(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::status(directory, error).type() == std::filesystem::file_type::not_found) {
    return nullptr;
  }
  auto cache = open_cache(directory);
  if (!cache) return std::unexpected{problem(cache.error())};
  return *std::move(cache);
}

Outcome<Contents> read_contents() {
  WAPC_TRY(auto directory, needed_cache_directory());
  WAPC_TRY(const auto cache, open_if_there(directory));
  Contents contents{
      .directory = std::move(directory),
      .bytes_max = cache ? cache->options().bytes_max : CompileCacheOptions{}.bytes_max,
      .entries = {}};
  if (!cache) return contents;
  auto entries = cache->entries();
  if (!entries) return std::unexpected{problem(entries.error())};
  contents.entries = *std::move(entries);
  for (const auto& entry : contents.entries) contents.bytes += entry.bytes;
  return contents;
}

std::tm in_utc(std::chrono::system_clock::time_point time) {
  return fmt::gmtime(std::chrono::system_clock::to_time_t(time));
}

std::string describe(const Contents& contents) {
  auto text = fmt::format("{}: {}, {} of {}\n", printable(contents.directory.string()),
                          counted(contents.entries.size(), "file"), describe_size(contents.bytes),
                          describe_size(contents.bytes_max));
  for (const auto& entry : contents.entries) {
    fmt::format_to(std::back_inserter(text), "  {}  {:>8}  used {:%Y-%m-%d %H:%M:%S} UTC\n",
                   printable(entry.name.substr(0, kShortName)), describe_size(entry.bytes),
                   in_utc(entry.used));
  }
  return text;
}

nlohmann::json to_json(const Contents& contents) {
  auto entries = nlohmann::json::array();
  for (const auto& entry : contents.entries) {
    entries.push_back({{"name", entry.name},
                       {"bytes", entry.bytes},
                       {"used", fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", in_utc(entry.used))}});
  }
  return {{"ok", true},
          {"directory", contents.directory.string()},
          {"files", contents.entries.size()},
          {"bytes", contents.bytes},
          {"bytes_max", contents.bytes_max},
          {"entries", std::move(entries)}};
}

Outcome<ExitCode> show(bool as_json, Streams& streams) {
  WAPC_TRY(const auto contents, read_contents());
  WAPC_CHECK(streams.out(as_json ? json_text(to_json(contents)) : describe(contents)));
  return ExitCode::ok;
}

Outcome<ExitCode> clear(bool as_json, Streams& streams) {
  WAPC_TRY(const auto directory, needed_cache_directory());
  WAPC_TRY(const auto cache, open_if_there(directory));
  const auto removed = cache ? cache->clear() : Result<std::size_t>{0};
  if (!removed) return std::unexpected{problem(removed.error())};
  WAPC_CHECK(streams.out(
      as_json ? json_text({{"ok", true}, {"directory", directory.string()}, {"removed", *removed}})
              : fmt::format("{}: removed {}\n", printable(directory.string()),
                            counted(*removed, "file"))));
  return ExitCode::ok;
}

using Run = Outcome<ExitCode> (*)(bool as_json, Streams& streams);

Command add_command(CLI::App* app, std::string_view examples, Run run) {
  const auto json = std::make_shared<bool>(false);
  app->add_flag("--json", *json, "Print one JSON object");
  app->group("Commands");
  app->footer(std::string{examples});
  return {.app = app,
          .run = [json, run](Streams& streams) { return run(*json, streams); },
          .json = [json] { return *json; }};
}

}  // namespace

std::vector<Command> cache_commands(CLI::App& program) {
  auto* app = program.add_subcommand("cache", "Show or clear the cache of compiled guests");
  app->require_subcommand(1);
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {
      add_command(app->add_subcommand("show", "Show what the cache holds"), kShowExamples, show),
      add_command(app->add_subcommand("clear", "Remove all that the cache holds"), kClearExamples,
                  clear)};
}

}  // namespace wapc::cli
