#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/problem.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::cli {

/// The engine called `name`, or the first of this build when there is none. Fails with exit code
/// `unsupported`, and names the one that may have been meant. `option` is what it was given by.
[[nodiscard]] Outcome<std::unique_ptr<Engine>> make_engine(const std::optional<std::string>& name,
                                                           const BuiltinEngineOptions& options = {},
                                                           std::string_view option = "--engine");

[[nodiscard]] std::vector<std::string> engine_names();

}  // namespace wapc::cli
