#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "wapc/pool/pool_stats.hpp"

namespace wapc {

/// What one tenant has done since it was added, and what it has now. A value.
struct TenantStats {
  std::uint64_t calls = 0;                   ///< Those that are under way included.
  std::uint64_t waits = 0;                   ///< Calls that did not find it loaded.
  std::uint64_t failed_waits = 0;            ///< Those of them that came to no guest.
  std::chrono::nanoseconds waiting_time{0};  ///< Of all that waited, until it was loaded or not.

  std::uint64_t loads = 0;                   ///< That succeeded.
  std::uint64_t failed_loads = 0;            ///< That did not, for want of room included.
  std::chrono::nanoseconds loading_time{0};  ///< Of all loads, from when their turns came.
  std::uint64_t drops = 0;                   ///< Loads that made way, or were idle.

  bool loaded = false;
  std::size_t code_bytes = 0;
  std::size_t guests_bytes = 0;  ///< Of its guests, as looked at last, all that counts.

  /// Of its pool; what it has done includes what the pools of earlier loads did.
  PoolStats pool = {};
};

/// The same of all together. A value.
struct TenantsStats {
  std::uint64_t calls = 0;  ///< Of the tenants that are there, those under way included.
  std::uint64_t waits = 0;  ///< Calls that did not find their tenant loaded.
  std::uint64_t failed_waits = 0;
  std::chrono::nanoseconds waiting_time{0};

  std::uint64_t loads = 0;
  std::uint64_t failed_loads = 0;
  std::chrono::nanoseconds loading_time{0};
  std::uint64_t dropped_for_room = 0;
  std::uint64_t dropped_idle = 0;

  std::size_t tenants = 0;
  std::size_t loaded = 0;        ///< Those that are being loaded included.
  std::size_t loading = 0;       ///< Those whose turn has not come included.
  std::size_t in_line = 0;       ///< Those whose turn has not come.
  std::size_t memory_bytes = 0;  ///< What counts to `TenantsOptions::memory_bytes_max`.
};

}  // namespace wapc
