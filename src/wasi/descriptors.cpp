#include "wasi/descriptors.hpp"

#include <algorithm>
#include <utility>

#include "base/try.hpp"
#include "wasi/records.hpp"

namespace wapc::wasi {

Blocking Descriptor::blocking() const noexcept {
  return (flags & fdflags::nonblock) != 0 ? Blocking::fails_with_again : Blocking::waits;
}

Outcome<Descriptor*> DescriptorTable::find(std::uint32_t number, Rights needed) {
  if (number >= slots_.size() || !slots_[number]) return failing(Errno::badf);
  auto* const found = slots_[number].get();
  if ((found->base & needed) != needed) return failing(Errno::notcapable);
  return found;
}

Outcome<> DescriptorTable::check_room() const {
  if (count_ >= count_max_) return failing(Errno::mfile);
  return {};
}

Outcome<std::uint32_t> DescriptorTable::add(Descriptor descriptor) {
  WAPC_CHECK(check_room());
  auto free = std::find(slots_.begin(), slots_.end(), nullptr);
  if (free == slots_.end()) free = slots_.emplace(free);
  *free = std::make_unique<Descriptor>(std::move(descriptor));
  ++count_;
  return static_cast<std::uint32_t>(free - slots_.begin());
}

Outcome<Descriptor> DescriptorTable::remove(std::uint32_t number) {
  WAPC_TRY(auto* const found, find(number));
  auto descriptor = std::move(*found);
  slots_[number].reset();
  --count_;
  return descriptor;
}

Outcome<> DescriptorTable::renumber(std::uint32_t from, std::uint32_t to) {
  WAPC_CHECK(find(from));
  WAPC_CHECK(find(to));
  if (from == to) return {};
  slots_[to] = std::move(slots_[from]);
  --count_;
  return {};
}

}  // namespace wapc::wasi
