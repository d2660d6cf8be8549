#include "wapc/providers/builtin.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

TEST(BuiltinTest, EveryEngineIsMadeUnderItsOwnName) {
  for (const auto& row : builtin_engines()) {
    const auto engine = make_builtin_engine(row.name);
    ASSERT_TRUE(engine) << engine.error().message();
    EXPECT_EQ((*engine)->info().name, row.name);
    EXPECT_FALSE(row.description.empty());
  }
}

TEST(BuiltinTest, AnUnknownNameIsUnsupportedAndTheOthersAreListed) {
  const auto engine = make_builtin_engine("abacus");

  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code(), Errc::unsupported);
  for (const auto& row : builtin_engines()) {
    EXPECT_NE(engine.error().message().find(row.name), std::string::npos);
  }
}

}  // namespace
}  // namespace wapc
