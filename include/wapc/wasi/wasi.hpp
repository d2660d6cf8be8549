#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "wapc/base/error.hpp"
#include "wapc/base/guest_log.hpp"
#include "wapc/engine/host_function.hpp"
#include "wapc/wasi/wasi_config.hpp"

namespace wapc {

/// What a `WasiConfig` grants, checked, with its directories open: made once when a host is
/// configured, and shared by all its instances. Immutable and thread-safe.
class WasiGrants {
 public:
  virtual ~WasiGrants() = default;

  /// Fails with `invalid_options`, naming what is wrong: a directory that is not there, is not a
  /// directory, cannot be opened, or is the kernel's own (such as `/proc`); two directories of the
  /// same guest path; an environment entry without `=` or name; a NUL byte in a string; a
  /// descriptor that is not open; limits or a resolution that cannot be.
  [[nodiscard]] static Result<std::shared_ptr<const WasiGrants>> open(WasiConfig config);
};

/// One instance's WASI (preview 1, and its predecessor `wasi_unstable`), on every engine the same:
/// the state behind the functions that a guest imports. Whatever a guest passes in, it gets an
/// error number at worst: a pointer outside its memory is `EFAULT`, and nothing is read or written.
/// What waits heeds the call's budget. Not thread-safe.
class Wasi : public HostState {
 public:
  /// `log` is where the guest prints to unless its grants say otherwise.
  [[nodiscard]] static std::unique_ptr<Wasi> make(std::shared_ptr<const WasiGrants> grants,
                                                  const std::shared_ptr<GuestLog>& log);

  /// All 46 functions, of module `wasi_snapshot_preview1` and again of `wasi_unstable`.
  [[nodiscard]] static ImportTable imports();

  /// Whether a module of that name is one that `imports` offers.
  [[nodiscard]] static bool offers_module(std::string_view name) noexcept;

  /// Counts what is limited for each call from zero again.
  virtual void begin_call() noexcept = 0;

  /// Sends what stands without an end of line in standard output and error to the sink.
  virtual void flush() = 0;

  /// The code of a guest that ended itself; its call has failed with `trapped`.
  [[nodiscard]] virtual std::optional<std::uint32_t> exit_code() const noexcept = 0;

  /// Lets the guest be called after it ended itself.
  virtual void forget_exit() noexcept = 0;
};

}  // namespace wapc
