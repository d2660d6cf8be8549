#include <cstdio>
#include <string>
#include <string_view>

#include "native_engine.hpp"
#include "suite_guests.hpp"
#include "wapc/conformance/suite.hpp"

// Holds the native engine to the protocol with the suite that every engine of waPC has to pass. The
// guests are the same by name, and what this engine compiles is a name.

int main() {
  namespace conformance = wapc::conformance;
  const native::Engine engine{native::suite_guests()};
  const auto names = [](std::string_view name) -> wapc::Result<wapc::Bytes> {
    const auto bytes = wapc::as_bytes(name);
    return wapc::Bytes{bytes.begin(), bytes.end()};
  };
  const auto totals = conformance::run_all(
      engine, names, [](const conformance::Case& test, const conformance::Outcome& outcome) {
        if (outcome.verdict == conformance::Verdict::passed) return;
        std::printf("%s: %.*s: %s\n", test.name.c_str(),
                    static_cast<int>(conformance::to_string(outcome.verdict).size()),
                    conformance::to_string(outcome.verdict).data(), outcome.reason.c_str());
      });
  std::printf("%zu passed, %zu failed, %zu skipped\n", totals.passed, totals.failed,
              totals.skipped);
  return totals.failed == 0 ? 0 : 1;
}
