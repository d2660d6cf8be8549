#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wapc/engine/guest_memory.hpp"
#include "wapc/wasi/wasi_config.hpp"

namespace wapc::testing {

/// A guest on wasmtime with wasmtime's own WASI, to compare ours with: same engine settings, called
/// without wasmtime's checks as our provider does. Aborts the program when it cannot be made.
class WasmtimeOwnWasi {
 public:
  /// Grants what `config` does, as far as wasmtime can: arguments, environment, directories, and
  /// bytes to read. What is printed goes to `output`.
  WasmtimeOwnWasi(BytesView wasm, const WasiConfig& config);
  ~WasmtimeOwnWasi();

  WasmtimeOwnWasi(const WasmtimeOwnWasi&) = delete;
  WasmtimeOwnWasi& operator=(const WasmtimeOwnWasi&) = delete;

  /// Drops the instance and makes a new one, which gets what `config` grants.
  void renew(const WasiConfig& config);

  /// Finds an exported function, to be called often.
  class Function;
  [[nodiscard]] std::shared_ptr<const Function> find(std::string_view function);

  /// The low half of the function's result, or 0 if it has none; nothing when it trapped.
  std::optional<std::uint32_t> call(const Function& function,
                                    std::span<const std::uint64_t> arguments);

  [[nodiscard]] GuestMemory memory();

  /// Everything printed since the start, to standard output and error.
  [[nodiscard]] const std::string& output() const;

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace wapc::testing
