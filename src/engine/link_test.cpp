#include "wapc/engine/link.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace wapc {
namespace {

class Counter final : public HostState {
 public:
  Result<> add(Caller& /*caller*/, std::uint32_t /*n*/) { return {}; }

  Result<std::uint64_t> total(Caller& /*caller*/) { return 0; }
};

constexpr std::array kFunctions{offer<&Counter::add>("count", "add"),
                                offer<&Counter::total>("count", "total")};
const ImportTable kTable{kFunctions, &typeid(Counter)};

Import function(std::string module, std::string name, FunctionType type) {
  return {std::move(module), std::move(name), ExternKind::function, std::move(type)};
}

TEST(ResolveImportsTest, FindsEachInItsTable) {
  const std::array imports{function("count", "total", {{}, {ValueType::i64}}),
                           function("count", "add", {{ValueType::i32}, {}})};
  const std::array tables{ImportTable{{}, &typeid(Counter)}, kTable};

  const auto resolved = resolve_imports(imports, tables);

  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->at(0).function, &kFunctions[1]);
  EXPECT_EQ(resolved->at(0).table, 1U);
  EXPECT_EQ(resolved->at(1).function, &kFunctions[0]);
}

TEST(ResolveImportsTest, ListsAllThatNothingOffers) {
  const std::array imports{function("count", "total", {{}, {ValueType::i64}}),
                           function("env", "seed", {{}, {ValueType::f64}}),
                           Import{"env", "memory", ExternKind::memory, {}},
                           function("count", "add", {{ValueType::i64, ValueType::i32}, {}})};

  const auto resolved = resolve_imports(imports, std::array{kTable});

  ASSERT_FALSE(resolved.has_value());
  EXPECT_EQ(resolved.error().code(), Errc::invalid_module);
  EXPECT_EQ(resolved.error().message(),
            "imports that nothing offers: env.seed () -> f64, env.memory (memory), "
            "count.add (i64, i32) -> () where (i32) -> () is offered");
}

TEST(ResolveImportsTest, ListsNoMoreThanAPersonReads) {
  const std::vector<Import> imports(1050, function("env", std::string(1000, 'n'), {}));

  const auto message = resolve_imports(imports, std::array{kTable}).error().message();

  EXPECT_LT(message.size(), 250'000U);
  EXPECT_TRUE(message.ends_with(", and 50 more"));
}

}  // namespace
}  // namespace wapc
