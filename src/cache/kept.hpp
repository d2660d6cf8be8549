#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

#include "wapc/cache/compile_cache.hpp"
#include "wapc/engine/artefact.hpp"
#include "wasm/hash.hpp"

namespace wapc {

/// Artefacts that were looked at, those used last first, and what came of it all. Thread-safe.
class CompileCache::Kept {
 public:
  explicit Kept(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  [[nodiscard]] std::optional<Artefact> find(const Digest& name) {
    const std::scoped_lock lock{mutex_};
    for (auto item = items_.begin(); item != items_.end(); ++item) {
      if (item->first != name) continue;
      items_.splice(items_.begin(), items_, item);
      return item->second;
    }
    return std::nullopt;
  }

  void add(const Digest& name, const Artefact& artefact) {
    const std::scoped_lock lock{mutex_};
    items_.remove_if([&](const auto& item) { return item.first == name; });
    items_.emplace_front(name, artefact);
    std::size_t bytes = 0;
    for (auto item = items_.begin(); item != items_.end();) {
      bytes += item->second.bytes().size();
      item = bytes > bytes_max_ ? items_.erase(item) : std::next(item);
    }
  }

  void clear() {
    const std::scoped_lock lock{mutex_};
    items_.clear();
  }

  void count(std::uint64_t CompileCacheStats::* what) {
    const std::scoped_lock lock{mutex_};
    ++(stats_.*what);
  }

  void set_trouble(std::string trouble) {
    const std::scoped_lock lock{mutex_};
    stats_.trouble = std::move(trouble);
  }

  [[nodiscard]] CompileCacheStats stats() const {
    const std::scoped_lock lock{mutex_};
    return stats_;
  }

 private:
  mutable std::mutex mutex_;
  const std::size_t bytes_max_;
  std::list<std::pair<Digest, Artefact>> items_;  // Few: each is of megabytes.
  CompileCacheStats stats_;
};

}  // namespace wapc
