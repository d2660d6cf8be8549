#include "support/wasmtime_own_wasi.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <variant>
#include <vector>

#include <wasi.h>
#include <wasmtime.h>

namespace wapc::testing {
namespace {

[[noreturn]] void fail(std::string_view what) {
  std::cerr << "wasmtime's own WASI: " << what << "\n";
  std::abort();
}

void check(wasmtime_error_t* error, std::string_view what) {
  if (error == nullptr) return;
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  fail(std::string{what} + ": " + std::string{message.data, message.size});
}

void check(bool done, std::string_view what) {
  if (!done) fail(what);
}

}  // namespace

class WasmtimeOwnWasi::Function {
 public:
  wasmtime_func_t function;
  bool gives;
};

struct WasmtimeOwnWasi::Machine {
  WasiConfig config;
  wasm_engine_t* engine = nullptr;
  wasmtime_module_t* module = nullptr;
  wasmtime_linker_t* linker = nullptr;
  wasmtime_instance_pre_t* prepared = nullptr;
  wasmtime_store_t* store = nullptr;
  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};
  wasmtime_memory_t memory{};
  std::string output;

  [[nodiscard]] wasi_config_t* grants() {
    wasi_config_t* wasi = wasi_config_new();
    std::vector<const char*> arguments;
    for (const auto& argument : config.arguments) arguments.push_back(argument.c_str());
    check(wasi_config_set_argv(wasi, arguments.size(), arguments.data()), "arguments");
    std::vector<std::string> parts;
    for (const auto& variable : config.environment) {
      const auto end = variable.find('=');
      parts.push_back(variable.substr(0, end));
      parts.push_back(variable.substr(end + 1));
    }
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (std::size_t i = 0; i < parts.size(); i += 2) {
      names.push_back(parts[i].c_str());
      values.push_back(parts[i + 1].c_str());
    }
    check(wasi_config_set_env(wasi, names.size(), names.data(), values.data()), "environment");
    for (const auto& directory : config.directories) {
      check(wasi_config_preopen_dir(wasi, directory.host_path.c_str(), directory.guest_path.c_str(),
                                    directory.access == DirectoryAccess::read_write),
            directory.host_path);
    }
    if (const auto* const bytes =
            std::get_if<std::shared_ptr<const Bytes>>(&config.standard_input)) {
      wasm_byte_vec_t input;
      wasm_byte_vec_new(&input, (*bytes)->size(), reinterpret_cast<const char*>((*bytes)->data()));
      wasi_config_set_stdin_bytes(wasi, &input);
    }
    const auto print = [](void* self, const unsigned char* bytes, std::size_t size) {
      static_cast<Machine*>(self)->output.append(reinterpret_cast<const char*>(bytes), size);
      return static_cast<std::ptrdiff_t>(size);
    };
    wasi_config_set_stdout_custom(wasi, print, this, nullptr);
    wasi_config_set_stderr_custom(wasi, print, this, nullptr);
    return wasi;
  }
};

WasmtimeOwnWasi::WasmtimeOwnWasi(BytesView wasm, const WasiConfig& config)
    : machine_{std::make_unique<Machine>()} {
  wasm_config_t* settings = wasm_config_new();
  wasmtime_config_epoch_interruption_set(settings, true);
  machine_->engine = wasm_engine_new_with_config(settings);
  check(wasmtime_module_new(machine_->engine, reinterpret_cast<const std::uint8_t*>(wasm.data()),
                            wasm.size(), &machine_->module),
        "compile");
  machine_->linker = wasmtime_linker_new(machine_->engine);
  check(wasmtime_linker_define_wasi(machine_->linker), "define");
  check(wasmtime_linker_instantiate_pre(machine_->linker, machine_->module, &machine_->prepared),
        "link");
  renew(config);
}

WasmtimeOwnWasi::~WasmtimeOwnWasi() {
  wasmtime_store_delete(machine_->store);
  wasmtime_instance_pre_delete(machine_->prepared);
  wasmtime_linker_delete(machine_->linker);
  wasmtime_module_delete(machine_->module);
  wasm_engine_delete(machine_->engine);
}

void WasmtimeOwnWasi::renew(const WasiConfig& config) {
  machine_->config = config;
  if (machine_->store != nullptr) wasmtime_store_delete(machine_->store);
  machine_->store = wasmtime_store_new(machine_->engine, nullptr, nullptr);
  machine_->context = wasmtime_store_context(machine_->store);
  check(wasmtime_context_set_wasi(machine_->context, machine_->grants()), "set");
  wasmtime_context_set_epoch_deadline(machine_->context, 1'000'000'000);
  wasm_trap_t* trap = nullptr;
  check(wasmtime_instance_pre_instantiate(machine_->prepared, machine_->context,
                                          &machine_->instance, &trap),
        "instantiate");
  check(trap == nullptr, "the start section trapped");
  wasmtime_extern_t item;
  check(wasmtime_instance_export_get(machine_->context, &machine_->instance, "memory", 6, &item),
        "no memory");
  machine_->memory = item.of.memory;
}

std::shared_ptr<const WasmtimeOwnWasi::Function> WasmtimeOwnWasi::find(std::string_view function) {
  wasmtime_extern_t item;
  check(wasmtime_instance_export_get(machine_->context, &machine_->instance, function.data(),
                                     function.size(), &item),
        function);
  wasm_functype_t* type = wasmtime_func_type(machine_->context, &item.of.func);
  const bool gives = wasm_functype_results(type)->size > 0;
  wasm_functype_delete(type);
  return std::make_shared<const Function>(item.of.func, gives);
}

std::optional<std::uint32_t> WasmtimeOwnWasi::call(const Function& function,
                                                   std::span<const std::uint64_t> arguments) {
  std::array<wasmtime_val_raw_t, 16> values{};
  if (arguments.size() > values.size()) fail("too many arguments");
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    values[i].i64 = static_cast<std::int64_t>(arguments[i]);
  }
  wasm_trap_t* trap = nullptr;
  if (auto* const error =
          wasmtime_func_call_unchecked(machine_->context, &function.function, values.data(),
                                       std::max<std::size_t>(arguments.size(), 1), &trap)) {
    wasmtime_error_delete(error);
    return std::nullopt;
  }
  if (trap != nullptr) {
    wasm_trap_delete(trap);
    return std::nullopt;
  }
  return function.gives ? static_cast<std::uint32_t>(values[0].i32) : 0;
}

GuestMemory WasmtimeOwnWasi::memory() {
  return {reinterpret_cast<std::byte*>(wasmtime_memory_data(machine_->context, &machine_->memory)),
          wasmtime_memory_data_size(machine_->context, &machine_->memory)};
}

const std::string& WasmtimeOwnWasi::output() const {
  return machine_->output;
}

}  // namespace wapc::testing
