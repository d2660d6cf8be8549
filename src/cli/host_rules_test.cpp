#include "cli/host_rules.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace wapc::cli {
namespace {

/// What the rules say to a host call with the payload `payload`.
std::string asked(std::vector<std::string> texts, std::string_view binding,
                  std::string_view name_space, std::string_view operation) {
  std::vector<HostRule> rules;
  for (const auto& text : texts) rules.push_back(HostRule::parse(text).value());
  const Budget budget;
  Bytes reply;
  const auto answered = answering_by(std::move(rules))
                            ->answer({.guest_id = 1,
                                      .binding = binding,
                                      .name_space = name_space,
                                      .operation = operation,
                                      .payload = as_bytes("payload"),
                                      .budget = budget},
                                     reply);
  return answered ? std::string{as_text(reply)} : "error: " + answered.error().message();
}

TEST(HostRulesTest, AnswersAsTheRuleSays) {
  EXPECT_EQ(asked({"a/b/c=echo"}, "a", "b", "c"), "payload");
  EXPECT_EQ(asked({"a/b/c=text:x=y:z/*"}, "a", "b", "c"), "x=y:z/*");
  EXPECT_EQ(asked({"a/b/c=text:"}, "a", "b", "c"), "");
  EXPECT_EQ(asked({"a/b/c=error:no"}, "a", "b", "c"), "error: no");
  EXPECT_EQ(asked({"a/b/c=error:"}, "a", "b", "c"), "error: ");
}

TEST(HostRulesTest, TakesTheFirstRuleThatMatches) {
  EXPECT_EQ(asked({"a/b/x=text:1", "a/*/c=text:2", "*/*/*=text:3"}, "a", "b", "c"), "2");
}

TEST(HostRulesTest, TellsTheGuestHowACallWouldBeAnswered) {
  EXPECT_EQ(asked({"a/b/x=echo"}, "a", "b", "c/d"),
            "error: no --host rule answers the host call \"a\"/\"b\"/\"c/d\"; add one, such as "
            "--host 'a/b/c\\/d=text:ANSWER'");
}

TEST(HostRulesTest, WhatItTellsCanBeCopiedIntoAShell) {
  EXPECT_EQ(
      asked({}, "it's", "$(b)", "c d"),
      "error: no --host rule answers the host call \"it's\"/\"$(b)\"/\"c d\"; add one, such as "
      "--host 'it'\\''s/$(b)/c d=text:ANSWER'");
}

TEST(HostRulesTest, TellsNothingThatCannotBeTyped) {
  for (const auto& name : {std::string(1, '\0'), std::string{"\x1b"}, std::string{"\u200b"},
                           std::string{"\ufffd"}, std::string(201, 'a')}) {
    const auto said = asked({}, "a", name, "c");
    EXPECT_TRUE(said.starts_with("error: no --host rule answers the host call \"a\"/\"")) << said;
    EXPECT_EQ(said.find("--host '"), std::string::npos) << said;
  }
}

TEST(HostRulesTest, EmptyNamesCanBeNamed) {
  EXPECT_EQ(asked({"//=echo"}, "", "", ""), "payload");
}

struct Malformed {
  const char* rule;
  const char* why;
};

class MalformedRule : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedRule, IsRefusedAndExplained) {
  const auto rule = HostRule::parse(GetParam().rule);

  ASSERT_FALSE(rule);
  EXPECT_EQ(rule.error().exit, ExitCode::usage);
  EXPECT_TRUE(rule.error().message.ends_with(GetParam().why)) << rule.error().message;
  EXPECT_NE(rule.error().hint.find("echo, text:TEXT, error:TEXT or file:PATH"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    , MalformedRule,
    testing::Values(Malformed{"", "it has no \"=\" before an answer"},
                    Malformed{"a/b/c", "it has no \"=\" before an answer"},
                    Malformed{"a/b/c\\=echo", "it has no \"=\" before an answer"},
                    Malformed{"a=echo",
                              "it names 1 part before the \"=\", where a host call has "
                              "three: binding, namespace and operation"},
                    Malformed{"a/b/c/d=echo",
                              "it names 4 parts before the \"=\", where a host call "
                              "has three: binding, namespace and operation"},
                    Malformed{"a/b/c=", "it has no answer after the \"=\""},
                    Malformed{"a/b/c=hello", "\"hello\" is no answer"},
                    Malformed{"a/b/c=txt:x", "is no answer; did you mean \"text\"?"},
                    Malformed{"a/b/c=ECHO", "\"ECHO\" is no answer"},
                    Malformed{"a/b/c=echo:x", "\"echo\" takes nothing after it"},
                    Malformed{"a/b/c=text", "\"text\" needs a colon and what comes after it"},
                    Malformed{"a/b/c=file:", "\"file:\" names no file"}));

TEST(HostRulesTest, AFileThatCannotBeReadIsAProblemOfFiles) {
  EXPECT_EQ(HostRule::parse("a/b/c=file:/no/such/file").error().exit, ExitCode::file);
}

}  // namespace
}  // namespace wapc::cli
