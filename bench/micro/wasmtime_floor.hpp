#pragma once

#include <cstddef>
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
  explicit WasmtimeFloor(std::span<const std::byte> wasm);
  ~WasmtimeFloor();

  WasmtimeFloor(const WasmtimeFloor&) = delete;
  WasmtimeFloor& operator=(const WasmtimeFloor&) = delete;

  /// The response is valid until the next call.
  const std::vector<std::byte>& call(std::string_view operation,
                                     std::span<const std::byte> payload);

  /// A new instance in place of the one there is.
  void renew();

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace wapc::bench
