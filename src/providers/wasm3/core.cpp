#include "providers/wasm3/core.hpp"

#include <atomic>
#include <string>

#include "engine/native_stack.hpp"

namespace wapc::wasm3 {
namespace {

// What the interpreter executes as the specification has it. Other proposals it parses (SIMD's
// type, typed function references) or does not know.
constexpr FeatureSet kFeatures{
    Feature::mutable_globals, Feature::sign_extension, Feature::saturating_float_to_int,
    Feature::multi_value,     Feature::bulk_memory,    Feature::reference_types,
    Feature::tail_call,       Feature::extended_const, Feature::custom_page_sizes,
    Feature::externref,
};

}  // namespace

Core::Core(const Wasm3Options& options)
    : info_{.name = "wasm3",
            .version = "0.9.0",
            .execution = Execution::interpreted,
            .features = kFeatures},
      options_{options},
      ticker_{options.tick,
              [this] { std::atomic_ref{ticks_}.fetch_add(1, std::memory_order_relaxed); }} {}

Error too_little_stack() {
  return {Errc::limit_exceeded, "the calling thread has " + std::to_string(native_stack_left()) +
                                    " bytes of native stack left; guest code needs " +
                                    std::to_string(kStackNeeded)};
}

}  // namespace wapc::wasm3
