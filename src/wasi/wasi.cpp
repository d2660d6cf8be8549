#include "wapc/wasi/wasi.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include "base/try.hpp"

namespace wapc {
namespace {

constexpr std::string_view kPreview1 = "wasi_snapshot_preview1";
constexpr std::string_view kUnstable = "wasi_unstable";

/// Fills `bytes` from the kernel, which takes at most 256 at a time.
void random_from_kernel(std::span<std::byte> bytes) {
  constexpr std::size_t kEntropyMax = 256;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), kEntropyMax));
    if (::getentropy(part.data(), part.size()) != 0) {
      throw std::runtime_error{"the kernel gave no random bytes"};
    }
    bytes = bytes.subspan(part.size());
  }
}

}  // namespace

Wasi::Wasi(WasiConfig config, std::uint64_t guest_id, std::shared_ptr<LogSink> log)
    : config_{std::move(config)}, guest_id_{guest_id}, log_{std::move(log)} {}

bool Wasi::offers_module(std::string_view name) noexcept {
  return name == kPreview1 || name == kUnstable;
}

// NOLINTNEXTLINE(readability-function-size): a table of 46 rows.
ImportTable Wasi::imports() {
  using I = std::uint32_t;  // As the specification's signatures are written: i32 and i64.
  using L = std::uint64_t;
  using enum Errno;
  // The two functions that differ between the editions are handed in, each with its own name.
  static constexpr auto kFunctionsOf = [](std::string_view m, HostFunction filestat_get,
                                          HostFunction poll_oneoff) {
    return std::array{
        offer<&Wasi::strings_get>(m, "args_get"),
        offer<&Wasi::strings_sizes_get>(m, "args_sizes_get"),
        offer<&Wasi::clock_res_get>(m, "clock_res_get"),
        offer<&Wasi::clock_time_get>(m, "clock_time_get"),
        offer<&Wasi::strings_get>(m, "environ_get"),
        offer<&Wasi::strings_sizes_get>(m, "environ_sizes_get"),
        offer<&Wasi::refused<spipe, L, L, I>>(m, "fd_advise"),
        offer<&Wasi::refused<spipe, L, L>>(m, "fd_allocate"),
        offer<&Wasi::fd_close>(m, "fd_close"),
        offer<&Wasi::refused<inval>>(m, "fd_datasync"),
        offer<&Wasi::fd_fdstat_get>(m, "fd_fdstat_get"),
        offer<&Wasi::refused<notsup, I>>(m, "fd_fdstat_set_flags"),
        offer<&Wasi::refused<notsup, L, L>>(m, "fd_fdstat_set_rights"),
        filestat_get,
        offer<&Wasi::refused<inval, L>>(m, "fd_filestat_set_size"),
        offer<&Wasi::refused<notsup, L, L, I>>(m, "fd_filestat_set_times"),
        offer<&Wasi::refused<spipe, I, I, L, I>>(m, "fd_pread"),
        offer<&Wasi::refused<badf, I, I>>(m, "fd_prestat_dir_name"),
        offer<&Wasi::refused<badf, I>>(m, "fd_prestat_get"),
        offer<&Wasi::refused<spipe, I, I, L, I>>(m, "fd_pwrite"),
        offer<&Wasi::fd_read>(m, "fd_read"),
        offer<&Wasi::refused<notdir, I, I, L, I>>(m, "fd_readdir"),
        offer<&Wasi::refused<notsup, I>>(m, "fd_renumber"),
        offer<&Wasi::refused<spipe, L, I, I>>(m, "fd_seek"),
        offer<&Wasi::refused<inval>>(m, "fd_sync"),
        offer<&Wasi::refused<spipe, I>>(m, "fd_tell"),
        offer<&Wasi::fd_write>(m, "fd_write"),
        offer<&Wasi::refused<notdir, I, I>>(m, "path_create_directory"),
        offer<&Wasi::refused<notdir, I, I, I, I>>(m, "path_filestat_get"),
        offer<&Wasi::refused<notdir, I, I, I, L, L, I>>(m, "path_filestat_set_times"),
        offer<&Wasi::refused<notdir, I, I, I, I, I, I>>(m, "path_link"),
        offer<&Wasi::refused<notdir, I, I, I, I, L, L, I, I>>(m, "path_open"),
        offer<&Wasi::refused<notdir, I, I, I, I, I>>(m, "path_readlink"),
        offer<&Wasi::refused<notdir, I, I>>(m, "path_remove_directory"),
        offer<&Wasi::refused<notdir, I, I, I, I, I>>(m, "path_rename"),
        offer<&Wasi::symlink_refused>(m, "path_symlink"),
        offer<&Wasi::refused<notdir, I, I>>(m, "path_unlink_file"),
        poll_oneoff,
        offer<&Wasi::proc_exit>(m, "proc_exit"),
        offer<&Wasi::proc_raise>(m, "proc_raise"),
        offer<&Wasi::random_get>(m, "random_get"),
        offer<&Wasi::sched_yield>(m, "sched_yield"),
        offer<&Wasi::refused<notsock, I, I>>(m, "sock_accept"),
        offer<&Wasi::refused<notsock, I, I, I, I, I>>(m, "sock_recv"),
        offer<&Wasi::refused<notsock, I, I, I, I>>(m, "sock_send"),
        offer<&Wasi::refused<notsock, I>>(m, "sock_shutdown"),
    };
  };
  static constexpr auto kFunctions = [] {
    constexpr auto kNew = kFunctionsOf(
        kPreview1, offer<&Wasi::fd_filestat_get<Edition::preview1>>(kPreview1, "fd_filestat_get"),
        offer<&Wasi::poll_oneoff<Edition::preview1>>(kPreview1, "poll_oneoff"));
    constexpr auto kOld = kFunctionsOf(
        kUnstable, offer<&Wasi::fd_filestat_get<Edition::unstable>>(kUnstable, "fd_filestat_get"),
        offer<&Wasi::poll_oneoff<Edition::unstable>>(kUnstable, "poll_oneoff"));
    static_assert(kNew.size() == 46);
    std::array<HostFunction, kNew.size() + kOld.size()> all{};
    std::ranges::copy(kNew, all.begin());
    std::ranges::copy(kOld, all.begin() + kNew.size());
    return all;
  }();
  return {kFunctions, &typeid(Wasi)};
}

