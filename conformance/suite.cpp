#include "wapc/conformance/suite.hpp"

#include <cassert>
#include <set>
#include <utility>

#include "cases/cases.hpp"

namespace wapc::conformance {
namespace {

/// Two cases of one name would be one test.
[[maybe_unused]] bool names_are_unique(const Cases& cases) {
  std::set<std::string_view> names;
  for (const auto& test : cases) {
    if (!names.insert(test.name).second) return false;
  }
  return true;
}

Cases every_case() {
  Cases all;
  for (const auto add :
       {add_outcome_cases, add_payload_cases, add_host_call_cases, add_handler_cases,
        add_bounds_cases, add_text_cases, add_start_cases, add_wasi_cases, add_trap_cases,
        add_budget_cases, add_limit_cases, add_module_cases, add_replace_cases}) {
    add(all);
  }
  assert(names_are_unique(all));
  return all;
}

}  // namespace

std::span<const Case> cases() {
  static const auto all = every_case();
  return all;
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "failed";
    case Verdict::skipped: return "skipped";
  }
  std::unreachable();
}

Totals run_all(const Engine& engine, const GuestSource& guests,
               const std::function<void(const Case&, const Outcome&)>& report) {
  Totals totals;
  for (const auto& test : cases()) {
    const auto outcome = run(test, engine, guests);
    switch (outcome.verdict) {
      case Verdict::passed: ++totals.passed; break;
      case Verdict::failed: ++totals.failed; break;
      case Verdict::skipped: ++totals.skipped; break;
    }
    report(test, outcome);
  }
  return totals;
}

}  // namespace wapc::conformance
