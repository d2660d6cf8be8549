#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "base/try.hpp"
#include "engine/background.hpp"
#include "engine/native_stack.hpp"
#include "providers/wasmtime/core.hpp"
#include "providers/wasmtime/module.hpp"
#include "providers/wasmtime/profiling.hpp"
#include "providers/wasmtime/slots.hpp"
#include "wapc/providers/wasmtime.hpp"

namespace wapc {
namespace wasmtime {
namespace {

// wasmtime computes the limit from the address at which the guest was entered, without looking
// whether it is within the address space; and no thread has more.
constexpr std::size_t kStackMin = 16U << 10U;
constexpr std::size_t kStackMax = 1U << 30U;

// The calling thread dies with less. Cranelift takes some 70 KiB of it, and Winch 280, however
// large the module (a painted stack tells); the rest is to spare.
constexpr std::size_t kLoadStack = 128U << 10U;

constexpr std::size_t compile_stack(WasmtimeOptions::Compiler compiler) {
  return compiler == WasmtimeOptions::Compiler::winch ? 512U << 10U : kLoadStack;
}

class WasmtimeEngine final : public Engine {
 public:
  explicit WasmtimeEngine(std::shared_ptr<const Core> core) : core_{std::move(core)} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return core_->info(); }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override {
    if (!core_->ticker().alive()) return std::unexpected{forked_since()};
    return compile_behind(background_, wasm, options,
                          [core = core_](BytesView bytes, const ModuleLimits& limits) {
                            return compile_here(core, bytes, limits);
                          });
  }

  [[nodiscard]] Result<std::shared_ptr<const Module>> restore(
      const Artefact& artefact, BytesView wasm, const ModuleLimits& limits) const override {
    if (!core_->ticker().alive()) return std::unexpected{forked_since()};
    WAPC_CHECK(check_stack(kLoadStack));
    WAPC_TRY(auto info, describe_module(wasm, core_->info().features, limits));
    return WasmtimeModule::restore(core_, std::move(info), artefact);
  }

 private:
  static Result<> check_stack(std::size_t needed) {
    const auto left = native_stack_left();
    if (left >= needed) return {};
    return failure(Errc::limit_exceeded, "the calling thread has " + std::to_string(left) +
                                             " bytes of native stack left; loading needs " +
                                             std::to_string(needed));
  }

  static Result<std::shared_ptr<const Module>> compile_here(const std::shared_ptr<const Core>& core,
                                                            BytesView wasm,
                                                            const ModuleLimits& limits) {
    WAPC_CHECK(check_stack(compile_stack(core->compiler())));
    WAPC_TRY(auto info, read_module(wasm, core->info().features, limits));
    return WasmtimeModule::compile(core, std::move(info), wasm);
  }

  std::shared_ptr<const Core> core_;
  mutable Background background_;  // Locks itself.
};

// Each takes some 8 GiB of the 128 TiB of addresses that processes have on the machines we know.
constexpr std::uint32_t kSlotsMax = 4000;

Result<> check_compiler(const WasmtimeOptions& options) {
  if (options.compiler == WasmtimeOptions::Compiler::winch) {
#if !defined(WASMTIME_FEATURE_WINCH) || !defined(__x86_64__)
    return failure(Errc::unsupported, "this build of wasmtime has not got Winch");
#else
    if (options.use_signals) return {};
    return failure(Errc::invalid_options, "wasmtime: code of Winch's needs use_signals");
#endif
  }
#ifndef WASMTIME_FEATURE_CRANELIFT
  return failure(Errc::unsupported, "this build of wasmtime has not got Cranelift");
#else
  return {};
#endif
}

// wasmtime ends the program when it does not like its options, so they are looked at here.
Result<> check(const WasmtimeOptions& options) {
  if (options.stack_bytes < kStackMin || options.stack_bytes > kStackMax) {
    return failure(Errc::invalid_options, "wasmtime: stack_bytes is " +
                                              std::to_string(options.stack_bytes) +
                                              ", and must be from 16 KiB to 1 GiB");
  }
  if (options.tick < std::chrono::milliseconds{1}) {
    return failure(Errc::invalid_options, "wasmtime: the tick must be a millisecond or more");
  }
  WAPC_CHECK(check_compiler(options));
  if (options.instance_slots > kSlotsMax) {
    return failure(Errc::invalid_options, "wasmtime: instance_slots is " +
                                              std::to_string(options.instance_slots) +
                                              ", and must be at most " + std::to_string(kSlotsMax));
  }
#ifndef WASMTIME_FEATURE_POOLING_ALLOCATOR
  if (options.instance_slots > 0) {
    return failure(Errc::unsupported,
                   "this build of wasmtime has no pooling allocator, which "
                   "instance_slots take");
  }
#endif
  return check_profiling(options.profiling);
}

// For the slots of one module at least.
Result<> check_addresses(const Core& core) {
  if (core.slots() == 0) return {};
  constexpr std::uint64_t kMemories = 1;
  if (core.reserves_memory() && has_room_for_slots(core.slots(), kMemories, 0)) return {};
  return failure(Errc::limit_exceeded,
                 "wasmtime: " + std::to_string(core.slots()) +
                     " instance_slots take more "
                     "addresses than this process can have: take fewer of them, or lift its limit "
                     "on addresses (ulimit -v, RLIMIT_AS) to 1 TiB or more");
}

}  // namespace
}  // namespace wasmtime

Result<std::unique_ptr<Engine>> make_wasmtime_engine(const WasmtimeOptions& options) {
#ifdef WASMTIME_FEATURE_COMPILER
  WAPC_CHECK(wasmtime::check(options));
  try {
    auto core = std::make_shared<const wasmtime::Core>(options);
    WAPC_CHECK(wasmtime::check_addresses(*core));
    return std::make_unique<wasmtime::WasmtimeEngine>(std::move(core));
  } catch (const std::system_error&) {
    return failure(Errc::limit_exceeded, "wasmtime: no thread for its ticks");
  }
#else
  static_cast<void>(options);
  return failure(Errc::unsupported, "this build of wasmtime has no compiler");
#endif
}

}  // namespace wapc
