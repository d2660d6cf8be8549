#include "micro/wasm3_floor.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <wasm3.h>

namespace wapc::bench {
namespace {

constexpr std::uint32_t kValueStackBytes = 512U << 10U;  // As ours.

[[noreturn]] void fail(const char* what) {
  std::cerr << "floor: " << what << "\n";
  std::abort();
}

void check(M3Result result) {
  if (result != m3Err_none) fail(result);
}

IM3Module parse(IM3Environment environment, std::span<const std::byte> wasm) {
  IM3Module module = nullptr;
  check(m3_ParseModule(environment, &module, reinterpret_cast<const std::uint8_t*>(wasm.data()),
                       static_cast<std::uint32_t>(wasm.size())));
  return module;
}

}  // namespace

struct Wasm3Floor::Machine {
  std::span<const std::byte> wasm;
  IM3Environment environment = m3_NewEnvironment();
  IM3Runtime runtime = nullptr;
  IM3Function guest_call = nullptr;
  std::vector<IM3Runtime> idle;

  std::string_view operation;
  std::span<const std::byte> payload;
  std::vector<std::byte> response;
  std::vector<std::byte> reply;

  static Machine& of(IM3ImportContext context) { return *static_cast<Machine*>(context->userdata); }

  static std::byte* at(IM3Runtime runtime, void* memory, std::uint64_t pointer,
                       std::size_t length) {
    const std::size_t size = m3_GetMemorySize(runtime);
    const auto start = static_cast<std::uint32_t>(pointer);
    if (start > size || length > size - start) fail("a pointer outside the memory");
    return static_cast<std::byte*>(memory) + start;
  }

  static const void* guest_request(IM3Runtime runtime, IM3ImportContext context,
                                   std::uint64_t* values, void* memory) {
    const Machine& self = of(context);
    std::memcpy(at(runtime, memory, values[0], self.operation.size()), self.operation.data(),
                self.operation.size());
    if (!self.payload.empty()) {
      std::memcpy(at(runtime, memory, values[1], self.payload.size()), self.payload.data(),
                  self.payload.size());
    }
    return m3Err_none;
  }

  static const void* guest_response(IM3Runtime runtime, IM3ImportContext context,
                                    std::uint64_t* values, void* memory) {
    const auto length = static_cast<std::uint32_t>(values[1]);
    const auto* const bytes = at(runtime, memory, values[0], length);
    of(context).response.assign(bytes, bytes + length);
    return m3Err_none;
  }

  static const void* guest_error(IM3Runtime /*runtime*/, IM3ImportContext /*context*/,
                                 std::uint64_t* /*values*/, void* /*memory*/) {
    fail("the guest reports an error");
  }

  // The result's place is before the arguments.
  static const void* host_call(IM3Runtime runtime, IM3ImportContext context, std::uint64_t* values,
                               void* memory) {
    for (std::size_t i = 1; i < 7; i += 2) {
      at(runtime, memory, values[i], static_cast<std::uint32_t>(values[i + 1]));
    }
    const auto length = static_cast<std::uint32_t>(values[8]);
    const auto* const bytes = at(runtime, memory, values[7], length);
    of(context).reply.assign(bytes, bytes + length);
    values[0] = 1;
    return m3Err_none;
  }

  static const void* host_response_length(IM3Runtime /*runtime*/, IM3ImportContext context,
                                          std::uint64_t* values, void* /*memory*/) {
    values[0] = of(context).reply.size();
    return m3Err_none;
  }

  static const void* host_response(IM3Runtime runtime, IM3ImportContext context,
                                   std::uint64_t* values, void* memory) {
    const auto& reply = of(context).reply;
    std::memcpy(at(runtime, memory, values[0], reply.size()), reply.data(), reply.size());
    return m3Err_none;
  }

  void start() {
    runtime = m3_NewRuntime(environment, kValueStackBytes, nullptr);
    IM3Module module = parse(environment, wasm);
    check(m3_LoadModule(runtime, module));
    const auto link = [&](const char* name, const char* type, M3RawCall body) {
      check(m3_LinkRawFunctionEx(module, "wapc", name, type, body, this));
    };
    link("__guest_request", "v(ii)", guest_request);
    link("__guest_response", "v(ii)", guest_response);
    link("__guest_error", "v(ii)", guest_error);
    link("__host_call", "i(iiiiiiii)", host_call);
    link("__host_response_len", "i()", host_response_length);
    link("__host_response", "v(i)", host_response);
    check(m3_FindFunction(&guest_call, runtime, "__guest_call"));
  }
};

Wasm3Floor::Wasm3Floor(std::span<const std::byte> wasm) : machine_{std::make_unique<Machine>()} {
  machine_->wasm = wasm;
  machine_->start();
}

Wasm3Floor::~Wasm3Floor() {
  for (auto* const idle : machine_->idle) m3_FreeRuntime(idle);
  m3_FreeRuntime(machine_->runtime);
  m3_FreeEnvironment(machine_->environment);
}

const std::vector<std::byte>& Wasm3Floor::call(std::string_view operation,
                                               std::span<const std::byte> payload) {
  machine_->operation = operation;
  machine_->payload = payload;
  const auto operation_length = static_cast<std::uint32_t>(operation.size());
  const auto payload_length = static_cast<std::uint32_t>(payload.size());
  std::array<const void*, 2> arguments{&operation_length, &payload_length};
  check(m3_Call(machine_->guest_call, arguments.size(), arguments.data()));
  std::uint32_t succeeded = 0;
  std::array<const void*, 1> results{&succeeded};
  check(m3_GetResults(machine_->guest_call, results.size(), results.data()));
  if (succeeded != 1) fail("the guest failed");
  return machine_->response;
}

void Wasm3Floor::renew() {
  m3_FreeRuntime(machine_->runtime);
  machine_->start();
}

void Wasm3Floor::replace() {
  IM3Runtime old = machine_->runtime;
  machine_->start();
  m3_FreeRuntime(old);
}

void Wasm3Floor::add() {
  machine_->idle.push_back(machine_->runtime);
  machine_->start();
}

void Wasm3Floor::load(std::span<const std::byte> wasm) {
  IM3Environment environment = m3_NewEnvironment();
  IM3Runtime runtime = m3_NewRuntime(environment, kValueStackBytes, nullptr);
  IM3Module module = parse(environment, wasm);
  check(m3_LoadModule(runtime, module));
  check(m3_CompileModule(module));
  m3_FreeRuntime(runtime);
  m3_FreeEnvironment(environment);
}

}  // namespace wapc::bench
