#pragma once

#include <optional>
#include <string_view>

#include "wapc/base/bytes.hpp"

namespace wapc::conformance {

/// Bytes that are no module on any engine, by the names under which cases ask for them; nothing for
/// other names.
[[nodiscard]] std::optional<Bytes> no_module(std::string_view name);

}  // namespace wapc::conformance
