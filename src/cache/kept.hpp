#pragma once

#include <cstddef>
#include <list>
#include <map>
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
  /// Keeps so much of them, and so many: each has a file open.
  Kept(std::size_t bytes_max, std::size_t count_max)
      : bytes_max_{bytes_max}, count_max_{count_max} {}

  [[nodiscard]] std::optional<Artefact> find(const Digest& name) {
    const std::scoped_lock lock{mutex_};
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return std::nullopt;
    items_.splice(items_.begin(), items_, found->second);
    return found->second->second;
  }

  void add(const Digest& name, const Artefact& artefact) {
    const std::scoped_lock lock{mutex_};
    if (const auto found = by_name_.find(name); found != by_name_.end()) remove(found->second);
    items_.emplace_front(name, artefact);
    by_name_.emplace(name, items_.begin());
    bytes_ += artefact.bytes().size();
    while (bytes_ > bytes_max_ || items_.size() > count_max_) remove(std::prev(items_.end()));
  }

  void clear() {
    const std::scoped_lock lock{mutex_};
    items_.clear();
    by_name_.clear();
    bytes_ = 0;
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
  using Items = std::list<std::pair<Digest, Artefact>>;

  /// Under the lock.
  void remove(Items::iterator item) {
    bytes_ -= item->second.bytes().size();
    by_name_.erase(item->first);
    items_.erase(item);
  }

  mutable std::mutex mutex_;
  const std::size_t bytes_max_;
  const std::size_t count_max_;
  std::size_t bytes_ = 0;
  Items items_;
  std::map<Digest, Items::iterator> by_name_;
  CompileCacheStats stats_;
};

}  // namespace wapc
