#include "pool/slots.hpp"

#include <algorithm>

namespace wapc::pool {

Slot* Slots::take_idle(std::uint32_t version, std::uint32_t& hint) const noexcept {
  if (hint < count_ && slots_[hint].take(version)) [[likely]] {
    return &slots_[hint];
  }
  // From the first on: so few instances are in use as can be, and the others may go.
  const auto used = used_.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < used; ++i) {
    if (slots_[i].take(version)) {
      hint = i;
      return &slots_[i];
    }
  }
  return nullptr;
}

Slot* Slots::take_idle_or_mark(std::uint32_t version) const noexcept {
  const auto idle = Word::of(version, Stage::idle);
  const auto running = Word::of(version, Stage::running);
  for (auto& slot : all()) {
    auto word = slot.word.load(std::memory_order_relaxed);
    while (word == idle || word == running) {  // Until it is neither, or has been changed.
      const bool was_idle = word == idle;
      if (slot.word.compare_exchange_weak(word, was_idle ? running : running | Word::kAttention,
                                          std::memory_order_acquire, std::memory_order_relaxed)) {
        if (was_idle) return &slot;
        break;
      }
    }
  }
  return nullptr;
}

void Slots::doom_or_mark(Slot& slot) noexcept {
  auto word = slot.word.load(std::memory_order_relaxed);
  for (;;) {
    const auto stage = Word::stage(word);
    if (stage != Stage::idle && stage != Stage::running) return;
    const auto next = stage == Stage::idle ? Word::of(Word::version(word), Stage::doomed)
                                           : word | Word::kAttention;
    if (slot.word.compare_exchange_weak(word, next, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
      return;
    }
  }
}

Slot* Slots::find(Stage stage) const noexcept {
  const auto found = std::ranges::find(all(), stage, &Slot::stage);
  return found == all().end() ? nullptr : &*found;
}

Slot* Slots::find_empty() noexcept {
  auto* const slot = find(Stage::empty);
  if (slot == nullptr) return nullptr;
  const auto used = static_cast<std::uint32_t>(slot - slots_.get()) + 1;
  if (used > used_.load(std::memory_order_relaxed)) used_.store(used, std::memory_order_relaxed);
  return slot;
}

std::size_t Slots::count(Stage stage) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(all(), stage, &Slot::stage));
}

std::size_t Slots::count(Stage stage, std::uint32_t version) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(all(), [&](const Slot& slot) {
    const auto word = slot.word.load(std::memory_order_relaxed);
    return Word::stage(word) == stage && Word::version(word) == version;
  }));
}

}  // namespace wapc::pool
