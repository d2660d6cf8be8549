#include "tenants/names.hpp"

#include <functional>
#include <utility>

namespace wapc::tenants {
namespace {

std::size_t hash_of(std::string_view name) noexcept {
  return std::hash<std::string_view>{}(name);
}

}  // namespace

class Names::Look {
 public:
  explicit Look(Pins& looks) : stripe_{looks.enter(Pins::Of::other)} {}

  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;

  ~Look() { Pins::leave(stripe_); }

 private:
  Pins::Stripe& stripe_;
};

bool Names::add(const std::shared_ptr<Entry>& entry) {
  const auto hash = hash_of(entry->name);
  auto& part = parts_[hash % kParts];
  const std::scoped_lock lock{mutex_};
  if (find_in(part.owned.get(), hash, entry->name) != nullptr) return false;
  auto table = part.owned ? *part.owned : Table{};
  table.push_back({hash, entry});
  replace(part, std::move(table));
  return true;
}

std::shared_ptr<Entry> Names::find(std::string_view name) const {
  const auto hash = hash_of(name);
  const Look look{looks_};
  const auto& table = parts_[hash % kParts].table;
  const auto* const found = find_in(table.load(std::memory_order_seq_cst), hash, name);
  return found == nullptr ? nullptr : *found;
}

std::optional<Pin> Names::pin(std::string_view name) const {
  const auto hash = hash_of(name);
  const Look look{looks_};
  const auto& table = parts_[hash % kParts].table;
  const auto* const found = find_in(table.load(std::memory_order_seq_cst), hash, name);
  if (found == nullptr) return std::nullopt;
  return std::optional<Pin>{std::in_place, **found};
}

void Names::remove(const Entry& entry) {
  auto& part = parts_[hash_of(entry.name) % kParts];
  const std::scoped_lock lock{mutex_};
  if (!part.owned) return;
  auto table = *part.owned;
  const auto is_it = [&](const Named& named) { return named.entry.get() == &entry; };
  if (std::erase_if(table, is_it) != 0) replace(part, std::move(table));
}

std::vector<std::shared_ptr<Entry>> Names::all() const {
  const std::scoped_lock lock{mutex_};
  std::vector<std::shared_ptr<Entry>> all;
  for (const auto& part : parts_) {
    if (!part.owned) continue;
    for (const auto& named : *part.owned) all.push_back(named.entry);
  }
  return all;
}

const std::shared_ptr<Entry>* Names::find_in(const Table* table, std::size_t hash,
                                             std::string_view name) {
  if (table == nullptr) return nullptr;
  for (const auto& named : *table) {
    if (named.hash == hash && named.entry->name == name) return &named.entry;
  }
  return nullptr;
}

/// Under the lock.
void Names::replace(Part& part, Table table) {
  const auto before = std::exchange(part.owned, std::make_unique<const Table>(std::move(table)));
  part.table.store(part.owned.get(), std::memory_order_seq_cst);
  looks_.await_all_inside();  // Then nobody has the table of before.
}

}  // namespace wapc::tenants
