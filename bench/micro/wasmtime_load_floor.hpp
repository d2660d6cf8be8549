#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace wapc::bench {

/// The least that loading a module takes on wasmtime's C API: to compile it; and to map a file of
/// compiled code, unchecked, as no host may that does not know who wrote it. Ends the program when
/// anything fails.
class WasmtimeLoadFloor {
 public:
  /// `wasm` outlives it; `compiled` is where compiled code is kept.
  WasmtimeLoadFloor(std::span<const std::byte> wasm, std::string compiled);
  ~WasmtimeLoadFloor();

  WasmtimeLoadFloor(const WasmtimeLoadFloor&) = delete;
  WasmtimeLoadFloor& operator=(const WasmtimeLoadFloor&) = delete;

  void load();

  /// Writes the file when there is none.
  void load_compiled();

 private:
  struct Engine;
  std::unique_ptr<Engine> engine_;
  std::span<const std::byte> wasm_;
  std::string compiled_;
};

}  // namespace wapc::bench
