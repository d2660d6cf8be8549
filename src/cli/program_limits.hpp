#pragma once

#include <cstddef>

#include "wapc/engine/module_limits.hpp"

namespace wapc::cli {

/// What programs for WASI may be like: as much as engines can take.
inline constexpr ModuleLimits kProgramModuleLimits{.bytes = std::size_t{1} << 30U,
                                                   .function_bytes = std::size_t{1} << 30U,
                                                   .functions = 1'000'000,
                                                   .globals = 1'000'000,
                                                   .imports = 1'000'000,
                                                   .exports = 1'000'000,
                                                   .data_segments = 1'000'000,
                                                   .element_segments = 1'000'000,
                                                   .locals = 1'000'000,
                                                   .nesting = 1'000'000};

}  // namespace wapc::cli
