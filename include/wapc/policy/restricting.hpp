#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "wapc/policy/policy.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc {

/// A time that never goes back; null: the machine's.
using PolicyClock = std::function<std::chrono::steady_clock::time_point()>;

/// A handler that hands to `next` what `policy` allows, and fails with `denied` for the rest; the
/// message says what to add to the policy. Its limits and grants are kept by the
/// host: see `restricted`. Without `next` what is allowed fails with `unavailable`.
///
/// It counts the calls of one guest: make one for each host. Thread-safe.
[[nodiscard]] std::shared_ptr<HostHandler> restricting(const GuestPolicy& policy,
                                                       std::shared_ptr<HostHandler> next,
                                                       PolicyClock clock = nullptr);

}  // namespace wapc
