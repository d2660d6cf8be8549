#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "wapc/policy/policy.hpp"

// What the limits of a policy are called in its text: what reads and what writes go by the same
// lists.

namespace wapc {

inline constexpr std::uint64_t kPolicyNumberMax = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint64_t kPolicyRateMax = 1'000'000'000;

enum class Unit : std::uint8_t { count, bytes };

template <typename Record>
struct NumberKey {
  std::string_view name;
  Unit unit{};
  std::optional<std::uint64_t> Record::* member;
  std::uint64_t min = 0;
  std::uint64_t max = kPolicyNumberMax;
};

template <typename Record>
struct TimeKey {
  std::string_view name;
  std::optional<std::chrono::nanoseconds> Record::* member;
};

inline constexpr std::array<NumberKey<AllowRule>, 4> kAllowNumbers{{
    {"calls_per_call", Unit::count, &AllowRule::calls_per_call, 1},
    {"calls_per_second", Unit::count, &AllowRule::calls_per_second, 1, kPolicyRateMax},
    {"payload", Unit::bytes, &AllowRule::payload_bytes},
    {"answer", Unit::bytes, &AllowRule::answer_bytes},
}};

inline constexpr std::array<TimeKey<PolicyLimits>, 2> kLimitTimes{{
    {"deadline", &PolicyLimits::call_timeout},
    {"start_deadline", &PolicyLimits::start_timeout},
}};

inline constexpr std::array<NumberKey<PolicyLimits>, 13> kLimitNumbers{{
    {"memory", Unit::bytes, &PolicyLimits::memory_bytes},
    {"table_elements", Unit::count, &PolicyLimits::table_elements},
    {"memories", Unit::count, &PolicyLimits::memories},
    {"tables", Unit::count, &PolicyLimits::tables},
    {"fuel", Unit::count, &PolicyLimits::fuel, 1},
    {"response", Unit::bytes, &PolicyLimits::response_bytes},
    {"error", Unit::bytes, &PolicyLimits::error_bytes},
    {"host_calls", Unit::count, &PolicyLimits::host_calls},
    {"payload", Unit::bytes, &PolicyLimits::host_call_bytes},
    {"name", Unit::bytes, &PolicyLimits::name_bytes},
    {"log", Unit::bytes, &PolicyLimits::log_bytes},
    {"log_lines", Unit::count, &PolicyLimits::log_lines},
    {"nesting", Unit::count, &PolicyLimits::nesting_max, 1},
}};

inline constexpr std::array<TimeKey<PolicyModuleLimits>, 1> kModuleTimes{{
    {"load_deadline", &PolicyModuleLimits::load_timeout},
}};

inline constexpr std::uint64_t kModuleCountMax = std::numeric_limits<std::uint32_t>::max();

inline constexpr std::array<NumberKey<PolicyModuleLimits>, 10> kModuleNumbers{{
    {"size", Unit::bytes, &PolicyModuleLimits::bytes},
    {"function_size", Unit::bytes, &PolicyModuleLimits::function_bytes},
    {"functions", Unit::count, &PolicyModuleLimits::functions, 0, kModuleCountMax},
    {"globals", Unit::count, &PolicyModuleLimits::globals, 0, kModuleCountMax},
    {"imports", Unit::count, &PolicyModuleLimits::imports, 0, kModuleCountMax},
    {"exports", Unit::count, &PolicyModuleLimits::exports, 0, kModuleCountMax},
    {"data_segments", Unit::count, &PolicyModuleLimits::data_segments, 0, kModuleCountMax},
    {"element_segments", Unit::count, &PolicyModuleLimits::element_segments, 0, kModuleCountMax},
    {"locals", Unit::count, &PolicyModuleLimits::locals, 0, kModuleCountMax},
    {"nesting", Unit::count, &PolicyModuleLimits::nesting, 0, kModuleCountMax},
}};

inline constexpr std::array<TimeKey<PolicyWasi>, 1> kWasiTimes{{
    {"time_slept", &PolicyWasi::time_slept},
}};

inline constexpr std::array<NumberKey<PolicyWasi>, 3> kWasiNumbers{{
    {"descriptors", Unit::count, &PolicyWasi::descriptors},
    {"written", Unit::bytes, &PolicyWasi::bytes_written},
    {"entries_created", Unit::count, &PolicyWasi::entries_created},
}};

}  // namespace wapc
