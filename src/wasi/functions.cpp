// The table of all functions, as guests import them.

#include <algorithm>
#include <array>

#include "wasi/state.hpp"

namespace wapc {
namespace wasi {
namespace {

constexpr std::string_view kPreview1 = "wasi_snapshot_preview1";
constexpr std::string_view kUnstable = "wasi_unstable";

template <auto Function>
struct Offered;

template <typename... Parameters, Outcome<> (State::*Function)(Caller&, Parameters...)>
struct Offered<Function> {
  static constexpr HostFunction in(std::string_view module, std::string_view name) {
    return offer<&State::answer<Function, Parameters...>>(module, name);
  }
};

// In the order of the specification.
template <Edition Of>
constexpr auto functions(std::string_view module) {
  return std::array{
      Offered<&State::args_get>::in(module, "args_get"),
      Offered<&State::args_sizes_get>::in(module, "args_sizes_get"),
      Offered<&State::environ_get>::in(module, "environ_get"),
      Offered<&State::environ_sizes_get>::in(module, "environ_sizes_get"),
      Offered<&State::clock_res_get>::in(module, "clock_res_get"),
      Offered<&State::clock_time_get>::in(module, "clock_time_get"),
      Offered<&State::fd_advise>::in(module, "fd_advise"),
      Offered<&State::fd_allocate>::in(module, "fd_allocate"),
      Offered<&State::fd_close>::in(module, "fd_close"),
      Offered<&State::fd_datasync>::in(module, "fd_datasync"),
      Offered<&State::fd_fdstat_get>::in(module, "fd_fdstat_get"),
      Offered<&State::fd_fdstat_set_flags>::in(module, "fd_fdstat_set_flags"),
      Offered<&State::fd_fdstat_set_rights>::in(module, "fd_fdstat_set_rights"),
      Offered<&State::fd_filestat_get<Of>>::in(module, "fd_filestat_get"),
      Offered<&State::fd_filestat_set_size>::in(module, "fd_filestat_set_size"),
      Offered<&State::fd_filestat_set_times>::in(module, "fd_filestat_set_times"),
      Offered<&State::fd_pread>::in(module, "fd_pread"),
      Offered<&State::fd_prestat_get>::in(module, "fd_prestat_get"),
      Offered<&State::fd_prestat_dir_name>::in(module, "fd_prestat_dir_name"),
      Offered<&State::fd_pwrite>::in(module, "fd_pwrite"),
      Offered<&State::fd_read>::in(module, "fd_read"),
      Offered<&State::fd_readdir>::in(module, "fd_readdir"),
      Offered<&State::fd_renumber>::in(module, "fd_renumber"),
      Offered<&State::fd_seek<Of>>::in(module, "fd_seek"),
      Offered<&State::fd_sync>::in(module, "fd_sync"),
      Offered<&State::fd_tell>::in(module, "fd_tell"),
      Offered<&State::fd_write>::in(module, "fd_write"),
      Offered<&State::path_create_directory>::in(module, "path_create_directory"),
      Offered<&State::path_filestat_get<Of>>::in(module, "path_filestat_get"),
      Offered<&State::path_filestat_set_times>::in(module, "path_filestat_set_times"),
      Offered<&State::path_link>::in(module, "path_link"),
      Offered<&State::path_open>::in(module, "path_open"),
      Offered<&State::path_readlink>::in(module, "path_readlink"),
      Offered<&State::path_remove_directory>::in(module, "path_remove_directory"),
      Offered<&State::path_rename>::in(module, "path_rename"),
      Offered<&State::path_symlink>::in(module, "path_symlink"),
      Offered<&State::path_unlink_file>::in(module, "path_unlink_file"),
      Offered<&State::poll_oneoff<Of>>::in(module, "poll_oneoff"),
      offer<&State::proc_exit>(module, "proc_exit"),
      Offered<&State::proc_raise>::in(module, "proc_raise"),
      Offered<&State::sched_yield>::in(module, "sched_yield"),
      Offered<&State::random_get>::in(module, "random_get"),
      Offered<&State::sock_accept>::in(module, "sock_accept"),
      Offered<&State::sock_recv>::in(module, "sock_recv"),
      Offered<&State::sock_send>::in(module, "sock_send"),
      Offered<&State::sock_shutdown>::in(module, "sock_shutdown"),
  };
}

}  // namespace
}  // namespace wasi

ImportTable Wasi::imports() {
  static constexpr auto kFunctions = [] {
    constexpr auto kNew = wasi::functions<wasi::Edition::preview1>(wasi::kPreview1);
    constexpr auto kOld = wasi::functions<wasi::Edition::unstable>(wasi::kUnstable);
    static_assert(kNew.size() == 46);
    std::array<HostFunction, kNew.size() + kOld.size()> all{};
    std::ranges::copy(kNew, all.begin());
    std::ranges::copy(kOld, all.begin() + kNew.size());
    return all;
  }();
  return {kFunctions, &typeid(wasi::State)};
}

bool Wasi::offers_module(std::string_view name) noexcept {
  return name == wasi::kPreview1 || name == wasi::kUnstable;
}

}  // namespace wapc
