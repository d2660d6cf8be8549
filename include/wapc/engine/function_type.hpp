#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wapc {

/// The types of WebAssembly values. Only i32 and i64 cross between host and guest.
enum class ValueType : std::uint8_t { i32, i64, f32, f64, v128, funcref, externref, other };

[[nodiscard]] std::string_view to_string(ValueType type) noexcept;

/// A view of a function's type.
struct Signature {
  std::span<const ValueType> parameters;
  std::span<const ValueType> results;

  friend bool operator==(const Signature& a, const Signature& b) {
    return std::ranges::equal(a.parameters, b.parameters) &&
           std::ranges::equal(a.results, b.results);
  }
};

/// As the text format's readers write it: `(i32, i32) -> i32`, `() -> ()`.
[[nodiscard]] std::string to_string(const Signature& signature);

/// A function's type that owns its parts.
struct FunctionType {
  std::vector<ValueType> parameters;
  std::vector<ValueType> results;

  [[nodiscard]] Signature signature() const noexcept { return {parameters, results}; }

  friend bool operator==(const FunctionType&, const FunctionType&) = default;
};

}  // namespace wapc
