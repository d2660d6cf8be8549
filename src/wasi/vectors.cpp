#include "wasi/vectors.hpp"

#include <algorithm>

namespace wapc::wasi {

Outcome<Vectors> Vectors::read(GuestMemory memory, std::uint32_t pointer, std::uint32_t count) {
  constexpr std::size_t kVectorBytes = 8;  // A pointer and a length.
  const auto whole = slice(memory, pointer, count * kVectorBytes);
  if (!whole) return failing(Errno::fault);
  const auto list = whole->first(std::min(count, kListMax) * kVectorBytes);
  Vectors vectors;
  for (std::size_t at = 0; at < list.size(); at += kVectorBytes) {
    const auto part =
        slice(memory, load<std::uint32_t>(list, at), load<std::uint32_t>(list, at + 4));
    if (!part) return failing(Errno::fault);
    vectors.add({.iov_base = part->data(), .iov_len = part->size()}, kBytesMax);
  }
  // The rest is for another call, unless there is nothing to do in this one.
  if (count > kListMax && vectors.bytes() == 0) return failing(Errno::inval);
  return vectors;
}

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): to clear the arrays would show.
Vectors::Vectors(std::span<const iovec> parts, std::uint64_t bytes_max) {
  for (const auto& part : parts) add(part, std::min(bytes_max, kBytesMax));
}

void Vectors::add(iovec part, std::uint64_t bytes_max) {
  part.iov_len = std::min<std::uint64_t>(part.iov_len, bytes_max - bytes_);
  if (part.iov_len == 0 || end_ == kPartsMax) return;
  parts_[end_++] = part;
  bytes_ += part.iov_len;
}

std::span<const iovec> Vectors::all() const noexcept {
  return std::span{parts_}.subspan(begin_, end_ - begin_);
}

std::span<const iovec> Vectors::first(std::uint64_t bytes_max) {
  if (bytes_ <= bytes_max) return all();
  std::size_t count = 0;
  for (const auto& part : all()) {
    if (bytes_max == 0) break;
    cut_[count] = part;
    cut_[count].iov_len = std::min<std::uint64_t>(part.iov_len, bytes_max);
    bytes_max -= cut_[count].iov_len;
    ++count;
  }
  return std::span{cut_}.first(count);
}

void Vectors::advance(std::uint64_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    auto& part = parts_[begin_];
    const auto taken = std::min<std::uint64_t>(part.iov_len, bytes);
    part.iov_base = static_cast<std::byte*>(part.iov_base) + taken;
    part.iov_len -= taken;
    bytes -= taken;
    if (part.iov_len == 0) ++begin_;
  }
}

}  // namespace wapc::wasi
