#include "wapc/wasi/output_buffer.hpp"

#include <algorithm>
#include <utility>

namespace wapc {

std::size_t OutputBuffer::write(BytesView bytes) {
  const std::scoped_lock lock{mutex_};
  const auto fits = bytes.first(std::min(bytes.size(), bytes_max_ - bytes_.size()));
  bytes_.insert(bytes_.end(), fits.begin(), fits.end());
  return fits.size();
}

Bytes OutputBuffer::take() {
  const std::scoped_lock lock{mutex_};
  return std::exchange(bytes_, {});
}

}  // namespace wapc
