#include "wapc/base/error.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

TEST(ErrorTest, GrowsOutwardsAndKeepsItsCodeAndBacktrace) {
  const Error error{Errc::trapped, "unreachable executed", "#0 f"};

  const auto outer = error.within("load a.wasm").within("start");

  EXPECT_EQ(outer.message(), "start: load a.wasm: unreachable executed");
  EXPECT_EQ(outer.code(), Errc::trapped);
  EXPECT_EQ(outer.backtrace(), "#0 f");
}

}  // namespace
}  // namespace wapc
