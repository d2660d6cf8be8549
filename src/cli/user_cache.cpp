#include "cli/user_cache.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

namespace wapc::cli {
namespace {

std::filesystem::path variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any.
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<std::filesystem::path> cache_directory() {
  if (auto own = variable("WAPC_CACHE_DIR"); !own.empty()) return own;
  if (const auto caches = variable("XDG_CACHE_HOME"); caches.is_absolute()) return caches / "wapc";
  if (const auto home = variable("HOME"); home.is_absolute()) return home / ".cache" / "wapc";
  return std::nullopt;
}

Outcome<std::filesystem::path> needed_cache_directory() {
  if (auto directory = cache_directory()) return *std::move(directory);
  return wrong_usage(
      "there is no directory for the cache: none of WAPC_CACHE_DIR, XDG_CACHE_HOME "
      "and HOME is set",
      "set WAPC_CACHE_DIR to a directory of your own");
}

Result<std::shared_ptr<CompileCache>> open_cache(std::filesystem::path directory) {
  // A command makes a module of each file once.
  return CompileCache::open({.directory = std::move(directory), .kept_bytes_max = 0});
}

}  // namespace wapc::cli
