#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/problem.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::cli {

/// The engine called `name`, or the first of this build when there is none. Fails with exit code
/// `unsupported`, and names the one that may have been meant.
[[nodiscard]] Outcome<std::unique_ptr<Engine>> make_engine(
    const std::optional<std::string>& name, const BuiltinEngineOptions& options = {});

[[nodiscard]] std::vector<std::string> engine_names();

}  // namespace wapc::cli
