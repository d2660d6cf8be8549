#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "wapc/cache/compile_cache.hpp"
#include "wapc/engine/artefact.hpp"
#include "wasm/hash.hpp"

namespace wapc {

/// The directory of a cache: its key and its files. A file is an artefact and the hash, under the
/// key, of its name and contents; it is written beside its place and moved there, and never
/// changed. Thread-safe, and safe beside other processes.
class CompileCache::Files {
 public:
  /// See CompileCache::open.
  [[nodiscard]] static Result<std::unique_ptr<Files>> open(const std::filesystem::path& directory,
                                                           std::uint64_t bytes_max);

  /// What is kept under `name`; nothing when there is no such file. Fails with `denied`, and
  /// removes the file, when it is not what it should be.
  [[nodiscard]] Result<std::optional<Artefact>> find(const Digest& name) const;

  /// Fails with `unavailable`, saying why, when it cannot be written; nothing is left of it then.
  [[nodiscard]] Result<> store(const Digest& name, BytesView artefact) const;

  [[nodiscard]] Result<std::vector<CompileCacheEntry>> entries() const;
  [[nodiscard]] Result<std::size_t> clear() const;

 private:
  Files(UniqueFd directory, const Digest& key, std::uint64_t bytes_max)
      : directory_{std::move(directory)}, key_{key}, bytes_max_{bytes_max} {}

  void drop_what_is_too_much() const;

  const UniqueFd directory_;  // Opened once: what is at its path later does not matter.
  const Digest key_;
  const std::uint64_t bytes_max_;
  // Written by this process since it looked at all files; the first is too much.
  mutable std::atomic<std::uint64_t> unseen_bytes_ = bytes_max_;
};

}  // namespace wapc
