#pragma once

#include <memory>
#include <string>

#include <wasm.h>
#include <wasmtime.h>

#include "wapc/base/utf8.hpp"

// What wasmtime's C API hands out, each with its owner.

namespace wapc::wasmtime {

template <auto Delete>
struct CDeleter {
  void operator()(auto* object) const noexcept { Delete(object); }
};

template <typename T, auto Delete>
using CHandle = std::unique_ptr<T, CDeleter<Delete>>;

using ConfigHandle = CHandle<wasm_config_t, wasm_config_delete>;
using EngineHandle = CHandle<wasm_engine_t, wasm_engine_delete>;
using ModuleHandle = CHandle<wasmtime_module_t, wasmtime_module_delete>;
using LinkerHandle = CHandle<wasmtime_linker_t, wasmtime_linker_delete>;
using InstancePreHandle = CHandle<wasmtime_instance_pre_t, wasmtime_instance_pre_delete>;
using StoreHandle = CHandle<wasmtime_store_t, wasmtime_store_delete>;
using FunctionTypeHandle = CHandle<wasm_functype_t, wasm_functype_delete>;
using TrapHandle = CHandle<wasm_trap_t, wasm_trap_delete>;
using ErrorHandle = CHandle<wasmtime_error_t, wasmtime_error_delete>;

/// What wasmtime says of an error, on one line or more.
[[nodiscard]] inline std::string message_of(const wasmtime_error_t& error) {
  wasm_byte_vec_t bytes;
  wasmtime_error_message(&error, &bytes);
  auto text = to_utf8({bytes.data, bytes.size});
  wasm_byte_vec_delete(&bytes);
  return text;
}

}  // namespace wapc::wasmtime
