#include "cli/problem.hpp"

#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wapc::cli {
namespace {

TEST(ProblemTest, EachCodeOfTheLibraryHasAnExitCodeOfItsOwnOrASharedOne) {
  std::set<ExitCode> documented;
  for (const auto& row : exit_codes()) documented.insert(row.code);
  EXPECT_EQ(documented.size(), exit_codes().size());
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const auto told = problem({static_cast<Errc>(code), "why"});
    EXPECT_TRUE(documented.contains(told.exit)) << told.code;
    EXPECT_NE(told.exit, ExitCode::ok) << told.code;
  }
}

TEST(ProblemTest, ShowsTheGuestsFramesAndWhatToDo) {
  auto told = problem({Errc::trapped, "unreachable", "#0 inner\n#1 outer"});
  told.hint = "try again";

  EXPECT_EQ(describe(told),
            "wapc: the guest trapped: unreachable\n  #0 inner\n  #1 outer\nhint: try again\n");
}

TEST(ProblemTest, NoTextOfAGuestPassesForALineOfOurs) {
  EXPECT_EQ(describe(problem({Errc::guest_error, "a\nwapc: b\x1b[1m", "c\nhint: d"})),
            "wapc: the guest answered with an error: a\n  wapc: b\\x1b[1m\n  c\n  hint: d\n");
}

TEST(ProblemTest, AnErrorWithoutATextIsToldToHaveNone) {
  EXPECT_EQ(describe(problem({Errc::guest_error, ""})),
            "wapc: the guest answered with an error, without a message\n");
}

TEST(ProblemTest, AsJsonItHasTheCodeThatProgramsBranchOn) {
  const auto object = to_json(problem({Errc::trapped, "unreachable", "#0 f\n#1 g"}));

  EXPECT_EQ(object.dump(), R"({"backtrace":["#0 f","#1 g"],"code":"trapped","exit_code":6,)"
                           R"("message":"unreachable"})");
}

}  // namespace
}  // namespace wapc::cli
