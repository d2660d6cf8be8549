#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wapc/base/bytes.hpp"

namespace wapc::fuzzing {

/// A fuzzer's input, read from the front as one choice after another, so that a part of one input
/// means much the same in the middle of another. Once it is used up, each choice is the first.
/// Views the input.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> input) : rest_{input} {}

  [[nodiscard]] bool used_up() const noexcept { return rest_.empty(); }

  template <typename T>
  T number() {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(byte()) << (8 * i)));
    }
    return value;
  }

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  /// A number less than `count`, which is at most 256.
  std::size_t below(std::size_t count) { return byte() % count; }

  /// True for one choice of so many, and not for the first.
  bool rarely(std::size_t one_of) { return below(one_of) == one_of - 1; }

  template <typename T, std::size_t Count>
  const T& one_of(const std::array<T, Count>& all) {
    return all[below(Count)];
  }

  /// Up to so many bytes as they come.
  BytesView bytes(std::size_t count_max) {
    const auto taken = rest_.first(std::min({below(256), count_max, rest_.size()}));
    rest_ = rest_.subspan(taken.size());
    return std::as_bytes(taken);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace wapc::fuzzing
