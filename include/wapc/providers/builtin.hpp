#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

/// What can be asked of any engine that is built in.
struct BuiltinEngineOptions {
  /// Stack for guest code, of each kind that the engine has. None: what its provider finds right.
  std::optional<std::size_t> stack_bytes = {};

  /// Whether `perf` is told the names of guests' functions, by `/tmp/perf-PID.map`.
  bool perf_map = false;
};

/// An engine whose provider is built in.
struct BuiltinEngine {
  std::string_view name;         ///< As `EngineInfo::name`.
  std::string_view description;  ///< One line: what it is good for.
  Result<std::unique_ptr<Engine>> (*factory)(const BuiltinEngineOptions& options);

  /// Fails as its provider's own factory does, and with `unsupported` when it has not got what
  /// `options` ask for.
  [[nodiscard]] Result<std::unique_ptr<Engine>> make(
      const BuiltinEngineOptions& options = {}) const {
    return factory(options);
  }
};

/// The engines that this build has, the one to take unless there is a reason first. May be empty.
[[nodiscard]] std::span<const BuiltinEngine> builtin_engines() noexcept;

/// Makes the engine called `name`. Fails with `unsupported` when this build has none of that name,
/// and lists those there are, or when the engine has not got what `options` ask for. Fails as the
/// engine's own factory does.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_builtin_engine(
    std::string_view name, const BuiltinEngineOptions& options = {});

}  // namespace wapc
