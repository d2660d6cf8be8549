#include "micro/wasmtime_floor.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <wasmtime.h>

namespace wapc::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  std::cerr << "floor: " << what << "\n";
  std::abort();
}

void check(wasmtime_error_t* error, const char* what) {
  if (error != nullptr) fail(what);
}

}  // namespace

struct WasmtimeFloor::Machine {
  wasm_engine_t* engine = nullptr;
  wasmtime_module_t* module = nullptr;
  wasmtime_linker_t* linker = nullptr;
  wasmtime_instance_pre_t* prepared = nullptr;
  wasmtime_store_t* store = nullptr;
  wasmtime_context_t* context = nullptr;
  wasmtime_func_t guest_call{};
  wasmtime_memory_t memory{};

  std::string_view operation;
  std::span<const std::byte> payload;
  std::vector<std::byte> response;
  std::vector<std::byte> reply;

  static Machine& of(wasmtime_caller_t* caller) {
    return *static_cast<Machine*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  }

  std::byte* at(const wasmtime_val_raw_t& pointer, std::size_t length) const {
    const std::size_t size = wasmtime_memory_data_size(context, &memory);
    const auto start = static_cast<std::uint32_t>(pointer.i32);
    if (start > size || length > size - start) fail("a pointer outside the memory");
    return reinterpret_cast<std::byte*>(wasmtime_memory_data(context, &memory)) + start;
  }

  void define(const char* name, std::size_t parameters, std::size_t results,
              wasmtime_func_unchecked_callback_t body) const {
    const auto types = [](std::size_t count) {
      wasm_valtype_vec_t list;
      wasm_valtype_vec_new_uninitialized(&list, count);
      for (std::size_t i = 0; i < count; ++i) list.data[i] = wasm_valtype_new(WASM_I32);
      return list;
    };
    auto from = types(parameters);
    auto to = types(results);
    wasm_functype_t* type = wasm_functype_new(&from, &to);
    check(wasmtime_linker_define_func_unchecked(linker, "wapc", 4, name, std::strlen(name), type,
                                                body, nullptr, nullptr),
          name);
    wasm_functype_delete(type);
  }

  void define_all() const {
    define("__guest_request", 2, 0,
           [](void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
             const Machine& self = of(caller);
             std::memcpy(self.at(values[0], self.operation.size()), self.operation.data(),
                         self.operation.size());
             if (!self.payload.empty()) {
               std::memcpy(self.at(values[1], self.payload.size()), self.payload.data(),
                           self.payload.size());
             }
             return static_cast<wasm_trap_t*>(nullptr);
           });
    define("__guest_response", 2, 0,
           [](void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
             Machine& self = of(caller);
             const auto length = static_cast<std::uint32_t>(values[1].i32);
             const auto* const bytes = self.at(values[0], length);
             self.response.assign(bytes, bytes + length);
             return static_cast<wasm_trap_t*>(nullptr);
           });
    define("__guest_error", 2, 0,
           [](void*, wasmtime_caller_t*, wasmtime_val_raw_t*, std::size_t) -> wasm_trap_t* {
             fail("the guest reports an error");
           });
    define("__host_call", 8, 1,
           [](void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
             Machine& self = of(caller);
             for (std::size_t i = 0; i < 6; i += 2) {
               self.at(values[i], static_cast<std::uint32_t>(values[i + 1].i32));
             }
             const auto length = static_cast<std::uint32_t>(values[7].i32);
             const auto* const bytes = self.at(values[6], length);
             self.reply.assign(bytes, bytes + length);
             values[0].i32 = 1;
             return static_cast<wasm_trap_t*>(nullptr);
           });
    define("__host_response_len", 0, 1,
           [](void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
             values[0].i32 = static_cast<std::int32_t>(of(caller).reply.size());
             return static_cast<wasm_trap_t*>(nullptr);
           });
    define("__host_response", 1, 0,
           [](void*, wasmtime_caller_t* caller, wasmtime_val_raw_t* values, std::size_t) {
             const Machine& self = of(caller);
             std::memcpy(self.at(values[0], self.reply.size()), self.reply.data(),
                         self.reply.size());
             return static_cast<wasm_trap_t*>(nullptr);
           });
  }
};

WasmtimeFloor::WasmtimeFloor(std::span<const std::byte> wasm)
    : machine_{std::make_unique<Machine>()} {
  wasm_config_t* config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  machine_->engine = wasm_engine_new_with_config(config);
  check(wasmtime_module_new(machine_->engine, reinterpret_cast<const std::uint8_t*>(wasm.data()),
                            wasm.size(), &machine_->module),
        "compile");
  machine_->linker = wasmtime_linker_new(machine_->engine);
  machine_->define_all();
  check(wasmtime_linker_instantiate_pre(machine_->linker, machine_->module, &machine_->prepared),
        "link");
  renew();
}

WasmtimeFloor::~WasmtimeFloor() {
  wasmtime_store_delete(machine_->store);
  wasmtime_instance_pre_delete(machine_->prepared);
  wasmtime_linker_delete(machine_->linker);
  wasmtime_module_delete(machine_->module);
  wasm_engine_delete(machine_->engine);
}

void WasmtimeFloor::renew() {
  if (machine_->store != nullptr) wasmtime_store_delete(machine_->store);
  machine_->store = wasmtime_store_new(machine_->engine, machine_.get(), nullptr);
  machine_->context = wasmtime_store_context(machine_->store);
  wasmtime_context_set_epoch_deadline(machine_->context, 1'000'000'000);
  wasmtime_instance_t instance;
  wasm_trap_t* trap = nullptr;
  check(wasmtime_instance_pre_instantiate(machine_->prepared, machine_->context, &instance, &trap),
        "instantiate");
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(machine_->context, &instance, "memory", 6, &item)) {
    fail("no memory");
  }
  machine_->memory = item.of.memory;
  if (!wasmtime_instance_export_get(machine_->context, &instance, "__guest_call", 12, &item)) {
    fail("no __guest_call");
  }
  machine_->guest_call = item.of.func;
}

const std::vector<std::byte>& WasmtimeFloor::call(std::string_view operation,
                                                  std::span<const std::byte> payload) {
  machine_->operation = operation;
  machine_->payload = payload;
  std::array<wasmtime_val_raw_t, 2> values;
  values[0].i32 = static_cast<std::int32_t>(operation.size());
  values[1].i32 = static_cast<std::int32_t>(payload.size());
  wasm_trap_t* trap = nullptr;
  check(wasmtime_func_call_unchecked(machine_->context, &machine_->guest_call, values.data(),
                                     values.size(), &trap),
        "call");
  if (trap != nullptr || values[0].i32 != 1) fail("the guest failed");
  return machine_->response;
}

}  // namespace wapc::bench
