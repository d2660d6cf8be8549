#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "wapc/conformance/suite.hpp"

namespace wapc::conformance {

/// How another host differs from this one in a case. It is a comparison and no verdict: the table
/// of corners says where others are known to differ.
struct Comparison {
  std::string not_comparable = {};            ///< Why, when the other host cannot be asked.
  std::vector<std::string> differences = {};  ///< Ours, and theirs.
};

/// Starts `command` and has it do what `test` says. `patience` is for each of its answers.
[[nodiscard]] Comparison compare(const Case& test, const std::string& command,
                                 const GuestSource& guests, std::chrono::milliseconds patience);

}  // namespace wapc::conformance
