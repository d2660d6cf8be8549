#include "wasm/backtrace.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace wapc {
namespace {

TEST(BacktraceTest, ShowsNamesNumbersAndOffsets) {
  ModuleInfo module;
  module.function_names = {"", "inner", "outer"};
  const std::vector<Frame> frames{{1, 0x2a}, {0, std::nullopt}, {9, 7}};

  EXPECT_EQ(backtrace(frames, module),
            "#0 inner (offset 0x2a)\n#1 function 0\n#2 function 9 (offset 0x7)");
}

TEST(BacktraceTest, ShowsNoControlCharactersNoOtherThanUtf8AndNoEndlessNames) {
  ModuleInfo module;
  module.function_names = {"a\x1b[2Jb\nc\xff", std::string(1000, 'x')};

  EXPECT_EQ(backtrace(std::vector<Frame>{{0, {}}}, module), "#0 a [2Jb c\uFFFD");
  EXPECT_EQ(backtrace(std::vector<Frame>{{1, {}}}, module), "#0 " + std::string(200, 'x'));
}

TEST(BacktraceTest, IsBounded) {
  const auto text = backtrace(std::vector<Frame>(1000, Frame{0, {}}), ModuleInfo{});

  EXPECT_EQ(std::ranges::count(text, '\n'), 63);
}

TEST(BacktraceTest, IsEmptyWithoutFrames) {
  EXPECT_EQ(backtrace({}, ModuleInfo{}), "");
}

}  // namespace
}  // namespace wapc
