#include "providers/wasmtime/core.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include <sys/resource.h>

#include "engine/fork.hpp"

namespace wapc::wasmtime {
namespace {

// Beyond what guest code may use: for the host functions that it calls, and for the engine itself.
constexpr std::size_t kStackReserve = 128U << 10U;

// wasmtime's own default for stacks it makes itself, which we never ask for; it insists that they
// be no smaller than the one for guests.
constexpr std::size_t kAsyncStack = 2U << 20U;

// Standardised, and on by default in wasmtime. Shared memory is not among them: it would let the
// bytes under a host function's view change while it looks.
constexpr FeatureSet features(WasmtimeOptions::Compiler compiler) {
  FeatureSet features{
      Feature::mutable_globals,
      Feature::sign_extension,
      Feature::saturating_float_to_int,
      Feature::multi_value,
      Feature::bulk_memory,
      Feature::reference_types,
      Feature::simd,
      Feature::extended_const,
      Feature::multi_memory,
      Feature::memory64,
      Feature::wide_arithmetic,
  };
  if (compiler == WasmtimeOptions::Compiler::winch) return features;
  features.add(Feature::externref);
  features.add(Feature::relaxed_simd);
  features.add(Feature::tail_call);
#ifdef WASMTIME_FEATURE_GC
  features.add(Feature::exceptions);
  features.add(Feature::function_references);
  features.add(Feature::gc);
#endif
  return features;
}

// Each feature by name, so that a new version of the engine does not accept what the reader of
// modules refuses. Those without a switch (sign extension, ...) are always on.
void set_features(wasm_config_t* config, FeatureSet features) {
  wasmtime_config_wasm_multi_value_set(config, features.contains(Feature::multi_value));
  wasmtime_config_wasm_bulk_memory_set(config, features.contains(Feature::bulk_memory));
  wasmtime_config_wasm_simd_set(config, features.contains(Feature::simd));
  wasmtime_config_wasm_relaxed_simd_set(config, features.contains(Feature::relaxed_simd));
  wasmtime_config_wasm_tail_call_set(config, features.contains(Feature::tail_call));
  wasmtime_config_wasm_multi_memory_set(config, features.contains(Feature::multi_memory));
  wasmtime_config_wasm_memory64_set(config, features.contains(Feature::memory64));
  wasmtime_config_wasm_wide_arithmetic_set(config, features.contains(Feature::wide_arithmetic));
  wasmtime_config_wasm_custom_page_sizes_set(config, features.contains(Feature::custom_page_sizes));
#ifdef WASMTIME_FEATURE_GC
  wasmtime_config_wasm_reference_types_set(config, features.contains(Feature::reference_types));
  wasmtime_config_wasm_function_references_set(config,
                                               features.contains(Feature::function_references));
  wasmtime_config_wasm_gc_set(config, features.contains(Feature::gc));
  wasmtime_config_wasm_exceptions_set(config, features.contains(Feature::exceptions));
#endif
#ifdef WASMTIME_FEATURE_THREADS
  wasmtime_config_wasm_threads_set(config, features.contains(Feature::threads));
#endif
#ifdef WASMTIME_FEATURE_COMPILER
  wasmtime_config_wasm_stack_switching_set(config, features.contains(Feature::stack_switching));
#endif
  wasmtime_config_wasm_compact_imports_set(config, false);  // Not standard yet, and has no name.
}

// Where addresses are scarce, guest code looks at each access whether it stays in the memory, and a
// memory that grows is moved.
bool may_reserve() {
#if UINTPTR_MAX > UINT32_MAX
  constexpr std::uint64_t kScarce = std::uint64_t{1} << 40U;
  rlimit limit{};
  return ::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
         limit.rlim_cur >= kScarce;
#else
  return false;
#endif
}

#ifdef WASMTIME_FEATURE_COMPILER
wasmtime_strategy_t strategy(WasmtimeOptions::Compiler compiler) {
  return compiler == WasmtimeOptions::Compiler::winch ? WASMTIME_STRATEGY_WINCH
                                                      : WASMTIME_STRATEGY_CRANELIFT;
}
#endif

wasmtime_profiling_strategy_t strategy(WasmtimeOptions::Profiling profiling) {
  switch (profiling) {
    case WasmtimeOptions::Profiling::none: return WASMTIME_PROFILING_STRATEGY_NONE;
    case WasmtimeOptions::Profiling::perf_map: return WASMTIME_PROFILING_STRATEGY_PERFMAP;
    case WasmtimeOptions::Profiling::jitdump: return WASMTIME_PROFILING_STRATEGY_JITDUMP;
  }
  return WASMTIME_PROFILING_STRATEGY_NONE;
}

ConfigHandle make_config(const WasmtimeOptions& options, bool reserves_memory) {
  ConfigHandle config{wasm_config_new()};
  set_features(config.get(), features(options.compiler));
#ifdef WASMTIME_FEATURE_COMPILER
  wasmtime_config_strategy_set(config.get(), strategy(options.compiler));
#endif
  wasmtime_config_epoch_interruption_set(config.get(), true);
  wasmtime_config_consume_fuel_set(config.get(), options.count_fuel);
  wasmtime_config_profiler_set(config.get(), strategy(options.profiling));
  wasmtime_config_signals_based_traps_set(config.get(), options.use_signals);
#if defined(WASMTIME_FEATURE_COMPILER) && defined(WASMTIME_FEATURE_PARALLEL_COMPILATION)
  // The threads that compile are the process's own: they stay behind when it is forked, and work
  // through one queue, in which a module that has to be there at once would wait for others.
  if (forks() != 0 || options.compiler == WasmtimeOptions::Compiler::winch) {
    wasmtime_config_parallel_compilation_set(config.get(), false);
  }
#endif
  if (reserves_memory) {
    // wasmtime's own defaults, on which WasmtimeModule::memory_stays counts.
    wasmtime_config_memory_reservation_set(config.get(), kMemoryReservation);
    wasmtime_config_memory_guard_size_set(config.get(), kMemoryAddresses - kMemoryReservation);
  } else {
    wasmtime_config_memory_reservation_set(config.get(), 0);
    wasmtime_config_memory_guard_size_set(config.get(), 64U << 10U);
    wasmtime_config_memory_reservation_for_growth_set(config.get(), 1U << 20U);
  }
  wasmtime_config_max_wasm_stack_set(config.get(), options.stack_bytes);
#ifdef WASMTIME_FEATURE_ASYNC
  wasmtime_config_async_stack_size_set(config.get(), std::max(kAsyncStack, options.stack_bytes));
#endif
#ifdef WASMTIME_FEATURE_COMPONENT_MODEL
  wasmtime_config_wasm_component_model_set(config.get(), false);
  wasmtime_config_concurrency_support_set(config.get(), false);
#endif
  return config;
}

EngineHandle make_engine(ConfigHandle config) {
  return EngineHandle{wasm_engine_new_with_config(config.release())};
}

/// wasmtime looks at its artefacts itself for what it was made with; by these they are found.
std::string code_settings(const WasmtimeOptions& options, bool reserves_memory) {
  std::string settings;
  if (options.count_fuel) settings += "fuel ";
  if (options.use_signals) settings += "signals ";
  if (!reserves_memory) settings += "bounds ";
  return settings;
}

}  // namespace

Core::Core(const WasmtimeOptions& options)
    : options_{options},
      reserves_memory_{may_reserve()},
      info_{.name = options.compiler == WasmtimeOptions::Compiler::winch ? "winch" : "wasmtime",
            .version = WASMTIME_VERSION,
            .execution = Execution::compiled,
            .features = features(options.compiler),
            .counts_fuel = options.count_fuel,
            .makes_artefacts = true,
            .code_settings = code_settings(options, reserves_memory_)},
      stack_needed_{options.stack_bytes + kStackReserve},
      engine_{wasmtime::make_engine(make_config(options, reserves_memory_))},
      ticker_{options.tick, [this] {
                wasmtime_engine_increment_epoch(engine_.get());
                const std::scoped_lock lock{ticked_mutex_};
                for (auto* const engine : ticked_) wasmtime_engine_increment_epoch(engine);
              }} {}

#ifdef WASMTIME_FEATURE_POOLING_ALLOCATOR
EngineHandle Core::make_engine(const wasmtime_pooling_allocation_config_t& slots) const {
  auto config = make_config(options_, reserves_memory_);
  wasmtime_pooling_allocation_strategy_set(config.get(), &slots);
  return wasmtime::make_engine(std::move(config));
}
#endif

void Core::add_to_ticks(wasm_engine_t* engine) const {
  const std::scoped_lock lock{ticked_mutex_};
  ticked_.push_back(engine);
}

void Core::drop_from_ticks(wasm_engine_t* engine) const noexcept {
  const std::scoped_lock lock{ticked_mutex_};
  std::erase(ticked_, engine);
}

Error Core::why_not_enter() const {
  if (!ticker_.alive()) return forked_since();
  return {Errc::limit_exceeded, "the calling thread has " + std::to_string(native_stack_left()) +
                                    " bytes of native stack left; guest code needs " +
                                    std::to_string(stack_needed_)};
}

}  // namespace wapc::wasmtime
