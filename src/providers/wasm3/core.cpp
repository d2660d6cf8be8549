#include "providers/wasm3/core.hpp"

#include <algorithm>
#include <atomic>
#include <string>

#include "engine/native_stack.hpp"

namespace wapc::wasm3 {
namespace {

// Beyond what guest code may use: for the host functions that it calls, and for the steps of the
// interpreter that look at the stack only after they have taken some.
constexpr std::size_t kStackReserve = 96U << 10U;

// With less it is not worth entering a guest.
constexpr std::size_t kStackNeeded = kStackReserve + (32U << 10U);

// What the interpreter executes as the specification has it. Other proposals it parses (SIMD's
// type, typed function references) or does not know.
constexpr FeatureSet kFeatures{
    Feature::mutable_globals, Feature::sign_extension, Feature::saturating_float_to_int,
    Feature::multi_value,     Feature::bulk_memory,    Feature::reference_types,
    Feature::tail_call,       Feature::extended_const, Feature::custom_page_sizes,
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

const void* stack_limit(std::size_t stack_bytes) noexcept {
  const auto left = native_stack_left();
  if (left < kStackNeeded) [[unlikely]]
    return nullptr;
  // Where the end of the stack is not known, `left` is the largest number there is.
  const auto usable = std::min(left - kStackReserve, stack_bytes);
  return static_cast<const std::byte*>(__builtin_frame_address(0)) - usable;
}

Error too_little_stack() {
  return {Errc::limit_exceeded, "the calling thread has " + std::to_string(native_stack_left()) +
                                    " bytes of native stack left; guest code needs " +
                                    std::to_string(kStackNeeded)};
}

}  // namespace wapc::wasm3
