#include "wapc/policy/restricting.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wapc {
namespace {

using namespace std::chrono_literals;

/// A handler that answers with the payload twice, and counts.
struct Doubling final : HostHandler {
  Result<> answer(const HostCall& call, Bytes& reply) override {
    ++calls;
    reply.assign(call.payload.begin(), call.payload.end());
    reply.insert(reply.end(), call.payload.begin(), call.payload.end());
    return {};
  }

  int calls = 0;
};

/// A guest under a policy that calls its host.
class Guest {
 public:
  explicit Guest(const GuestPolicy& policy)
      : handler_{restricting(policy, next_, [this] { return now_; })} {}

  /// What it gets: the answer, or `denied: ` and why.
  std::string call(std::string_view operation, std::string_view payload = "") {
    return call("kv", "cache", operation, payload);
  }

  std::string call(std::string_view binding, std::string_view name_space,
                   std::string_view operation, std::string_view payload = "") {
    const Budget budget;
    Bytes reply;
    const auto answered = handler_->answer({.guest_id = 1,
                                            .binding = binding,
                                            .name_space = name_space,
                                            .operation = operation,
                                            .payload = as_bytes(payload),
                                            .budget = budget,
                                            .number = ++number_},
                                           reply);
    if (answered) return std::string{as_text(reply)};
    return std::string{to_string(answered.error().code())} + ": " + answered.error().message();
  }

  void begin_next_call() { number_ = 0; }

  void wait(std::chrono::nanoseconds time) { now_ += time; }

  [[nodiscard]] int answered() const { return next_->calls; }

