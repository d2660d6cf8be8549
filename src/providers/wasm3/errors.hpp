#pragma once

#include <string>

#include "providers/wasm3/shim.h"
#include "wapc/base/error.hpp"

// What wasm3 says of a module or of guest code that did not return, in our words.

namespace wapc::wasm3 {

/// The error of a call that ended in `trap`, with the guest's frames.
[[nodiscard]] Error trapped_by(M3Result trap, std::string backtrace);

/// The error of an instance that could not be made, of a module that wasm3 has compiled before.
[[nodiscard]] Error no_instance(M3Result why);

/// The error of a module that is valid, but not one that wasm3 can run.
[[nodiscard]] Error cannot_run(M3Result why);

}  // namespace wapc::wasm3
