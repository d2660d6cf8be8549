#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "cli/problem.hpp"
#include "wapc/cache/compile_cache.hpp"

namespace wapc::cli {

/// Where this user's compiled guests are kept: `$WAPC_CACHE_DIR`, else `$XDG_CACHE_HOME/wapc`, else
/// `~/.cache/wapc`; nothing when none of these is set. Empty is not set, and neither is, but for
/// the first, a path that is not absolute.
[[nodiscard]] std::optional<std::filesystem::path> cache_directory();

/// The same for commands that cannot do without: fails with exit code `usage`.
[[nodiscard]] Outcome<std::filesystem::path> needed_cache_directory();

/// The cache in `directory`, which is made. Fails as `CompileCache::open` does.
[[nodiscard]] Result<std::shared_ptr<CompileCache>> open_cache(std::filesystem::path directory);

}  // namespace wapc::cli
