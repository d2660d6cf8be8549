#pragma once

#include <cstdint>

// After `fork` the child has the parent's memory and none of its threads but one. What stands on a
// thread of its own, such as a ticker, finds that out here.

namespace wapc {

/// How many forks lie between this process and the one in which this was first asked. Costs a load.
[[nodiscard]] std::uint32_t forks() noexcept;

}  // namespace wapc
