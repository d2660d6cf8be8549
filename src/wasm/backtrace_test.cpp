#include "wasm/backtrace.hpp"

#include <memory>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "wasm/source_lines.hpp"

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

/// A module whose code, bytes 100 to 200 of its file, is all from line 7 of that file.
ModuleInfo with_lines(std::string_view file) {
  const auto name = as_bytes(file);
  Bytes program(4);
  for (const int value : {4, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0}) {
    program.push_back(static_cast<std::byte>(value));
  }
  program.insert(program.end(), name.begin(), name.end());
  program.resize(program.size() + 5);
  program[6] = static_cast<std::byte>(program.size() - 10);
  for (const int value : {0, 5, 2, 1, 0, 0, 0, 3, 6, 1, 2, 99, 0, 1, 1}) {
    program.push_back(static_cast<std::byte>(value));
  }
  program[0] = static_cast<std::byte>(program.size() - 4);
  ModuleInfo module;
  module.source_lines =
      std::make_shared<const SourceLines>(program, BytesView{}, Section{"code", 100, 100});
  return module;
}

TEST(BacktraceTest, NamesFilesAndLinesThatAreKnown) {
  const std::vector<Frame> frames{{0, 101}, {1, 99}, {2, std::nullopt}};

  EXPECT_EQ(backtrace(frames, with_lines("a.c")),
            "#0 function 0 at a.c:7 (offset 0x65)\n#1 function 1 (offset 0x63)\n#2 function 2");
}

TEST(BacktraceTest, ShowsNoControlCharactersAndNoOtherThanUtf8InNamesOfFiles) {
  EXPECT_EQ(backtrace(std::vector<Frame>{{0, 101}}, with_lines("a\x1b[2Jb\nc\xff")),
            "#0 function 0 at a [2Jb c\uFFFD:7 (offset 0x65)");
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
