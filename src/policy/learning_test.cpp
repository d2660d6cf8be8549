#include "wapc/policy/learning.hpp"

#include <string>

#include <gtest/gtest.h>

#include "wapc/policy/restricting.hpp"

namespace wapc {
namespace {

/// Answers with as many bytes as the payload says; "no" is denied, "error" is an error.
std::shared_ptr<HostHandler> answerer() {
  return answering([](const HostCall& call) -> Result<Bytes> {
    const auto text = as_text(call.payload);
    if (text == "no") return failure(Errc::denied, "no");
    if (text == "nobody") return failure(Errc::unavailable, "nobody");
    if (text == "error") return failure(Errc::guest_error, "error");
    return Bytes(text.empty() ? 0 : std::stoul(std::string{text}));
  });
}

struct Call {
  std::string operation;
  std::string payload;
  std::uint64_t number;
  std::string name_space = "cache";
};

Errc made(HostHandler& handler, const Call& call) {
  const Budget budget;
  Bytes reply;
  const auto answered = handler.answer({.guest_id = 1,
                                        .binding = "kv",
                                        .name_space = call.name_space,
                                        .operation = call.operation,
                                        .payload = as_bytes(call.payload),
                                        .budget = budget,
                                        .number = call.number},
                                       reply);
  return answered ? Errc{} : answered.error().code();
}

TEST(LearningTest, LearnsNamesSizesAndCounts) {
  const auto learner = learning(answerer());
  for (const auto& call :
       {Call{"get", "0", 1}, Call{"get", "100", 2}, Call{"get", "7", 3}, Call{"set", "", 4},
        Call{"get", "1", 1}, Call{"get", "1", 2}, Call{"a*", "3", 3}}) {
    static_cast<void>(made(*learner, call));
  }

  const auto policy = learner->learnt();

  ASSERT_EQ(policy.allow.size(), 3U);
  EXPECT_EQ(policy.guest, "*");
  EXPECT_EQ(policy.allow[0], (AllowRule{.names = {{"kv"}, {"cache"}, {"a\\*"}},
                                        .calls_per_call = 1,
                                        .payload_bytes = 1,
                                        .answer_bytes = 4}));
  EXPECT_EQ(policy.allow[1], (AllowRule{.names = {{"kv"}, {"cache"}, {"get"}},
                                        .calls_per_call = 5,
                                        .payload_bytes = 4,
                                        .answer_bytes = 128}));
  EXPECT_EQ(policy.allow[2], (AllowRule{.names = {{"kv"}, {"cache"}, {"set"}},
                                        .calls_per_call = 1,
                                        .payload_bytes = 0,
                                        .answer_bytes = 0}));
}

TEST(LearningTest, WhatItLearntAllowsTheSameAgain) {
  const std::vector<Call> calls{{"get", "100", 1},
                                {"set", "2", 2},
                                {"get", "7", 3},
                                {"x\"\\*\n", "", 4},
                                {"get", "error", 5},
                                {"", "1", 6, ""},
                                {std::string(300, '.'), "", 7}};
  const auto learner = learning(answerer());
  for (const auto& call : calls) static_cast<void>(made(*learner, call));

  const auto read = parse_policy(write_policy({{learner->learnt()}}), "learnt");
  ASSERT_TRUE(read) << read.error().message();
  const auto handler = restricting(read->guests.front(), answerer());

  for (const auto& call : calls) EXPECT_NE(made(*handler, call), Errc::denied) << call.operation;
  EXPECT_EQ(made(*handler, {"delete", "", 7}), Errc::denied);
}

TEST(LearningTest, WhatNobodyAnsweredIsNotLearnt) {
  const auto learner = learning(answerer());

  EXPECT_EQ(made(*learner, {"get", "no", 1}), Errc::denied);
  EXPECT_EQ(made(*learner, {"get", "nobody", 2}), Errc::unavailable);
  EXPECT_EQ(made(*learner, {"get", "error", 3}), Errc::guest_error);
  EXPECT_EQ(learner->learnt().allow.size(), 1U);
  EXPECT_EQ(learner->learnt().allow.front().calls_per_call, 1U);
}

TEST(LearningTest, TellsAtMostAThousandCallsApart) {
  const auto learner = learning(answerer());
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(made(*learner, {"op" + std::to_string(i), "", 1}), Errc{});
  }

  EXPECT_EQ(made(*learner, {"one more", "", 2}), Errc::denied);
  EXPECT_EQ(made(*learner, {"op999", "", 3}), Errc{});
  EXPECT_EQ(learner->learnt().allow.size(), 1000U);
  EXPECT_TRUE(parse_policy(write_policy({{learner->learnt()}}), "learnt"));
}

TEST(LearningTest, NamesThatNoPolicyCanHoldAreDenied) {
  const auto learner = learning(answerer());

  EXPECT_EQ(made(*learner, {std::string(4097, 'a'), "", 1}), Errc::denied);
  EXPECT_EQ(made(*learner, {std::string(2049, '*'), "", 2}), Errc::denied);
  EXPECT_EQ(made(*learner, {std::string(1, '\0'), "", 3}), Errc::denied);
  EXPECT_EQ(made(*learner, {"\xff", "", 4}), Errc::denied);
  EXPECT_EQ(made(*learner, {"a\ufffd", "", 5}), Errc::denied);  // As a host sees such names.
  EXPECT_TRUE(learner->learnt().allow.empty());
}

TEST(LearningTest, SaysWhatItLeavesOut) {
  const auto learner = learning(answerer());
  EXPECT_EQ(learner->left_out(), LeftOut{});
  for (const auto& call : {Call{"get", "", 1}, Call{"a\ufffd", "", 2}, Call{"a\ufffd", "", 3},
                           Call{std::string(1, '\0'), "", 4}, Call{std::string(5000, 'a'), "", 5},
                           Call{"no", "", 6}}) {
    static_cast<void>(made(*learner, call));
  }

  const auto left_out = learner->left_out();

  EXPECT_EQ(left_out.calls, 4U);
  EXPECT_EQ(left_out.first,
            (std::vector<std::string>{"\"kv\" \"cache\" \"a\ufffd\": a name is not UTF-8",
                                      "\"kv\" \"cache\" \"\\u0000\": a name has a NUL in it",
                                      "\"kv\" \"cache\" \"" + std::string(200, 'a') +
                                          "\"...: a name has more than 4,096 bytes"}));
}

TEST(LearningTest, WhatItSaysItLeavesOutIsBounded) {
  const auto learner = learning(answerer());
  for (int i = 0; i < 1500; ++i) {
    static_cast<void>(made(*learner, {"op" + std::to_string(i), "", 1}));
  }

  EXPECT_EQ(learner->left_out().calls, 500U);
  EXPECT_EQ(learner->left_out().first.size(), 20U);
}

TEST(LearningTest, RoundsUp) {
  EXPECT_EQ(round_size(0), 0U);
  EXPECT_EQ(round_size(1), 1U);
  EXPECT_EQ(round_size(1000), 1024U);
  EXPECT_EQ(round_size(1024), 1024U);
  EXPECT_EQ(round_size(~0ULL), 0x7FFF'FFFF'FFFF'FFFFU);
  EXPECT_EQ(round_count(0), 0U);
  EXPECT_EQ(round_count(1), 1U);
  EXPECT_EQ(round_count(3), 5U);
  EXPECT_EQ(round_count(11), 20U);
  EXPECT_EQ(round_count(50'001), 100'000U);
}

}  // namespace
}  // namespace wapc
