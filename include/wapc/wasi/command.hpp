#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/base/log.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/wasi/wasi_config.hpp"

namespace wapc {

struct WasiCommandOptions {
  WasiConfig wasi = {};
  InstanceLimits limits = {};
  std::shared_ptr<LogSink> log = nullptr;  ///< None: what is printed to the log is dropped.
};

/// A program for WASI, compiled and linked: a module that exports `_start` and imports WASI alone.
/// Knows nothing of waPC. Immutable and thread-safe.
class WasiCommand {
 public:
  /// Fails with `invalid_module` when `wasm` is not such a program or needs what this engine has
  /// not got, saying what is missing; and as `Engine::compile` does.
  [[nodiscard]] static Result<std::shared_ptr<const WasiCommand>> load(
      const Engine& engine, BytesView wasm, const CompileOptions& options = {});

  /// Runs the program (`_initialize` first, should it have one) in a fresh instance until it
  /// returns or ends itself, and gives its exit code, 0 when it returned. What it prints without an
  /// end of line is printed when it ends, however it ends.
  ///
  /// Fails with `invalid_options` when `options.wasi` cannot be granted (see `WasiGrants::open`),
  /// `trapped`, `deadline_exceeded`, `cancelled` or `limit_exceeded`.
  [[nodiscard]] Result<std::uint32_t> run(WasiCommandOptions options,
                                          const Budget& budget = {}) const;

 private:
  WasiCommand() = default;

  std::shared_ptr<const LinkedModule> linked_;
  ExportIndex start_{};
  std::optional<ExportIndex> initialize_;
};

}  // namespace wapc
