#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tenants/entry.hpp"

namespace wapc::tenants {

/// Tenants by name. In parts, each with a lock of its own, so that calls which look for names
/// seldom meet. Thread-safe.
class Names {
 public:
  /// Whether there was none of that name.
  [[nodiscard]] bool add(const std::shared_ptr<Entry>& entry) {
    auto& part = part_of(entry->name);
    const std::unique_lock lock{part.mutex};
    return part.entries.emplace(entry->name, entry).second;
  }

  [[nodiscard]] std::shared_ptr<Entry> find(std::string_view name) const {
    const auto& part = part_of(name);
    const std::shared_lock lock{part.mutex};
    const auto found = part.entries.find(name);
    return found == part.entries.end() ? nullptr : found->second;
  }

  /// The same for a call, which keeps the entry.
  [[nodiscard]] std::optional<Pin> pin(std::string_view name) const {
    const auto& part = part_of(name);
    const std::shared_lock lock{part.mutex};
    const auto found = part.entries.find(name);
    if (found == part.entries.end()) return std::nullopt;
    return std::optional<Pin>{std::in_place, *found->second};
  }

  /// Unless another one has its name by now.
  void remove(const Entry& entry) {
    auto& part = part_of(entry.name);
    const std::unique_lock lock{part.mutex};
    const auto found = part.entries.find(entry.name);
    if (found != part.entries.end() && found->second.get() == &entry) part.entries.erase(found);
  }

  [[nodiscard]] std::vector<std::shared_ptr<Entry>> all() const {
    std::vector<std::shared_ptr<Entry>> all;
    for (const auto& part : parts_) {
      const std::shared_lock lock{part.mutex};
      for (const auto& [name, entry] : part.entries) all.push_back(entry);
    }
    return all;
  }

 private:
  struct Hash {
    using is_transparent = void;

    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>{}(name);
    }
  };

  struct alignas(128) Part {
    mutable std::shared_mutex mutex;
    std::unordered_map<std::string, std::shared_ptr<Entry>, Hash, std::equal_to<>> entries;
  };

  static constexpr std::size_t kParts = 64;

  [[nodiscard]] static std::size_t index_of(std::string_view name) noexcept {
    return Hash{}(name) % kParts;
  }

  [[nodiscard]] Part& part_of(std::string_view name) noexcept { return parts_[index_of(name)]; }

  [[nodiscard]] const Part& part_of(std::string_view name) const noexcept {
    return parts_[index_of(name)];
  }

  std::array<Part, kParts> parts_;
};

}  // namespace wapc::tenants
