#include "wapc/engine/features.hpp"

#include <utility>

namespace wapc {

std::string_view to_string(Feature feature) noexcept {
  switch (feature) {
    case Feature::mutable_globals: return "mutable-global";
    case Feature::sign_extension: return "sign-extension-ops";
    case Feature::saturating_float_to_int: return "nontrapping-float-to-int-conversions";
    case Feature::multi_value: return "multi-value";
    case Feature::bulk_memory: return "bulk-memory-operations";
    case Feature::reference_types: return "reference-types";
    case Feature::externref: return "externref";
    case Feature::simd: return "simd";
    case Feature::relaxed_simd: return "relaxed-simd";
    case Feature::tail_call: return "tail-call";
    case Feature::extended_const: return "extended-const";
    case Feature::multi_memory: return "multi-memory";
    case Feature::memory64: return "memory64";
    case Feature::threads: return "threads";
    case Feature::exceptions: return "exception-handling";
    case Feature::legacy_exceptions: return "legacy-exceptions";
    case Feature::function_references: return "function-references";
    case Feature::gc: return "gc";
    case Feature::wide_arithmetic: return "wide-arithmetic";
    case Feature::custom_page_sizes: return "custom-page-sizes";
    case Feature::stack_switching: return "stack-switching";
  }
  std::unreachable();
}

std::string to_string(FeatureSet features, std::string_view separator) {
  std::string names;
  for (std::uint8_t i = 0; i < kFeatureCount; ++i) {
    const auto feature = static_cast<Feature>(i);
    if (!features.contains(feature)) continue;
    if (!names.empty()) names += separator;
    names += to_string(feature);
  }
  return names;
}

}  // namespace wapc
