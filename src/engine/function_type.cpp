#include "wapc/engine/function_type.hpp"

#include <utility>

namespace wapc {
namespace {

std::string list(std::span<const ValueType> types) {
  std::string names = "(";
  for (const auto type : types) {
    if (names.size() > 1) names += ", ";
    names += to_string(type);
  }
  return names + ")";
}

}  // namespace

std::string_view to_string(ValueType type) noexcept {
  switch (type) {
    case ValueType::i32: return "i32";
    case ValueType::i64: return "i64";
    case ValueType::f32: return "f32";
    case ValueType::f64: return "f64";
    case ValueType::v128: return "v128";
    case ValueType::funcref: return "funcref";
    case ValueType::externref: return "externref";
    case ValueType::other: return "ref";
  }
  std::unreachable();
}

std::string to_string(const Signature& signature) {
  const auto results = signature.results.size() == 1
                           ? std::string{to_string(signature.results.front())}
                           : list(signature.results);
  return list(signature.parameters) + " -> " + results;
}

}  // namespace wapc