 private:
  std::shared_ptr<Doubling> next_ = std::make_shared<Doubling>();
  std::chrono::steady_clock::time_point now_{1000h};
  std::shared_ptr<HostHandler> handler_;
  std::uint64_t number_ = 0;
};

const HostCallNames kGetAndSets{{"kv"}, {"cache"}, {"get", "set*"}};

TEST(RestrictingTest, HandsOnWhatARuleAllows) {
  Guest guest{{.allow = {{.names = kGetAndSets}}}};

  EXPECT_EQ(guest.call("get", "ab"), "abab");
  EXPECT_EQ(guest.call("set_all", "c"), "cc");
}

TEST(RestrictingTest, DeniesTheRestAndSaysWhatToAdd) {
  Guest guest{{.guest = "thumb", .allow = {{.names = kGetAndSets}}}};

  EXPECT_EQ(guest.call("delete"),
            "denied: the policy denies the host call \"kv\" \"cache\" \"delete\": to allow it, add "
            "[[guest.\"thumb\".allow]] with binding = \"kv\", namespace = \"cache\", operation = "
            "\"delete\"");
  EXPECT_EQ(guest.answered(), 0);
}

TEST(RestrictingTest, SaysWhenMoreGuestsWouldBeAllowedIt) {
  Guest guest{{.guest = "thumb*"}};

  EXPECT_TRUE(guest.call("delete").ends_with(
      "operation = \"delete\", which allows it to all guests of that part"));
}

TEST(RestrictingTest, GivesNoAdviceThatCannotBeFollowed) {
  Guest guest{{.guest = "thumb"}};

  for (const auto& name : {std::string(1, '\0'), std::string(201, 'a'), std::string{"a\xff"},
                           std::string{"a\ufffd"}}) {
    EXPECT_TRUE(guest.call(name).ends_with(": no rule allows it")) << guest.call(name);
  }
  EXPECT_NE(guest.call(std::string(200, 'a')).find("to allow it"), std::string::npos);
}

TEST(RestrictingTest, WithoutRulesAllIsDenied) {
  Guest guest{{}};

  EXPECT_TRUE(guest.call("get").starts_with("denied: "));
}

TEST(RestrictingTest, WhatADenialSaysIsPlainAndBounded) {
  Guest guest{{}};
  const auto said = guest.call("\x1b[31m\n", "*\\", "\"\u202e", "");

  EXPECT_NE(said.find(R"("\u001b[31m\u000a" "*\\" "\"\u202e")"), std::string::npos) << said;
  EXPECT_NE(said.find(R"(namespace = "\\*\\\\")"), std::string::npos) << said;
  EXPECT_LT(guest.call(std::string(100'000, '\x1b')).size(), 5'000U);
}

TEST(RestrictingTest, DenyCountsBeforeAllow) {
  Guest guest{{.guest = "g",
               .deny = {{{"kv"}, {"secrets"}, {"*"}}},
               .allow = {{.names = {{"kv"}, {"*"}, {"*"}}}}}};

  EXPECT_EQ(guest.call("kv", "cache", "get", "a"), "aa");
  EXPECT_EQ(guest.call("kv", "secrets", "get", "a"),
            "denied: the policy denies the host call \"kv\" \"secrets\" \"get\": "
            "[[guest.\"g\".deny]] names it");
}

TEST(RestrictingTest, TheFirstRuleThatMatchesCounts) {
  Guest guest{{.allow = {{.names = {{"kv"}, {"cache"}, {"get"}}, .payload_bytes = 0},
                         {.names = {{"kv"}, {"cache"}, {"*"}}}}}};

  EXPECT_EQ(guest.call("set", "a"), "aa");
  EXPECT_TRUE(guest.call("get", "a").starts_with("denied: "));
}

TEST(RestrictingTest, MeasuresPayloads) {
  Guest guest{{.allow = {{.names = kGetAndSets, .payload_bytes = 2}}}};

  EXPECT_EQ(guest.call("get", "ab"), "abab");
  EXPECT_EQ(guest.call("get", "abc"),
            "denied: the policy denies the host call \"kv\" \"cache\" \"get\": its payload has 3 "
            "bytes, and its rule says payload = \"2B\"");
  EXPECT_EQ(guest.answered(), 1);
}

TEST(RestrictingTest, MeasuresAnswers) {
  Guest guest{{.allow = {{.names = kGetAndSets, .answer_bytes = 1024}}}};

  EXPECT_EQ(guest.call("get", std::string(512, 'a')), std::string(1024, 'a'));
  EXPECT_EQ(guest.call("get", std::string(513, 'a')),
            "denied: the policy denies the host call \"kv\" \"cache\" \"get\": its answer has 1026 "
            "bytes, and its rule says answer = \"1KiB\"");
}

TEST(RestrictingTest, CountsCallsInOneCallOfTheGuest) {
  Guest guest{{.allow = {{.names = kGetAndSets, .calls_per_call = 2}}}};

  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_EQ(guest.call("set", "a"), "aa");
  EXPECT_EQ(guest.call("get", "a"),
            "denied: the policy denies the host call \"kv\" \"cache\" \"get\": its rule says "
            "calls_per_call = 2");
  guest.begin_next_call();
  EXPECT_EQ(guest.call("get", "a"), "aa");
}

TEST(RestrictingTest, KnowsTheNextCallByHostCallsThatDoNotCount) {
  Guest guest{{.allow = {{.names = {{"kv"}, {"cache"}, {"get"}}, .calls_per_call = 1},
                         {.names = {{"kv"}, {"cache"}, {"set"}}}}}};

  EXPECT_EQ(guest.call("get", "a"), "aa");
  guest.begin_next_call();
  EXPECT_EQ(guest.call("set", "a"), "aa");
  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_TRUE(guest.call("get", "a").starts_with("denied: "));
}

TEST(RestrictingTest, WhatIsDeniedDoesNotCount) {
  Guest guest{{.allow = {{.names = kGetAndSets, .calls_per_call = 1, .payload_bytes = 1}}}};

  EXPECT_TRUE(guest.call("get", "ab").starts_with("denied: "));
  EXPECT_EQ(guest.call("get", "a"), "aa");
}

TEST(RestrictingTest, CountsCallsInASecond) {
  Guest guest{{.allow = {{.names = kGetAndSets, .calls_per_second = 2}}}};

  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_EQ(guest.call("get", "a"),
            "denied: the policy denies the host call \"kv\" \"cache\" \"get\": its rule says "
            "calls_per_second = 2");
  guest.begin_next_call();
  EXPECT_TRUE(guest.call("get", "a").starts_with("denied: "));
  guest.wait(500ms);
  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_TRUE(guest.call("get", "a").starts_with("denied: "));
}

TEST(RestrictingTest, WhatWasNotUsedIsKeptForASecond) {
  Guest guest{{.allow = {{.names = kGetAndSets, .calls_per_second = 2}}}};

  guest.wait(10min);
  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_TRUE(guest.call("get", "a").starts_with("denied: "));
}

TEST(RestrictingTest, TheGreatestRateIsARate) {
  Guest guest{{.allow = {{.names = kGetAndSets, .calls_per_second = 1'000'000'000}}}};

  EXPECT_EQ(guest.call("get", "a"), "aa");
  EXPECT_EQ(guest.call("get", "a"), "aa");
}

TEST(RestrictingTest, WithoutAHandlerNobodyAnswers) {
  const auto handler = restricting({.allow = {{}}}, nullptr);
  const Budget budget;
  Bytes reply;

  EXPECT_EQ(handler
                ->answer({.guest_id = 1,
                          .binding = "a",
                          .name_space = "b",
                          .operation = "c",
                          .payload = {},
                          .budget = budget},
                         reply)
                .error()
                .code(),
            Errc::unavailable);
}

TEST(RestrictingTest, AnErrorOfTheHandlerIsHandedOn) {
  const auto handler = restricting({.allow = {{.answer_bytes = 0}}}, answering([](const HostCall&) {
                                     return Result<Bytes>{failure(Errc::overloaded, "later")};
                                   }));
  const Budget budget;
  Bytes reply;
  const auto answered = handler->answer({.guest_id = 1,
                                         .binding = "a",
                                         .name_space = "b",
                                         .operation = "c",
                                         .payload = {},
                                         .budget = budget},
                                        reply);

  EXPECT_EQ(answered.error().code(), Errc::overloaded);
  EXPECT_EQ(answered.error().message(), "later");
}

TEST(RestrictingAmongThreadsTest, CountsEachCallOnce) {
  std::atomic<int> answered = 0;
  const auto handler =
      restricting({.allow = {{.calls_per_call = 1000}}}, answering([&](const HostCall&) {
                    ++answered;
                    return Result<Bytes>{Bytes{}};
                  }));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const Budget budget;
        Bytes reply;
        for (int call = 0; call < 500; ++call) {
          static_cast<void>(handler->answer({.guest_id = 1,
                                             .binding = "a",
                                             .name_space = "b",
                                             .operation = "c",
                                             .payload = {},
                                             .budget = budget},
                                            reply));
        }
      });
    }
  }

  EXPECT_EQ(answered, 1000);
}

}  // namespace
}  // namespace wapc
