#include "cli/wasi_options.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace wapc::cli {
namespace {

std::string shown(std::string_view text) {
  const auto directory = parse_directory(text);
  if (!directory) return directory.error().message;
  const bool writing = directory->access == DirectoryAccess::read_write;
  return directory->host_path + " as " + directory->guest_path + (writing ? ", writing" : "");
}

TEST(WasiOptionsTest, ADirectoryIsForWritingUnlessItEndsInRo) {
  EXPECT_EQ(shown("files"), "files as files, writing");
  EXPECT_EQ(shown("files:ro"), "files as files");
  EXPECT_EQ(shown("files:rw"), "files:rw as files:rw, writing");
}

TEST(WasiOptionsTest, ADirectoryHasTheGuestsNameAfterTwoColons) {
  EXPECT_EQ(shown("./files::/data"), "./files as /data, writing");
  EXPECT_EQ(shown("./files::/data:ro"), "./files as /data");
  EXPECT_EQ(shown("a:b::c:d"), "a:b as c:d, writing");
  EXPECT_EQ(shown("a:ro::b"), "a:ro as b, writing");
}

TEST(WasiOptionsTest, SaysWhatIsWrongWithADirectory) {
  EXPECT_EQ(shown(""), "--dir \"\": it names no directory");
  EXPECT_EQ(shown(":ro"), "--dir \":ro\": it names no directory");
  EXPECT_EQ(shown("::/data"), "--dir \"::/data\": it names no directory");
  EXPECT_EQ(shown("files::"), "--dir \"files::\": it has no name for the guest after \"::\"");
  EXPECT_EQ(shown("files:::ro"), "--dir \"files:::ro\": it has no name for the guest after \"::\"");
  EXPECT_EQ(shown("a::b::c"), "--dir \"a::b::c\": it has more than one \"::\"");
}

TEST(WasiOptionsTest, AVariableIsTakenAsItIsOrFromHere) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread.
  ASSERT_EQ(::setenv("WAPC_TEST_VARIABLE", "a=b", 1), 0);
  EXPECT_EQ(parse_variable("NAME=a=b"), "NAME=a=b");
  EXPECT_EQ(parse_variable("NAME="), "NAME=");
  EXPECT_EQ(parse_variable("WAPC_TEST_VARIABLE"), "WAPC_TEST_VARIABLE=a=b");
}

TEST(WasiOptionsTest, SaysWhatIsWrongWithAVariable) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a test has one thread.
  ASSERT_EQ(::unsetenv("WAPC_TEST_VARIABLE"), 0);
  EXPECT_EQ(parse_variable("").error().message, "--env \"\": it has no name");
  EXPECT_EQ(parse_variable("=x").error().message, "--env \"=x\": it has no name");
  EXPECT_EQ(parse_variable("WAPC_TEST_VARIABLE").error().message,
            "--env \"WAPC_TEST_VARIABLE\": it is not set here");
}

TEST(WasiOptionsTest, TheLastValueOfAVariableCounts) {
  const auto config =
      wasi_config({.environment = {"A=1", "AB=2", "A=3"}, .directories = {}, .standard_input = {}});

  ASSERT_TRUE(config);
  EXPECT_EQ(config->environment, (std::vector<std::string>{"A=3", "AB=2"}));
}

TEST(WasiOptionsTest, StandardInputIsNothingUnlessItIsGiven) {
  const auto input = [](const char* text) {
    return wasi_config({.environment = {}, .directories = {}, .standard_input = text});
  };

  EXPECT_TRUE(std::holds_alternative<NoInput>(wasi_config({})->standard_input));
  EXPECT_EQ(std::get<HostDescriptor>(input("-")->standard_input).fd, 0);
  EXPECT_EQ(as_text(*std::get<1>(input("")->standard_input)), "");
  EXPECT_EQ(as_text(*std::get<1>(input("@@text")->standard_input)), "@text");
  EXPECT_EQ(input("@").error().message, "--stdin \"@\" names no file");
  EXPECT_EQ(input("@/no/such/file").error().message,
            "cannot read /no/such/file: No such file or directory");
}

}  // namespace
}  // namespace wapc::cli
