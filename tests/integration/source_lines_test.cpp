// The lines that a compiler writes, in the backtraces of engines that say where a guest was: those
// of guests/traps.c, compiled with debug information of two versions.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_tree.hpp"
#include "wapc/cache/compile_cache.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace wapc {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using testing::TemporaryTree;

class SourceLinesOfGuestsTest : public ::testing::TestWithParam<int> {
 protected:
  static Bytes guest() {
    const auto name = "traps-" + std::to_string(GetParam()) + ".wasm";
    std::ifstream file{std::filesystem::path{WAPC_TRAPS_DIR} / name, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const auto view = as_bytes(text);
    return {view.begin(), view.end()};
  }

  /// The backtrace of the trap that the operation ends in.
  static std::string backtrace(const Engine& engine, std::string_view operation) {
    auto host = Host::start(GuestModule::load(engine, guest()).value(), {}).value();
    const auto answer = host->invoke({.operation = operation});
    EXPECT_FALSE(answer);
    if (answer) return "";
    EXPECT_EQ(answer.error().code(), Errc::trapped) << answer.error().message();
    return answer.error().backtrace();
  }

  const std::unique_ptr<Engine> engine_ = make_builtin_engine("wasmtime").value();
};

TEST_P(SourceLinesOfGuestsTest, AreThoseOfTheInstructionAndOfTheCalls) {
  EXPECT_THAT(backtrace(*engine_, "divide"),
              MatchesRegex("#0 divide at traps\\.c:6 \\(offset 0x[0-9a-f]+\\)\n"
                           "#1 .*wapc_guest_call at traps\\.c:26 \\(offset 0x[0-9a-f]+\\)"));
}

TEST_P(SourceLinesOfGuestsTest, AreKnownOfAFunctionThatIsNoMoreThanATrap) {
  const auto text = backtrace(*engine_, "stop");
  EXPECT_THAT(text, StartsWith("#0 stop at traps.c:10 ("));
  EXPECT_THAT(text, HasSubstr("wapc_guest_call at traps.c:24 ("));
}

TEST_P(SourceLinesOfGuestsTest, AreKnownOfTheCallsThatUsedUpTheStack) {
  EXPECT_THAT(backtrace(*engine_, "recurse"), StartsWith("#0 sink\n#1 sink at traps.c:17 ("));
}

TEST_P(SourceLinesOfGuestsTest, AreKnownOfAModuleThatWasCompiledBefore) {
  const TemporaryTree tree;
  for (const std::uint64_t compiled : {1U, 0U}) {
    const auto cache = CompileCache::open({.directory = tree.path() / "cache"}).value();
    const auto engine = with_cache(make_builtin_engine("wasmtime").value(), cache);
    EXPECT_THAT(backtrace(*engine, "divide"), StartsWith("#0 divide at traps.c:6 ("));
    EXPECT_EQ(cache->stats().compiled, compiled);
    EXPECT_EQ(cache->stats().read, 1 - compiled);
  }
}

TEST_P(SourceLinesOfGuestsTest, AreThoseOfTheCallsOnWinch) {
  const auto winch = make_builtin_engine("winch");
  if (!winch) GTEST_SKIP() << winch.error().message();
  EXPECT_THAT(backtrace(**winch, "divide"),
              MatchesRegex("#0 divide at traps\\.c:6 \\(offset 0x[0-9a-f]+\\)\n"
                           "#1 .*wapc_guest_call at traps\\.c:26 \\(offset 0x[0-9a-f]+\\)"));
}

TEST_P(SourceLinesOfGuestsTest, AreNotKnownToWasm3) {
  const auto wasm3 = make_builtin_engine("wasm3");
  if (!wasm3) GTEST_SKIP() << wasm3.error().message();
  EXPECT_THAT(backtrace(**wasm3, "divide"), MatchesRegex("#0 divide\n#1 .*wapc_guest_call"));
}

INSTANTIATE_TEST_SUITE_P(OfDwarf, SourceLinesOfGuestsTest, ::testing::Values(4, 5));

}  // namespace
}  // namespace wapc
