#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

/// An engine whose provider is built in.
struct BuiltinEngine {
  std::string_view name;                      ///< As `EngineInfo::name`.
  std::string_view description;               ///< One line: what it is good for.
  Result<std::unique_ptr<Engine>> (*make)();  ///< With the options that its provider finds right.

  /// The same with so many bytes of stack for guest code, of each kind that the engine has.
  Result<std::unique_ptr<Engine>> (*make_with_stack)(std::size_t bytes);
};

/// The engines that this build has, the one to take unless there is a reason first. May be empty.
[[nodiscard]] std::span<const BuiltinEngine> builtin_engines() noexcept;

/// Makes the engine called `name`, with so much stack for guest code if told. Fails with
/// `unsupported` when this build has none of that name; the message lists those there are. Fails as
/// the engine's own factory does.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_builtin_engine(
    std::string_view name, std::optional<std::size_t> stack_bytes = std::nullopt);

}  // namespace wapc
