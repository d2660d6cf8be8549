#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "providers/wasm3/shim.h"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"

// wasm3's compiler recurses over nested blocks and parses each module anew for each instance, on
// whatever thread wants one. So a module is compiled once to see what that takes, and later ones
// run where there is that much stack.

namespace wapc::wasm3 {

struct Wasm3Deleter {
  void operator()(WapcWasm3* module) const noexcept { wapc_wasm3_free(module); }
};

using Wasm3Handle = std::unique_ptr<WapcWasm3, Wasm3Deleter>;

/// Compiles `wasm`, which is valid, for no other purpose than to see whether wasm3 can. Returns the
/// bytes of native stack that compiling it takes. Fails with `invalid_module` when wasm3 refuses it
/// or its compiled code or the time to compile would be out of all proportion to its size.
[[nodiscard]] Result<std::size_t> try_to_compile(BytesView wasm);

/// Calls `run` with at least `stack_bytes` of native stack: on this thread when it has them, else
/// on another one that is waited for. `run` is given the lowest address that it may use, and does
/// not throw. Fails with `limit_exceeded` when there is no such thread to be had.
[[nodiscard]] Result<> with_stack(std::size_t stack_bytes,
                                  const std::function<void(const void* limit)>& run);

}  // namespace wapc::wasm3
