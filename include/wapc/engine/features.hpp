#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace wapc {

/// WebAssembly proposals beyond version 1.0 that a module may need and an engine may have. Names
/// are those of the proposals, but for one.
enum class Feature : std::uint8_t {
  mutable_globals,  ///< Import and export of mutable globals.
  sign_extension,
  saturating_float_to_int,
  multi_value,
  bulk_memory,
  reference_types,
  externref,  ///< What of reference_types an engine has to count. In `exceptions` and `gc`, too.
  simd,
  relaxed_simd,
  tail_call,
  extended_const,
  multi_memory,
  memory64,
  threads,
  exceptions,  ///< `try_table`, as standardised in version 3.0.
  legacy_exceptions,
  function_references,
  gc,
  wide_arithmetic,
  custom_page_sizes,
  stack_switching,
};

inline constexpr std::size_t kFeatureCount = 21;

/// The proposal's name as its repository spells it, such as `tail-call`.
[[nodiscard]] std::string_view to_string(Feature feature) noexcept;

/// A set of features; a value.
class FeatureSet {
 public:
  constexpr FeatureSet() = default;

  constexpr FeatureSet(std::initializer_list<Feature> features) {
    for (const auto feature : features) bits_ |= bit(feature);
  }

  /// Every feature there is a name for.
  [[nodiscard]] static constexpr FeatureSet all() {
    FeatureSet every;
    every.bits_ = (1U << kFeatureCount) - 1;
    return every;
  }

  [[nodiscard]] constexpr bool contains(Feature feature) const noexcept {
    return (bits_ & bit(feature)) != 0;
  }

  constexpr void add(Feature feature) noexcept { bits_ |= bit(feature); }

  constexpr void remove(Feature feature) noexcept { bits_ &= ~bit(feature); }

  /// What is in this set and not in `other`.
  [[nodiscard]] constexpr FeatureSet without(FeatureSet other) const noexcept {
    FeatureSet rest;
    rest.bits_ = bits_ & ~other.bits_;
    return rest;
  }

  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

  /// One bit each: bit n stands for the n-th enumerator of `Feature`.
  [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }

  friend constexpr bool operator==(FeatureSet, FeatureSet) = default;

 private:
  static constexpr std::uint32_t bit(Feature feature) noexcept {
    return 1U << static_cast<std::uint32_t>(feature);
  }

  std::uint32_t bits_ = 0;
};

/// The names of all features in `features`, in the order of `Feature`, separated by `separator`.
[[nodiscard]] std::string to_string(FeatureSet features, std::string_view separator = ", ");

}  // namespace wapc
