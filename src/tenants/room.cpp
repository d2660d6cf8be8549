#include "tenants/room.hpp"

#include <utility>
#include <vector>

namespace wapc::tenants {

void Room::count(Entry& entry, const Size& size) {
  if (!entry.counts) ++loaded_;
  entry.counts = true;
  bytes_ += size.bytes() - entry.size.bytes();
  entry.size = size;
}

void Room::forget(Entry& entry) {
  if (!entry.counts) return;
  --loaded_;
  entry.counts = false;
  bytes_ -= entry.size.bytes();
  entry.size = {};
}

void Room::open(Entry& entry, std::unique_ptr<Pool> pool, TimePoint now) {
  entry.set_used(now);
  entry.place = by_use_.emplace(now, &entry);
  entry.open(std::move(pool));
}

std::optional<Closed> Room::close(Entry& entry) {
  if (!entry.place) return std::nullopt;
  by_use_.erase(*entry.place);
  entry.place.reset();
  Closed closed{entry.shared_from_this(), entry.size.bytes(), entry.close()};
  forget(entry);
  return closed;
}

// A call does not touch this, so that what it is ordered by may be of long ago. Those at the front
// are put where they belong by now, until one is where it belongs already.
std::optional<Closed> Room::close_one_at_rest(TimePoint before) {
  const auto put = [this](ByUse::node_type node) {
    auto& entry = *node.mapped();
    entry.place = by_use_.insert(std::move(node));
  };
  std::vector<ByUse::node_type> at_work;
  std::optional<Closed> closed;
  while (!closed && !by_use_.empty() && by_use_.begin()->first < before) {
    auto node = by_use_.extract(by_use_.begin());
    auto& entry = *node.mapped();
    if (const auto used = entry.used(); used > node.key()) {
      node.key() = used;
      put(std::move(node));
      continue;
    }
    auto pool = entry.close_at_rest();
    if (!pool) {
      at_work.push_back(std::move(node));
      continue;
    }
    entry.place.reset();
    closed = {entry.shared_from_this(), entry.size.bytes(), std::move(pool)};
    ++entry.stats.drops;
    forget(entry);
  }
  for (auto& node : at_work) put(std::move(node));
  return closed;
}

}  // namespace wapc::tenants
