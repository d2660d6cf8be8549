#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace wapc::fuzzing {

/// Ends the program as a finding: says what does not hold, and of what.
[[noreturn]] inline void complain(std::string_view what, std::string_view whose = {}) {
  std::cerr << what << (whose.empty() ? "" : ": ") << whose << "\n";
  std::abort();
}

inline void check(bool holds, std::string_view otherwise, std::string_view whose = {}) {
  if (!holds) complain(otherwise, whose);
}

}  // namespace wapc::fuzzing
