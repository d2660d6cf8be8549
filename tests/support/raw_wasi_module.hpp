#pragma once

#include <string>
#include <string_view>

#include "wapc/base/bytes.hpp"
#include "wapc/engine/host_function.hpp"

namespace wapc::testing {

inline constexpr std::string_view kPreview1 = "wasi_snapshot_preview1";
inline constexpr std::string_view kUnstable = "wasi_unstable";

/// What the memory of a raw module holds, in bytes.
inline constexpr std::uint32_t kRawMemoryBytes = 4U * 65536U;

/// What a raw module calls the function that calls `name` again and again: it takes how often, as
/// an i32 that is not 0, before the parameters of `name`, and gives the last result.
[[nodiscard]] std::string repeating(std::string_view name);

/// A module that imports every function of `table` whose module is `module`, and exports for each a
/// function of the same name and type that calls it, one that repeats it, and a `memory`. So a test
/// can call WASI as a guest does, with any arguments.
[[nodiscard]] Bytes raw_module(const ImportTable& table, std::string_view module);

}  // namespace wapc::testing
