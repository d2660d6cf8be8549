#include <array>
#include <memory>
#include <string>
#include <thread>
#include <variant>

#include <gtest/gtest.h>

#include "case_tests.hpp"
#include "wapc/providers/builtin.hpp"

// The whole suite on every engine that is built in, case by case, and from several threads at once.

namespace wapc::conformance {
namespace {

/// Whether a case takes so much memory that one at a time is enough.
bool large(const Case& test) {
  constexpr std::size_t kLarge = 16U << 20U;
  for (const auto& step : test.steps) {
    const auto* invoke = std::get_if<Invoke>(&step.action);
    if (invoke != nullptr && invoke->padding > kLarge) return true;
  }
  return false;
}

TEST(ConformanceTest, HoldsFromSeveralThreadsAtOnce) {
  for (const auto& builtin : builtin_engines()) {
    const auto engine = builtin.make().value();
    std::array<std::string, 4> failures;
    {
      std::array<std::jthread, failures.size()> threads;
      for (std::size_t i = 0; i < threads.size(); ++i) {
        threads.at(i) = std::jthread{[&engine, &failure = failures.at(i)] {
          for (const auto& test : cases()) {
            if (large(test)) continue;
            const auto outcome = run(test, *engine);
            if (outcome.verdict == Verdict::failed) failure += test.name + ": " + outcome.reason;
          }
        }};
      }
    }
    for (const auto& failure : failures) EXPECT_EQ(failure, "") << builtin.name;
  }
}

}  // namespace
}  // namespace wapc::conformance

int main(int argc, char** argv) {
  namespace conformance = wapc::conformance;
  ::testing::InitGoogleTest(&argc, argv);
  conformance::register_case_tests("conformance", conformance::cases(),
                                   conformance::webassembly_guest);
  return RUN_ALL_TESTS();
}
