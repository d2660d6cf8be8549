#include "case_tests.hpp"

#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wapc/providers/builtin.hpp"
#ifdef WAPC_TESTS_WASMTIME
#include "wapc/providers/wasmtime.hpp"
#endif

namespace wapc::conformance {
namespace {

/// Those that are built in, and each other way in which one of them runs guests.
std::span<const BuiltinEngine> engines() {
  static const std::vector<BuiltinEngine> all = [] {
    std::vector<BuiltinEngine> list{builtin_engines().begin(), builtin_engines().end()};
#ifdef WAPC_TESTS_WASMTIME
    list.push_back({"wasmtime_in_slots", "", [](const BuiltinEngineOptions& /*options*/) {
                      return make_wasmtime_engine({.instance_slots = 4});
                    }});
#endif
    return list;
  }();
  return all;
}

/// One engine for all its cases, as programs have it.
const Result<std::unique_ptr<Engine>>& engine_of(const BuiltinEngine& builtin) {
  static std::map<std::string_view, Result<std::unique_ptr<Engine>>> engines;
  const auto found = engines.find(builtin.name);
  if (found != engines.end()) return found->second;
  return engines.emplace(builtin.name, builtin.make()).first->second;
}

/// What the tests of one registration share.
struct Shared {
  GuestSource guests;
  std::function<std::string(const Case&)> unavailable;
};

class CaseTest final : public ::testing::Test {
 public:
  CaseTest(const BuiltinEngine& builtin, const Case& test, std::shared_ptr<const Shared> shared)
      : builtin_{builtin}, test_{test}, shared_{std::move(shared)} {}

  void TestBody() override {
    const auto reason = shared_->unavailable ? shared_->unavailable(test_) : std::string{};
    if (!reason.empty()) GTEST_SKIP() << reason;
    const auto& engine = engine_of(builtin_);
    ASSERT_TRUE(engine.has_value()) << engine.error().message();
    const auto outcome = run(test_, **engine, shared_->guests);
    if (outcome.verdict == Verdict::skipped) GTEST_SKIP() << outcome.reason;
    if (outcome.verdict == Verdict::failed) FAIL() << test_.row << "\n" << outcome.reason;
  }

 private:
  const BuiltinEngine& builtin_;
  const Case& test_;
  std::shared_ptr<const Shared> shared_;
};

}  // namespace

void register_case_tests(const std::string& suite, std::span<const Case> cases, GuestSource guests,
                         std::function<std::string(const Case&)> unavailable) {
  const auto shared =
      std::make_shared<const Shared>(Shared{std::move(guests), std::move(unavailable)});
  for (const auto& builtin : engines()) {
    const auto name = suite + "/" + std::string{builtin.name};
    for (const auto& test : cases) {
      const auto make = [&builtin, &test, shared]() -> ::testing::Test* {
        return new CaseTest{builtin, test, shared};  // GoogleTest owns it.
      };
      // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): what it owns, it deletes.
      ::testing::RegisterTest(name.c_str(), test.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                              make);
    }
  }
}

}  // namespace wapc::conformance
