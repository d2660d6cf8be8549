// Descriptors 0, 1 and 2: standard input, which is at its end, and standard output and error, which
// go to the log line by line.

#include <algorithm>
#include <string_view>

#include "base/try.hpp"
#include "wapc/base/utf8.hpp"
#include "wapc/wasi/wasi.hpp"

namespace wapc {
namespace {

constexpr std::uint32_t kInput = 0;
constexpr std::uint32_t kError = 2;
constexpr std::byte kCharacterDevice{2};        // witx: filetype.
constexpr std::uint64_t kRightRead = 1U << 1U;  // witx: rights.
constexpr std::uint64_t kRightWrite = 1U << 6U;
constexpr std::uint64_t kRightPoll = 1U << 27U;
constexpr std::size_t kLineMax = 64U << 10U;   // A longer line is logged in parts.
constexpr std::size_t kWriteMax = 64U << 10U;  // A longer write is done in part, as WASI allows.

/// How much of `line` can be logged without cutting a character of UTF-8 at its end in two.
std::size_t whole_characters(std::string_view line) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, line.size()); ++back) {
    const auto byte = static_cast<unsigned char>(line[line.size() - back]);
    if (byte < 0x80) break;
    const bool leads = byte >= 0xC0;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (leads) return length > back ? line.size() - back : line.size();
  }
  return line.size();
}

/// Where the parts of a scatter or gather list lie; nothing when one of them, or the list itself,
/// is outside the memory. The total is at most 4 GiB less one byte, as the count returned is an
/// i32.
struct Vectors {
  GuestMemory list;  // Pairs of pointer and length, four bytes each.
  std::uint64_t total = 0;

  static std::optional<Vectors> read(GuestMemory memory, std::uint32_t pointer,
                                     std::uint32_t count) {
    const auto list = slice(memory, pointer, std::size_t{count} * 8);
    if (!list) return std::nullopt;
    Vectors vectors{.list = *list};
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!vectors.part(memory, i)) return std::nullopt;
      vectors.total += load<std::uint32_t>(vectors.list, std::size_t{i} * 8 + 4);
    }
    return vectors;
  }

  [[nodiscard]] std::optional<GuestMemory> part(GuestMemory memory, std::uint32_t i) const {
    const auto at = std::size_t{i} * 8;
    return slice(memory, load<std::uint32_t>(list, at), load<std::uint32_t>(list, at + 4));
  }
};

}  // namespace

bool Wasi::is_open(std::uint32_t fd) const noexcept {
  return fd < open_.size() && open_[fd];
}

Wasi::Answer Wasi::fd_close(Caller& /*caller*/, std::uint32_t fd) {
  if (!is_open(fd)) return answer(Errno::badf);
  open_[fd] = false;
  return answer(Errno::success);
}

Wasi::Answer Wasi::fd_fdstat_get(Caller& caller, std::uint32_t fd, std::uint32_t stat) {
  if (!is_open(fd)) return answer(Errno::badf);
  const auto bytes = slice(caller.memory(), stat, 24);
  if (!bytes) return answer(Errno::fault);
  std::ranges::fill(*bytes, std::byte{0});
  (*bytes)[0] = kCharacterDevice;
  store(*bytes, 8, kRightPoll | (fd == kInput ? kRightRead : kRightWrite));
  return answer(Errno::success);
}

template <Wasi::Edition Of>
Wasi::Answer Wasi::fd_filestat_get(Caller& caller, std::uint32_t fd, std::uint32_t stat) {
  // The number of links has 4 bytes in wasi_unstable, and 8 since.
  constexpr std::size_t kSize = Of == Edition::unstable ? 56 : 64;
  constexpr std::size_t kFileType = 16;
  if (!is_open(fd)) return answer(Errno::badf);
  const auto bytes = slice(caller.memory(), stat, kSize);
  if (!bytes) return answer(Errno::fault);
  std::ranges::fill(*bytes, std::byte{0});
  (*bytes)[kFileType] = kCharacterDevice;
  return answer(Errno::success);
}

Wasi::Answer Wasi::fd_read(Caller& caller, std::uint32_t fd, std::uint32_t vectors,
                           std::uint32_t count, std::uint32_t size_read) {
  if (!is_open(fd) || fd != kInput) return answer(Errno::badf);
  const auto memory = caller.memory();
  const auto size = slice(memory, size_read, 4);
  if (!size || !Vectors::read(memory, vectors, count)) return answer(Errno::fault);
  store<std::uint32_t>(*size, 0, 0);
  return answer(Errno::success);
}

Wasi::Answer Wasi::fd_write(Caller& caller, std::uint32_t fd, std::uint32_t vectors,
                            std::uint32_t count, std::uint32_t size_written) {
  if (!is_open(fd) || fd == kInput) return answer(Errno::badf);
  const auto memory = caller.memory();
  const auto size = slice(memory, size_written, 4);
  const auto parts = Vectors::read(memory, vectors, count);
  if (!size || !parts) return answer(Errno::fault);
  WAPC_CHECK(caller.budget().check());  // A guest that prints without end does so in many calls.
  auto left = static_cast<std::size_t>(std::min<std::uint64_t>(parts->total, kWriteMax));
  const auto total = static_cast<std::uint32_t>(left);
  for (std::uint32_t i = 0; i < count && left > 0; ++i) {
    const auto part = parts->part(memory, i).value_or(GuestMemory{});
    const auto printed = std::min(part.size(), left);
    print(fd, part.first(printed));
    left -= printed;
  }
  store(*size, 0, total);
  return answer(Errno::success);
}

void Wasi::print(std::uint32_t fd, BytesView bytes) {
  if (log_ == nullptr) return;
  auto& line = unfinished_lines_[fd];
  const auto source = fd == kError ? LogSource::standard_error : LogSource::standard_output;
  const auto log_first = [&](std::size_t length) {
    log_safely(log_.get(), {guest_id_, source, to_utf8(std::string_view{line}.substr(0, length))});
    line.erase(0, length);
  };
  for (auto rest = as_text(bytes); !rest.empty();) {
    if (rest.front() == '\n') {
      log_first(line.size());
      rest.remove_prefix(1);
      continue;
    }
    if (line.size() >= kLineMax) log_first(whole_characters(line));
    const auto length = std::min(rest.find('\n'), kLineMax - line.size());
    line.append(rest.substr(0, length));
    rest.remove_prefix(std::min(length, rest.size()));
  }
}

void Wasi::flush() {
  constexpr auto kNewline = std::byte{'\n'};
  for (std::uint32_t fd = 1; fd <= kError; ++fd) {
    if (!unfinished_lines_[fd].empty()) print(fd, {&kNewline, 1});
  }
}

template Wasi::Answer Wasi::fd_filestat_get<Wasi::Edition::unstable>(Caller&, std::uint32_t,
                                                                     std::uint32_t);
template Wasi::Answer Wasi::fd_filestat_get<Wasi::Edition::preview1>(Caller&, std::uint32_t,
                                                                     std::uint32_t);

}  // namespace wapc
