#pragma once

#include <cstddef>
#include <string>

#include "wapc/base/error.hpp"

namespace wapc {

inline constexpr std::size_t kPolicyBytesMax = 1U << 20U;

/// All of the file at `path`, without waiting for anything. Fails with `invalid_options`: `cannot
/// read policy.toml: ...`; of more than `kPolicyBytesMax` it reads no more.
[[nodiscard]] Result<std::string> read_policy_text(const std::string& path);

}  // namespace wapc
