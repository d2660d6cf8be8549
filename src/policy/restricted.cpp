#include "wapc/policy/restricted.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "wapc/policy/restricting.hpp"

namespace wapc {
namespace {

/// What is named; numbers that are too great for `into` are its greatest.
template <typename Number>
void set(Number& into, const std::optional<std::uint64_t>& value) {
  if (value) {
    into = static_cast<Number>(std::min<std::uint64_t>(*value, std::numeric_limits<Number>::max()));
  }
}

void set(std::optional<std::uint64_t>& into, const std::optional<std::uint64_t>& value) {
  if (value) into = value;
}

void set(std::chrono::nanoseconds& into, const std::optional<std::chrono::nanoseconds>& value) {
  if (value) into = *value;
}

void set_limits(HostOptions& options, const PolicyLimits& limits) {
  set(options.limits.memory_bytes, limits.memory_bytes);
  set(options.limits.table_elements, limits.table_elements);
  set(options.limits.memories, limits.memories);
  set(options.limits.tables, limits.tables);
  set(options.limits.fuel, limits.fuel);
  set(options.call_timeout, limits.call_timeout);
  set(options.start_timeout, limits.start_timeout);
  set(options.call_limits.response_bytes, limits.response_bytes);
  set(options.call_limits.error_bytes, limits.error_bytes);
  set(options.call_limits.host_call_bytes, limits.host_call_bytes);
  set(options.call_limits.name_bytes, limits.name_bytes);
  set(options.call_limits.host_calls, limits.host_calls);
  set(options.call_limits.log_bytes, limits.log_bytes);
  set(options.call_limits.log_lines, limits.log_lines);
  set(options.nesting_max, limits.nesting_max);
}

void grant(WasiConfig& config, const PolicyWasi& wasi) {
  config.arguments.insert(config.arguments.end(), wasi.arguments.begin(), wasi.arguments.end());
  config.environment.clear();
  for (const auto& [name, value] : wasi.environment) {
    config.environment.push_back(std::string{name}.append("=").append(value));
  }
  config.directories.clear();
  for (const auto& directory : wasi.directories) {
    config.directories.push_back({.host_path = directory.host_path,
                                  .guest_path = directory.guest_path,
                                  .access = directory.access});
  }
  // What is granted from the start takes none of those that the guest may open.
  config.limits.descriptors += wasi.directories.size();
  set(config.limits.descriptors, wasi.descriptors);
  set(config.limits.bytes_written, wasi.bytes_written);
  set(config.limits.entries_created, wasi.entries_created);
  set(config.limits.time_slept, wasi.time_slept);
}

}  // namespace

HostOptions restricted(HostOptions options, const GuestPolicy& policy) {
  options.handler = restricting(policy, std::move(options.handler));
  set_limits(options, policy.limits);
  grant(options.wasi, policy.wasi);
  if (policy.on_denial == OnDenial::end_call) options.ending_codes.push_back(Errc::denied);
  return options;
}

GuestModuleOptions restricted(GuestModuleOptions options, const GuestPolicy& policy) {
  const auto& module = policy.module;
  set(options.load_timeout, module.load_timeout);
  set(options.limits.bytes, module.bytes);
  set(options.limits.function_bytes, module.function_bytes);
  set(options.limits.functions, module.functions);
  set(options.limits.globals, module.globals);
  set(options.limits.imports, module.imports);
  set(options.limits.exports, module.exports);
  set(options.limits.data_segments, module.data_segments);
  set(options.limits.element_segments, module.element_segments);
  set(options.limits.locals, module.locals);
  set(options.limits.nesting, module.nesting);
  return options;
}

}  // namespace wapc
