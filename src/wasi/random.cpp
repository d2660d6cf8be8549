#include "wasi/random.hpp"

#include <algorithm>
#include <cerrno>

#ifdef __linux__
#include <sys/random.h>
#else
#include <unistd.h>
#if __has_include(<sys/random.h>)
#include <sys/random.h>
#endif
#endif

#include "base/try.hpp"

namespace wapc::wasi {
namespace {

Outcome<> fill_from_kernel(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
#ifdef __linux__
    const auto given = ::getrandom(bytes.data(), bytes.size(), 0);
    if (given < 0 && errno == EINTR) continue;
    if (given <= 0) return failing(Errno::io);
    bytes = bytes.subspan(static_cast<std::size_t>(given));
#else
    constexpr std::size_t kAtOnce = 256;
    const auto part = bytes.first(std::min(bytes.size(), kAtOnce));
    if (::getentropy(part.data(), part.size()) != 0) return failing(Errno::io);
    bytes = bytes.subspan(part.size());
#endif
  }
  return {};
}

}  // namespace

Outcome<> RandomSource::fill(std::span<std::byte> bytes, const Budget& budget) {
  constexpr std::size_t kBetweenLooks = 1U << 20U;  // A few milliseconds.
  while (bytes.size() > kBetweenLooks) {
    WAPC_CHECK(budget.check());
    WAPC_CHECK(fill_piece(bytes.first(kBetweenLooks)));
    bytes = bytes.subspan(kBetweenLooks);
  }
  return fill_piece(bytes);
}

Outcome<> RandomSource::fill_piece(std::span<std::byte> bytes) {
  if (bytes.empty()) return {};
  if (own_ != nullptr) {
    (*own_)(bytes);
    return {};
  }
  if (bytes.size() >= kBlockBytes / 2) return fill_from_kernel(bytes);
  if (left_ < bytes.size()) {
    if (!block_) block_ = std::make_unique<Block>();
    left_ = 0;
    WAPC_CHECK(fill_from_kernel(*block_));
    left_ = kBlockBytes;
  }
  const auto given = std::span{*block_}.subspan(kBlockBytes - left_, bytes.size());
  std::copy(given.begin(), given.end(), bytes.begin());
  std::fill(given.begin(), given.end(), std::byte{0});
  left_ -= bytes.size();
  return {};
}

}  // namespace wapc::wasi
