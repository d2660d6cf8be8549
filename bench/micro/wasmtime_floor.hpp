#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace wapc::bench {

/// The yardstick: the least that a careful program does to call one guest on wasmtime's C API, with
/// the same engine settings as ours, nothing of ours in it, and no more than this guest needs. It
/// checks the guest's pointers; it has no deadlines, limits, logs, or typed errors, and ends the
/// program when anything fails.
class WasmtimeFloor {
 public:
  /// With `slots`, room for so many instances is made beforehand, as `instance_slots` does.
  explicit WasmtimeFloor(std::span<const std::byte> wasm, std::uint32_t slots = 0);
  ~WasmtimeFloor();

  WasmtimeFloor(const WasmtimeFloor&) = delete;
  WasmtimeFloor& operator=(const WasmtimeFloor&) = delete;

  /// The response is valid until the next call.
  const std::vector<std::byte>& call(std::string_view operation,
                                     std::span<const std::byte> payload);

  /// A new instance in place of the one there is.
  void renew();

  /// A new instance beside the one there is, which then goes.
  void replace();

  /// A new instance beside the one there is, which stays, and is not called any more.
  void add();

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace wapc::bench
