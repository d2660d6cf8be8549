#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "wapc/base/budget.hpp"
#include "wasi/errno.hpp"

namespace wapc::wasi {

/// Random bytes for one instance. Those of the kernel come in blocks, each byte handed out once. (A
/// process that forks and uses the instance on both sides hands out what is left of a block twice.)
class RandomSource {
 public:
  /// `own` is the program's, or null; it lives as long as this.
  explicit RandomSource(const std::function<void(std::span<std::byte>)>* own) : own_{own} {}

  /// Looks at the budget once in a while; fails with `io` when the kernel gives none. What the
  /// program's own function throws is passed on.
  [[nodiscard]] Outcome<> fill(std::span<std::byte> bytes, const Budget& budget);

 private:
  // A system call costs as much as some 200 bytes. So from here on it hardly counts, and a larger
  // block would only cost memory in each instance.
  static constexpr std::size_t kBlockBytes = 1024;
  using Block = std::array<std::byte, kBlockBytes>;

  [[nodiscard]] Outcome<> fill_piece(std::span<std::byte> bytes);

  const std::function<void(std::span<std::byte>)>* own_;
  std::unique_ptr<Block> block_;  // Made when it is needed: most guests never ask.
  std::size_t left_ = 0;          // At the end of the block; what is before it has been wiped.
};

}  // namespace wapc::wasi
