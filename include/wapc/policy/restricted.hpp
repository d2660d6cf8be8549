#pragma once

#include "wapc/host/guest_module.hpp"
#include "wapc/host/host.hpp"
#include "wapc/policy/policy.hpp"

namespace wapc {

/// `options` for a guest under `policy`, for one host. Call it for each: the handler counts the
/// calls of one guest, and hosts that shared it would use up each other's.
/// - its handler stands behind the policy's rules, see `restricting`;
/// - the limits that the policy names are in place of those in `options`;
/// - of WASI the guest has the policy's variables and directories, and none of those in `options`;
///   the policy's arguments come after those in `options`; streams, clocks and random bytes stay;
/// - `denied` is one of the `ending_codes` if the policy says that a denial ends the call.
[[nodiscard]] HostOptions restricted(HostOptions options, const GuestPolicy& policy);

/// `options` with the policy's limits on the module.
[[nodiscard]] GuestModuleOptions restricted(GuestModuleOptions options, const GuestPolicy& policy);

}  // namespace wapc
