#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

struct CompileCacheOptions {
  /// Made when it is not there. The user's own: nobody else may write to it. May be shared by any
  /// number of processes.
  std::filesystem::path directory;

  /// Of all its files; those go first that were not used for longest. Each other process that
  /// writes to it may make it a sixteenth more, for a while.
  std::uint64_t bytes_max = std::uint64_t{1} << 30U;

  /// Of artefacts that this process has looked at and keeps, to make a module of them again without
  /// another look. Modules in use share this memory.
  std::size_t kept_bytes_max = 256U << 20U;

  /// How many of them it keeps: each takes a file descriptor.
  std::size_t kept_max = 256;
};

/// What came of it so far, in this process.
struct CompileCacheStats {
  std::uint64_t kept = 0;      ///< Modules made of what the process had kept.
  std::uint64_t read = 0;      ///< Modules made of a file.
  std::uint64_t compiled = 0;  ///< Modules that were in neither.
  std::uint64_t refused = 0;   ///< Files that were not what they should be; they were dropped.
  std::uint64_t stored = 0;    ///< Files written.
  std::string trouble;         ///< Why the last file could not be written; empty when it could.
};

/// One file of it.
struct CompileCacheEntry {
  std::string name;
  std::uint64_t bytes = 0;
  std::chrono::system_clock::time_point used;  ///< When it was last written or read.
};

/// Compiled modules on disk, so that each is compiled once by all processes of a user. A file is
/// found by what was compiled (the module, the engine, its version and settings, the limits the
/// module was held against), and run only when it carries the hash of its contents under a key that
/// lies in the directory for its owner alone: what is torn, was changed, was put there by others or
/// belongs to another module is compiled anew. Of the file a copy is made, which is looked at and
/// run. Trouble with the directory never fails a compilation: it is only slower. Thread-safe.
class CompileCache {
 public:
  /// Fails with `invalid_options` when the directory cannot be made or opened, belongs to another
  /// user or can be written to by others, or its key is not for its owner alone, is damaged or
  /// cannot be made; the message says what to do.
  [[nodiscard]] static Result<std::shared_ptr<CompileCache>> open(CompileCacheOptions options);

  ~CompileCache();

  CompileCache(const CompileCache&) = delete;
  CompileCache& operator=(const CompileCache&) = delete;

  /// As `engine.compile` does, and fails as that does; engines that make no artefacts just compile.
  /// What an engine compiles to the end behind a caller who has given up is stored as well.
  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(const Engine& engine, BytesView wasm,
                                                              const CompileOptions& options);

  [[nodiscard]] CompileCacheStats stats() const;

  /// Its files, those used last first. Fails with `unavailable` when the directory cannot be read.
  [[nodiscard]] Result<std::vector<CompileCacheEntry>> entries() const;

  /// Removes its files, and forgets what the process has kept; modules in use go on. How many there
  /// were. Fails with `unavailable` when some could not be removed.
  [[nodiscard]] Result<std::size_t> clear();

  [[nodiscard]] const CompileCacheOptions& options() const noexcept;

 private:
  class Files;
  class Kept;

  explicit CompileCache(CompileCacheOptions options);

  // Shared with compilations whose callers have given up.
  const CompileCacheOptions options_;
  std::shared_ptr<Files> files_;
  std::shared_ptr<Kept> kept_;
};

/// `engine`, compiling by way of `cache`.
[[nodiscard]] std::unique_ptr<Engine> with_cache(std::unique_ptr<Engine> engine,
                                                 std::shared_ptr<CompileCache> cache);

}  // namespace wapc
