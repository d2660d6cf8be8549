#pragma once

#include <functional>
#include <span>
#include <string>

#include "wapc/conformance/suite.hpp"

namespace wapc::conformance {

/// Registers with GoogleTest every case on every engine that is built in, as tests called
/// <suite>/<engine>.<case>. `unavailable` says why a case cannot be run, when it cannot; what is
/// passed outlives the tests.
void register_case_tests(const std::string& suite, std::span<const Case> cases, GuestSource guests,
                         std::function<std::string(const Case&)> unavailable = nullptr);

}  // namespace wapc::conformance
