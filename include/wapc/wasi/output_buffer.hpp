#pragma once

#include <cstddef>
#include <mutex>

#include "wapc/base/bytes.hpp"

namespace wapc {

/// Keeps what guests write, up to a number of bytes. Thread-safe.
class OutputBuffer {
 public:
  explicit OutputBuffer(std::size_t bytes_max = std::size_t{16} << 20U) : bytes_max_{bytes_max} {}

  /// Appends what there is room for, from the front of `bytes`, and returns how much that was.
  std::size_t write(BytesView bytes);

  /// Hands out what was written since the last time, and is empty again.
  [[nodiscard]] Bytes take();

 private:
  std::size_t bytes_max_;
  std::mutex mutex_;
  Bytes bytes_;
};

}  // namespace wapc
