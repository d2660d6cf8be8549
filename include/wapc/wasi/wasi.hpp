#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/base/log.hpp"
#include "wapc/engine/host_function.hpp"

namespace wapc {

/// What a guest may have of the outside world. Nothing but the time of day, randomness, and a place
/// to print to, each of which can be replaced: no arguments, no environment, no files, no input.
struct WasiConfig {
  /// Time since the epoch of 1970, and since a moment that never changes; null: the machine's. What
  /// guests are told: a guest that waits does so in real time.
  std::function<std::chrono::nanoseconds()> realtime_clock = nullptr;
  std::function<std::chrono::nanoseconds()> monotonic_clock = nullptr;

  /// Fills the span with unpredictable bytes; null: the kernel's.
  std::function<void(std::span<std::byte>)> random = nullptr;
};

/// One instance's WASI (preview 1, and its predecessor `wasi_unstable`), on every engine the same:
/// the state behind the functions that a guest imports. Standard output and error go to the log
/// sink, line by line; standard input is at its end. A pointer outside the guest's memory gives the
/// guest `EFAULT`, and nothing is read or written. Not thread-safe.
class Wasi final : public HostState {
 public:
  /// The sink may be null: then what the guest prints is dropped.
  Wasi(WasiConfig config, std::uint64_t guest_id, std::shared_ptr<LogSink> log);

  /// All 46 functions, of module `wasi_snapshot_preview1` and again of `wasi_unstable`.
  [[nodiscard]] static ImportTable imports();

  /// Whether a module of that name is one that `imports` offers.
  [[nodiscard]] static bool offers_module(std::string_view name) noexcept;

  /// Sends what stands without an end of line in standard output and error to the sink.
  void flush();

  /// The code of a guest that ended itself; its call has failed with `trapped`.
  [[nodiscard]] std::optional<std::uint32_t> exit_code() const noexcept { return exit_code_; }

  /// Lets the guest be called after it ended itself.
  void forget_exit() noexcept { exit_code_.reset(); }

 private:
  /// Error numbers of the specification (witx, `errno`).
  enum class Errno : std::uint32_t {
    success = 0,
    badf = 8,
    fault = 21,
    inval = 28,
    notdir = 54,
    notsock = 57,
    notsup = 58,
    spipe = 70,
  };
  using Answer = Result<std::uint32_t>;

  /// The one difference of structure that matters here: `wasi_unstable` lays out subscriptions and
  /// file statistics in another way.
  enum class Edition : std::uint8_t { unstable, preview1 };

  [[nodiscard]] static Answer answer(Errno number) { return static_cast<std::uint32_t>(number); }

  // wasi.cpp: the process.
  Answer strings_get(Caller& caller, std::uint32_t pointers, std::uint32_t bytes);
  Answer strings_sizes_get(Caller& caller, std::uint32_t count, std::uint32_t size);
  Answer random_get(Caller& caller, std::uint32_t pointer, std::uint32_t length);
  Answer sched_yield(Caller& caller);
  Result<> proc_exit(Caller& caller, std::uint32_t code);
  Answer proc_raise(Caller& caller, std::uint32_t signal);

  // clocks.cpp: telling the time and waiting for it.
  Answer clock_res_get(Caller& caller, std::uint32_t clock, std::uint32_t resolution);
  Answer clock_time_get(Caller& caller, std::uint32_t clock, std::uint64_t precision,
                        std::uint32_t time);
  template <Edition Of>
  Answer poll_oneoff(Caller& caller, std::uint32_t subscriptions, std::uint32_t events,
                     std::uint32_t count, std::uint32_t events_written);
  [[nodiscard]] std::optional<std::chrono::nanoseconds> now(std::uint32_t clock) const;

  struct Subscription;
  [[nodiscard]] std::chrono::nanoseconds time_left(const Subscription& waited) const;

  /// What became of `waited` after a wait of `waited_for`; nothing when it has not happened yet.
  [[nodiscard]] std::optional<Errno> outcome(const Subscription& waited,
                                             std::chrono::nanoseconds waited_for) const;

  // streams.cpp: descriptors 0, 1 and 2.
  Answer fd_close(Caller& caller, std::uint32_t fd);
  Answer fd_fdstat_get(Caller& caller, std::uint32_t fd, std::uint32_t stat);
  template <Edition Of>
  Answer fd_filestat_get(Caller& caller, std::uint32_t fd, std::uint32_t stat);
  Answer fd_read(Caller& caller, std::uint32_t fd, std::uint32_t vectors, std::uint32_t count,
                 std::uint32_t size_read);
  Answer fd_write(Caller& caller, std::uint32_t fd, std::uint32_t vectors, std::uint32_t count,
                  std::uint32_t size_written);
  [[nodiscard]] bool is_open(std::uint32_t fd) const noexcept;
  void print(std::uint32_t fd, BytesView bytes);

  /// A function on a descriptor that is none of the streams' business, as nothing else is granted:
  /// the error of a descriptor that is open but of the wrong kind, or `badf`.
  template <Errno WrongKind, WasmInteger... Rest>
  Answer refused(Caller& /*caller*/, std::uint32_t fd, Rest... /*rest*/) {
    return answer(is_open(fd) ? WrongKind : Errno::badf);
  }

  /// The same for `path_symlink`, whose descriptor stands third.
  Answer symlink_refused(Caller& caller, std::uint32_t old_path, std::uint32_t old_length,
                         std::uint32_t fd, std::uint32_t new_path, std::uint32_t new_length);

  WasiConfig config_;
  std::uint64_t guest_id_;
  std::shared_ptr<LogSink> log_;
  std::array<bool, 3> open_{true, true, true};
  std::array<std::string, 3> unfinished_lines_;  // By descriptor; none for standard input.
  std::optional<std::uint32_t> exit_code_;
};

}  // namespace wapc
