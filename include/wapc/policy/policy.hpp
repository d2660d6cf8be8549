#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wapc/base/error.hpp"
#include "wapc/wasi/wasi_config.hpp"

// What guests may do, as data: plain values, which a file in TOML holds too (docs/policy.md). What
// is not named is not allowed, or is left at the program's own limit.

namespace wapc {

/// Calls on the host, told by their names. Each is a glob: `*` stands for any characters, none
/// included, and `\` takes the character after it for itself. A call is meant when each of its
/// three names matches one of the globs.
struct HostCallNames {
  std::vector<std::string> bindings = {"*"};
  std::vector<std::string> name_spaces = {"*"};
  std::vector<std::string> operations = {"*"};

  bool operator==(const HostCallNames&) const = default;
};

/// Calls that are allowed, and how many and how large they may be; none: as many and as large as
/// the guest's limits allow.
struct AllowRule {
  HostCallNames names = {};

  /// Calls by this rule in one call of the guest; at least 1.
  std::optional<std::uint64_t> calls_per_call = std::nullopt;

  /// Calls by this rule in a second, from 1 to 1,000,000,000: they may come at once, and then as
  /// many more as time has passed for.
  std::optional<std::uint64_t> calls_per_second = std::nullopt;

  std::optional<std::uint64_t> payload_bytes = std::nullopt;

  /// Beyond it the guest gets an error in place of the answer; the handler has then done its work.
  std::optional<std::uint64_t> answer_bytes = std::nullopt;

  bool operator==(const AllowRule&) const = default;
};

/// What happens at a call that is not allowed.
enum class OnDenial : std::uint8_t {
  error,     ///< The guest gets an error, and goes on.
  end_call,  ///< The guest's call ends with `denied`.
};

/// Limits in place of the program's own, where they are named. The same names as in
/// `InstanceLimits`, `CallLimits` and `HostOptions`.
struct PolicyLimits {
  std::optional<std::uint64_t> memory_bytes = std::nullopt;
  std::optional<std::uint64_t> table_elements = std::nullopt;
  std::optional<std::uint64_t> memories = std::nullopt;
  std::optional<std::uint64_t> tables = std::nullopt;
  std::optional<std::uint64_t> fuel = std::nullopt;
  std::optional<std::chrono::nanoseconds> call_timeout = std::nullopt;
  std::optional<std::chrono::nanoseconds> start_timeout = std::nullopt;
  std::optional<std::uint64_t> response_bytes = std::nullopt;
  std::optional<std::uint64_t> error_bytes = std::nullopt;
  std::optional<std::uint64_t> host_call_bytes = std::nullopt;
  std::optional<std::uint64_t> name_bytes = std::nullopt;
  std::optional<std::uint64_t> host_calls = std::nullopt;
  std::optional<std::uint64_t> log_bytes = std::nullopt;
  std::optional<std::uint64_t> log_lines = std::nullopt;
  std::optional<std::uint64_t> nesting_max = std::nullopt;

  bool operator==(const PolicyLimits&) const = default;
};

/// Limits on the module itself, which hold while it is loaded. The same names as in `ModuleLimits`
/// and `GuestModuleOptions`.
struct PolicyModuleLimits {
  std::optional<std::chrono::nanoseconds> load_timeout = std::nullopt;
  std::optional<std::uint64_t> bytes = std::nullopt;
  std::optional<std::uint64_t> function_bytes = std::nullopt;
  std::optional<std::uint64_t> functions = std::nullopt;
  std::optional<std::uint64_t> globals = std::nullopt;
  std::optional<std::uint64_t> imports = std::nullopt;
  std::optional<std::uint64_t> exports = std::nullopt;
  std::optional<std::uint64_t> data_segments = std::nullopt;
  std::optional<std::uint64_t> element_segments = std::nullopt;
  std::optional<std::uint64_t> locals = std::nullopt;
  std::optional<std::uint64_t> nesting = std::nullopt;

  bool operator==(const PolicyModuleLimits&) const = default;
};

/// A directory that a guest may use; see `PreopenedDirectory`.
struct PolicyDirectory {
  std::string host_path;
  std::string guest_path;
  DirectoryAccess access = DirectoryAccess::read_only;

  bool operator==(const PolicyDirectory&) const = default;
};

/// What a guest that imports WASI is granted, and no more. The limits have the names of
/// `WasiLimits`.
struct PolicyWasi {
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {};  ///< By name.
  std::vector<PolicyDirectory> directories = {};
  std::optional<std::uint64_t> descriptors = std::nullopt;
  std::optional<std::uint64_t> bytes_written = std::nullopt;
  std::optional<std::uint64_t> entries_created = std::nullopt;
  std::optional<std::chrono::nanoseconds> time_slept = std::nullopt;

  bool operator==(const PolicyWasi&) const = default;
};

/// What one guest may do, or all whose names its glob matches.
struct GuestPolicy {
  std::string guest = "*";  ///< A glob, as in `HostCallNames`.
  OnDenial on_denial = OnDenial::error;
  std::vector<HostCallNames> deny = {};  ///< Never allowed, whatever `allow` says.
  std::vector<AllowRule> allow = {};     ///< The first that matches counts; without one: denied.
  PolicyLimits limits = {};
  PolicyModuleLimits module = {};
  PolicyWasi wasi = {};

  bool operator==(const GuestPolicy&) const = default;
};

struct Policy {
  std::vector<GuestPolicy> guests;

  /// What holds for the guest that goes by any of `names`: the part named exactly so, of two
  /// the longer; else the one whose glob has the most bytes of its own (so `*` comes last), of
  /// several the first.
  /// Null when there is none: such a guest should not run. Valid as long as the policy is.
  [[nodiscard]] const GuestPolicy* find(std::span<const std::string> names) const;

  [[nodiscard]] const GuestPolicy* find(const std::string& name) const {
    return find(std::span{&name, 1});
  }

  bool operator==(const Policy&) const = default;
};

/// Something wrong in a policy's text. Line and column count from 1, the column in characters; the
/// message is printable, whatever the text holds.
struct PolicyFault {
  std::size_t line;
  std::size_t column;
  std::string message;
};

/// All that is wrong with a policy's text, as far as one mistake does not hide another; of many,
/// the first 100. Empty when `parse_policy` takes it.
[[nodiscard]] std::vector<PolicyFault> faults_in_policy(std::string_view text);

/// Reads a policy from TOML. Fails with `invalid_options`; the message has a line for each fault,
/// such as `policy.toml:12:3: unknown key "bindng"; did you mean "binding"?`, where `name` is what
/// the text is called.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text, std::string_view name);

/// The same of a file, which is called by its path. Fails with `invalid_options`, too, when it
/// cannot be read, is not a regular file, or has more than 1 MiB.
[[nodiscard]] Result<Policy> read_policy(const std::string& path);

/// The policy as TOML, which parses back to an equal one if `policy` is one that a file can say:
/// its names and texts are UTF-8 without NUL, its numbers below 2^63, and nothing in it contradicts
/// something else.
[[nodiscard]] std::string write_policy(const Policy& policy);

}  // namespace wapc
