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

// Of our guest's size: a memory, and no table.
void make_slots(wasm_config_t* config, std::uint32_t slots) {
  auto* const to = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_core_instances_set(to, slots);
  wasmtime_pooling_allocation_config_total_memories_set(to, slots);
  wasmtime_pooling_allocation_config_total_tables_set(to, 0);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(to, 0);
  wasmtime_pooling_allocation_config_total_stacks_set(to, 0);
  wasmtime_pooling_allocation_config_max_memory_size_set(to, std::size_t{1} << 32U);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(to, 64U << 10U);
  wasmtime_pooling_allocation_config_max_unused_warm_slots_set(to, slots);
  wasmtime_pooling_allocation_strategy_set(config, to);
  wasmtime_pooling_allocation_config_delete(to);
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
  std::vector<wasmtime_store_t*> idle;

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

  void start() {
    store = wasmtime_store_new(engine, this, nullptr);
    context = wasmtime_store_context(store);
    wasmtime_context_set_epoch_deadline(context, 1'000'000'000);
    wasmtime_instance_t instance;
    wasm_trap_t* trap = nullptr;
    check(wasmtime_instance_pre_instantiate(prepared, context, &instance, &trap), "instantiate");
    wasmtime_extern_t item;
    if (!wasmtime_instance_export_get(context, &instance, "memory", 6, &item)) {
      fail("no memory");
    }
    memory = item.of.memory;
    if (!wasmtime_instance_export_get(context, &instance, "__guest_call", 12, &item)) {
      fail("no __guest_call");
    }
    guest_call = item.of.func;
  }
};

WasmtimeFloor::WasmtimeFloor(std::span<const std::byte> wasm, std::uint32_t slots)
    : machine_{std::make_unique<Machine>()} {
  wasm_config_t* config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, true);
  if (slots > 0) make_slots(config, slots);
  machine_->engine = wasm_engine_new_with_config(config);
  check(wasmtime_module_new(machine_->engine, reinterpret_cast<const std::uint8_t*>(wasm.data()),
                            wasm.size(), &machine_->module),
        "compile");
  machine_->linker = wasmtime_linker_new(machine_->engine);
  machine_->define_all();
  check(wasmtime_linker_instantiate_pre(machine_->linker, machine_->module, &machine_->prepared),
        "link");
  machine_->start();
}

WasmtimeFloor::~WasmtimeFloor() {
  for (auto* const idle : machine_->idle) wasmtime_store_delete(idle);
  wasmtime_store_delete(machine_->store);
  wasmtime_instance_pre_delete(machine_->prepared);
  wasmtime_linker_delete(machine_->linker);
  wasmtime_module_delete(machine_->module);
  wasm_engine_delete(machine_->engine);
}

void WasmtimeFloor::renew() {
  wasmtime_store_delete(machine_->store);
  machine_->start();
}

void WasmtimeFloor::replace() {
  wasmtime_store_t* old = machine_->store;
  machine_->start();
  wasmtime_store_delete(old);
}

void WasmtimeFloor::add() {
  machine_->idle.push_back(machine_->store);
  machine_->start();
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
