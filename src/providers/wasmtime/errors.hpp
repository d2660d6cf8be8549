#pragma once

#include <string>

#include "providers/wasmtime/handles.hpp"
#include "wapc/base/error.hpp"
#include "wapc/wasm/module_info.hpp"

// What wasmtime says of guest code that did not return, in our words.

namespace wapc::wasmtime {

/// The error of a call, or of a start section, that ended in `trap`.
[[nodiscard]] Error trapped_by(const wasm_trap_t& trap, const ModuleInfo& module);

/// The guest's frames when it was stopped by `error`, as an `Error` shows them.
[[nodiscard]] std::string frames_of(const wasmtime_error_t& error, const ModuleInfo& module);

/// The error of a call that ended in `error`, which is neither a trap nor of our making: the engine
/// wanted memory that the limits or the machine did not give it, or found a fault in itself.
[[nodiscard]] Error failed_by(const wasmtime_error_t& error, const ModuleInfo& module);

}  // namespace wapc::wasmtime
