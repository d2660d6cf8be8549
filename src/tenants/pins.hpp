#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>

// How a tenant's pool, or a table of names, may be used without a lock, and go all the same.
//
// A call enters (+1), then reads which pool there is. Whoever drops the pool first takes it away
// from there, then looks whether anybody is inside, or waits until they have left. All of it is in
// one order that all threads agree on (seq_cst): either the call sees that the pool is gone, or it
// is itself seen. So that threads which call the same tenant do not write to the same cache line,
// each counts on one that it shares with few.

namespace wapc::tenants {

/// Who is inside, such as the calls of one tenant that are under way, and how many of those there
/// ever were. Thread-safe.
class Pins {
 public:
  /// On cache lines of its own, two because processors fetch pairs.
  class alignas(128) Stripe {
    friend Pins;

    static constexpr std::uint64_t kInside = (1U << 20U) - 1;  // Below, and all calls above.
    static constexpr std::uint64_t kCall = 1U << 20U;

    std::atomic<std::uint64_t> word_ = 0;
  };

  enum class Of : std::uint8_t { call, other };

  /// Somebody is inside from now on, and has to `leave` what this returns.
  [[nodiscard]] Stripe& enter(Of of) noexcept;

  static void leave(Stripe& stripe) noexcept;

  /// Whether no call was under way while it looked. What calls did that have left is seen then.
  [[nodiscard]] bool none() const noexcept;

  /// Until all who were inside have left, whoever came since. For when that is a matter of moments.
  void await_all_inside() const noexcept;

  [[nodiscard]] std::uint64_t calls() const noexcept;

 private:
  [[nodiscard]] static std::size_t stripes() noexcept;
  [[nodiscard]] static std::size_t this_thread() noexcept;

  const std::unique_ptr<Stripe[]> stripes_ = std::make_unique<Stripe[]>(stripes());
};

inline std::size_t Pins::stripes() noexcept {
  static const std::size_t count = std::bit_ceil(std::clamp(
      2 * std::size_t{std::thread::hardware_concurrency()}, std::size_t{2}, std::size_t{8}));
  return count;
}

inline std::size_t Pins::this_thread() noexcept {
  static constinit std::atomic<std::size_t> threads = 0;
  static constinit thread_local std::size_t own = 0;  // From 1.
  if (own == 0) own = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  return own;
}

inline Pins::Stripe& Pins::enter(Of of) noexcept {
  auto& stripe = stripes_[this_thread() & (stripes() - 1)];
  stripe.word_.fetch_add(of == Of::call ? Stripe::kCall + 1 : 1, std::memory_order_seq_cst);
  return stripe;
}

inline void Pins::leave(Stripe& stripe) noexcept {
  stripe.word_.fetch_sub(1, std::memory_order_release);
}

inline bool Pins::none() const noexcept {
  return std::ranges::none_of(std::span{stripes_.get(), stripes()}, [](const Stripe& stripe) {
    return (stripe.word_.load(std::memory_order_seq_cst) & Stripe::kInside) != 0;
  });
}

inline void Pins::await_all_inside() const noexcept {
  for (const auto& stripe : std::span{stripes_.get(), stripes()}) {
    while ((stripe.word_.load(std::memory_order_seq_cst) & Stripe::kInside) != 0) {
      std::this_thread::yield();
    }
  }
}

inline std::uint64_t Pins::calls() const noexcept {
  std::uint64_t calls = 0;
  for (const auto& stripe : std::span{stripes_.get(), stripes()}) {
    calls += stripe.word_.load(std::memory_order_relaxed) / Stripe::kCall;
  }
  return calls;
}

}  // namespace wapc::tenants
