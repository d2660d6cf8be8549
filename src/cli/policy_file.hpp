#pragma once

#include <string>

#include "cli/guest_setup.hpp"
#include "cli/problem.hpp"
#include "wapc/host/host.hpp"
#include "wapc/policy/policy.hpp"

namespace wapc::cli {

/// The policy's text. Fails with exit code `file`.
[[nodiscard]] Outcome<std::string> read_policy_file(const std::string& path);

/// What the policy at `path` says of the guest, which goes by the name of its file, with and
/// without what follows the last dot. Fails with exit code `file`, or `usage` when the policy is
/// wrong or says nothing of it.
[[nodiscard]] Outcome<GuestPolicy> policy_for(const std::string& path, const std::string& guest);

/// Fails with exit code `usage` when `arguments` would give the guest more than its policy.
[[nodiscard]] Outcome<> check_beside_policy(const GuestArguments& arguments);

/// `options` under the policy; of limits that the user gave too, the lower count.
[[nodiscard]] HostOptions under_policy(HostOptions options, const GuestPolicy& policy,
                                       const GuestSetup& setup);

/// What to do next under the policy at `path`: what is granted, and what may be taken, is the
/// policy's to say.
void advise_on_policy(Problem& said, const std::string& path);

/// `hello` of `path/hello.wasm`.
[[nodiscard]] std::string guest_name(const std::string& path);

}  // namespace wapc::cli
