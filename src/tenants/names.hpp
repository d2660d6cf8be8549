#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "tenants/entry.hpp"
#include "tenants/pins.hpp"

namespace wapc::tenants {

/// Tenants by name. Many small tables, which never change: another one takes the place of a table
/// that does, and the old one goes once nobody looks at it (see `Pins`). So calls that look for
/// names write to nothing that others read. Thread-safe.
class Names {
 public:
  /// Whether there was none of that name.
  [[nodiscard]] bool add(const std::shared_ptr<Entry>& entry);

  /// Null when there is none.
  [[nodiscard]] std::shared_ptr<Entry> find(std::string_view name) const;

  /// The same for a call, which keeps the entry.
  [[nodiscard]] std::optional<Pin> pin(std::string_view name) const;

  /// Unless another one has its name by now.
  void remove(const Entry& entry);

  [[nodiscard]] std::vector<std::shared_ptr<Entry>> all() const;

 private:
  struct Named {
    std::size_t hash;
    std::shared_ptr<Entry> entry;
  };

  using Table = std::vector<Named>;  // Some entries at most, or some dozens.

  struct Part {
    std::atomic<const Table*> table = nullptr;  // Null: nothing is in it.
    std::unique_ptr<const Table> owned;         // The same, under the lock.
  };

  /// Somebody looks at tables, which stay meanwhile.
  class Look;

  [[nodiscard]] static const std::shared_ptr<Entry>* find_in(const Table* table, std::size_t hash,
                                                             std::string_view name);
  void replace(Part& part, Table table);

  static constexpr std::size_t kParts = 1024;

  mutable Pins looks_;
  mutable std::mutex mutex_;  // Of those who change them.
  std::array<Part, kParts> parts_;
};

}  // namespace wapc::tenants
