#pragma once

#include "wapc/base/error.hpp"
#include "wapc/providers/wasmtime.hpp"

namespace wapc::wasmtime {

/// Whether the file that `profiling` writes can be written, which is made: wasmtime ends the
/// program when it cannot. Fails with `unavailable`, `unsupported` where this system or build has
/// none.
[[nodiscard]] Result<> check_profiling(WasmtimeOptions::Profiling profiling);

}  // namespace wapc::wasmtime