Wasi::Answer Wasi::strings_get(Caller& caller, std::uint32_t pointers, std::uint32_t bytes) {
  const auto memory = caller.memory();
  const bool fits = slice(memory, pointers, 0) && slice(memory, bytes, 0);
  return answer(fits ? Errno::success : Errno::fault);
}

Wasi::Answer Wasi::strings_sizes_get(Caller& caller, std::uint32_t count, std::uint32_t size) {
  const auto memory = caller.memory();
  const auto count_bytes = slice(memory, count, 4);
  const auto size_bytes = slice(memory, size, 4);
  if (!count_bytes || !size_bytes) return answer(Errno::fault);
  store<std::uint32_t>(*count_bytes, 0, 0);
  store<std::uint32_t>(*size_bytes, 0, 0);
  return answer(Errno::success);
}

Wasi::Answer Wasi::random_get(Caller& caller, std::uint32_t pointer, std::uint32_t length) {
  constexpr std::size_t kPartMax = 1U << 20U;  // Between two looks at the budget: a millisecond.
  auto rest = slice(caller.memory(), pointer, length);
  if (!rest) return answer(Errno::fault);
  while (!rest->empty()) {
    WAPC_CHECK(caller.budget().check());
    const auto part = rest->first(std::min(rest->size(), kPartMax));
    config_.random ? config_.random(part) : random_from_kernel(part);
    rest = rest->subspan(part.size());
  }
  return answer(Errno::success);
}

Wasi::Answer Wasi::sched_yield(Caller& /*caller*/) {
  return answer(Errno::success);
}

Result<> Wasi::proc_exit(Caller& /*caller*/, std::uint32_t code) {
  flush();
  exit_code_ = code;
  return failure(Errc::trapped, "the guest exited with code " + std::to_string(code));
}

Wasi::Answer Wasi::proc_raise(Caller& /*caller*/, std::uint32_t /*signal*/) {
  return answer(Errno::notsup);
}

Wasi::Answer Wasi::symlink_refused(Caller& caller, std::uint32_t /*old_path*/,
                                   std::uint32_t /*old_length*/, std::uint32_t fd,
                                   std::uint32_t /*new_path*/, std::uint32_t /*new_length*/) {
  return refused<Errno::notdir>(caller, fd);
}

}  // namespace wapc
