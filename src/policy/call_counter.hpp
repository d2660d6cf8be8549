#pragma once

#include <cstdint>

#include "wapc/rpc/host_handler.hpp"

namespace wapc {

/// Tells the guest's calls apart by the numbers of the host calls made in them.
class CallCounter {
 public:
  /// Which of the guest's calls `call` belongs to: a number that grows.
  std::uint64_t call_of(const HostCall& call) noexcept {
    // Not just at the first: somebody before us may have answered that one.
    if (call.number != 0 && call.number <= last_number_) ++calls_;
    last_number_ = call.number;
    return calls_;
  }

 private:
  std::uint64_t calls_ = 1;
  std::uint64_t last_number_ = 0;
};

}  // namespace wapc
