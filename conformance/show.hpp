#pragma once

#include <string>
#include <string_view>

#include "wapc/conformance/case.hpp"

namespace wapc::conformance {

/// Bytes for people: in quotes, with escapes for what cannot be shown, and cut when they are many.
[[nodiscard]] std::string show(std::string_view bytes);
[[nodiscard]] std::string show(const SeenCall& call);
[[nodiscard]] std::string show(const SeenLine& line);
[[nodiscard]] std::string show(const Step& step);

/// In square brackets, separated by commas.
template <typename T>
[[nodiscard]] std::string show(const std::vector<T>& all) {
  std::string text = "[";
  for (const auto& one : all) {
    if (text.size() > 1) text += ", ";
    text += show(one);
  }
  return text + "]";
}

}  // namespace wapc::conformance
