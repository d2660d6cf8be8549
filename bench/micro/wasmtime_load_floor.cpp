#include "micro/wasmtime_load_floor.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <utility>

#include <wasmtime.h>

namespace wapc::bench {
namespace {

void check(wasmtime_error_t* error, const char* what) {
  if (error == nullptr) return;
  std::cerr << "floor: " << what << "\n";
  std::abort();
}

wasm_engine_t* make_engine() {
  wasm_config_t* config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  return wasm_engine_new_with_config(config);
}

wasmtime_module_t* compile(wasm_engine_t* engine, std::span<const std::byte> wasm) {
  wasmtime_module_t* module = nullptr;
  check(wasmtime_module_new(engine, reinterpret_cast<const std::uint8_t*>(wasm.data()), wasm.size(),
                            &module),
        "compile");
  return module;
}

}  // namespace

struct WasmtimeLoadFloor::Engine {
  wasm_engine_t* engine = make_engine();
};

WasmtimeLoadFloor::WasmtimeLoadFloor(std::span<const std::byte> wasm, std::string compiled)
    : engine_{std::make_unique<Engine>()}, wasm_{wasm}, compiled_{std::move(compiled)} {}

WasmtimeLoadFloor::~WasmtimeLoadFloor() {
  wasm_engine_delete(engine_->engine);
}

void WasmtimeLoadFloor::load() {
  wasmtime_module_delete(compile(engine_->engine, wasm_));
}

void WasmtimeLoadFloor::load_compiled() {
  wasmtime_module_t* module = nullptr;
  if (!std::ifstream{compiled_}) {
    module = compile(engine_->engine, wasm_);
    wasm_byte_vec_t bytes;
    check(wasmtime_module_serialize(module, &bytes), "serialize");
    std::ofstream{compiled_, std::ios::binary}.write(bytes.data,
                                                     static_cast<std::streamsize>(bytes.size));
    wasm_byte_vec_delete(&bytes);
    wasmtime_module_delete(module);
  }
  check(wasmtime_module_deserialize_file(engine_->engine, compiled_.c_str(), &module), "map");
  wasmtime_module_delete(module);
}

}  // namespace wapc::bench
