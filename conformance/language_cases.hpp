#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "wapc/conformance/case.hpp"
#include "wapc/conformance/suite.hpp"

namespace wapc::conformance {

/// Cases over the guests that are built from other languages, by their SDKs: what
/// conformance/guests/README.md says that they answer. Their guests come from `guests_in`.
[[nodiscard]] std::span<const Case> language_cases();

/// The guests built into `directory`, as <name>.wasm.
[[nodiscard]] GuestSource guests_in(std::filesystem::path directory);

/// The guests that could not be built there, and why: <name>=<reason> a line in missing.txt.
[[nodiscard]] std::map<std::string, std::string> missing_guests(
    const std::filesystem::path& directory);

}  // namespace wapc::conformance
