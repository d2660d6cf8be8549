#include "wapc/protocol/conversation.hpp"

#include <array>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.hpp"
#include "support/recording_log.hpp"
#include "support/scripted_engine.hpp"

namespace wapc {
namespace {

using ::testing::ElementsAre;
using testing::RecordingLog;
using testing::Script;
using testing::ScriptedEngine;
using testing::ScriptedGuest;

constexpr std::uint64_t kMinusOne = 0xffff'ffff;

/// Plays one call of a guest whose `__guest_call` is `script`.
Result<Bytes> converse(Script script, const Invocation& invocation,
                       ConversationOptions options = {}) {
  Conversation conversation{std::move(options)};
  WAPC_TRY(const auto module, ScriptedEngine{std::move(script)}.compile({}));
  WAPC_TRY(const auto linked, module->link(std::array{Conversation::imports()}));
  WAPC_TRY(const auto guest, linked->instantiate(std::array<HostState*, 1>{&conversation}, {}, {}));
  conversation.begin(invocation);
  const std::array<std::uint64_t, 2> lengths{invocation.operation.size(),
                                             invocation.payload.size()};
  Bytes response;
  WAPC_CHECK(
      conversation.finish(guest->call(ExportIndex{0}, lengths, invocation.budget), response));
  return response;
}

/// Calls the host with names that are all `text`, at 0, and answers what `__host_call` returned.
Result<std::uint64_t> call_host(ScriptedGuest& guest, std::string_view text = "x") {
  const auto length = guest.put(0, text);
  return guest.host("__host_call", {0, length, 0, length, 0, length, 0, length});
}

Result<std::uint64_t> respond(ScriptedGuest& guest, std::string_view text) {
  WAPC_CHECK(guest.host("__guest_response", {900, guest.put(900, text)}));
  return 1;
}

TEST(ConversationTest, HandsTheRequestToTheGuestAndItsAnswerBack) {
  const auto echo = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    WAPC_CHECK(guest.host("__guest_request", {0, 100}));
    EXPECT_EQ(as_text(guest.memory().first(4)), "echo");
    WAPC_CHECK(guest.host("__guest_response", {100, guest.argument(1)}));
    return 1;
  };

  const auto answer = converse(echo, {.operation = "echo", .payload = as_bytes("hello")});

  ASSERT_TRUE(answer.has_value()) << answer.error().message();
  EXPECT_EQ(as_text(*answer), "hello");
}

TEST(ConversationTest, CountsHostCallsInEachCall) {
  std::vector<std::uint64_t> numbers;
  ConversationOptions options;
  options.handler = answering([&](const HostCall& call) {
    numbers.push_back(call.number);
    return Result<Bytes>{Bytes{}};
  });
  Conversation conversation{std::move(options)};
  const auto twice = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    WAPC_CHECK(call_host(guest));
    return call_host(guest);
  };
  const auto module = ScriptedEngine{twice}.compile({}).value();
  const auto linked = module->link(std::array{Conversation::imports()}).value();
  const auto guest = linked->instantiate(std::array<HostState*, 1>{&conversation}, {}, {}).value();
  for (int i = 0; i < 2; ++i) {
    conversation.begin({});
    static_cast<void>(guest->call(ExportIndex{0}, std::array<std::uint64_t, 2>{}, {}));
  }

  EXPECT_THAT(numbers, ElementsAre(1, 2, 1, 2));
}

TEST(ConversationTest, WritesNothingWhenOneOfTwoPointersIsOutsideTheMemory) {
  for (const auto& [operation, payload] : {std::pair{0U, 65536U}, std::pair{65536U, 0U}}) {
    const auto wild = [operation, payload](ScriptedGuest& guest) -> Result<std::uint64_t> {
      auto written = guest.host("__guest_request", {operation, payload});
      EXPECT_EQ(guest.memory()[0], std::byte{0});
      return written;
    };

    const auto answer = converse(wild, {.operation = "any", .payload = as_bytes("x")});

    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), Errc::protocol_violation);
  }
}

TEST(ConversationTest, SaysWhichFunctionGotAPointerOutsideTheMemory) {
  const auto wild = [](ScriptedGuest& guest) {
    return guest.host("__guest_response", {16, kMinusOne});
  };

  const auto answer = converse(wild, {.operation = "any", .payload = {}});

  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().message(),
            "__guest_response: 4294967295 bytes at 16 are outside the guest's memory of 65536 "
            "bytes");
}

TEST(ConversationTest, ShowsTheHandlerAllThatItMayAskFor) {
  const int context = 0;
  const Invocation invocation{.operation = "op", .payload = {}, .context = &context};
  const auto handler = answering([&](const HostCall& call) -> Result<Bytes> {
    EXPECT_EQ(call.guest_id, 7U);
    EXPECT_EQ(call.binding, "b");
    EXPECT_EQ(call.name_space, "ns");
    EXPECT_EQ(call.operation, "oper");
    EXPECT_EQ(as_text(call.payload), "bytes");
    EXPECT_EQ(call.invocation->context, &context);
    return Bytes(3);
  });
  const auto calls = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    guest.put(0, "bnsoperbytes");
    EXPECT_EQ(guest.host("__host_call", {0, 1, 1, 2, 3, 4, 7, 5}).value(), 1U);
    EXPECT_EQ(guest.host("__host_response_len", {}).value(), 3U);
    return respond(guest, "done");
  };

  const auto answer = converse(calls, invocation, {.guest_id = 7, .handler = handler});

  EXPECT_TRUE(answer.has_value());
}

TEST(ConversationTest, ReplacesWhatIsNotUtf8InNames) {
  std::string seen;
  const auto handler = answering([&](const HostCall& call) -> Result<Bytes> {
    seen = call.operation;
    return Bytes{};
  });
  const auto calls = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    WAPC_CHECK(call_host(guest, "a\xFFz"));
    return respond(guest, "");
  };

  EXPECT_TRUE(converse(calls, {.operation = "any", .payload = {}}, {.handler = handler}));
  EXPECT_EQ(seen, "a\uFFFDz");
}

TEST(ConversationTest, EndsTheCallWhenANameIsLongerThan64KiB) {
  const auto calls = [](ScriptedGuest& guest) {
    return guest.host("__host_call", {0, 65536, 0, 0, 0, 0, 0, 0});
  };
  const auto too_long = [](ScriptedGuest& guest) {
    guest.grow();
    return guest.host("__host_call", {0, 65537, 0, 0, 0, 0, 0, 0});
  };

  const auto fine = converse(calls, {.operation = "any"});
  const auto refused = converse(too_long, {.operation = "any"});

  EXPECT_EQ(fine.error().code(), Errc::protocol_violation);  // It gave no answer, but was heard.
  EXPECT_EQ(refused.error().code(), Errc::limit_exceeded);
}

TEST(ConversationTest, TellsTheGuestTheTextOfAHandlersError) {
  const auto handler = answering(
      [](const HostCall&) -> Result<Bytes> { return failure(Errc::denied, "not for you"); });
  const auto calls = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    EXPECT_EQ(call_host(guest).value(), 0U);
    EXPECT_EQ(guest.host("__host_response_len", {}).value(), 0U);
    EXPECT_EQ(guest.host("__host_error_len", {}).value(), 11U);
    WAPC_CHECK(guest.host("__host_error", {100}));
    EXPECT_EQ(as_text(guest.memory().subspan(100, 11)), "not for you");
    return respond(guest, "");
  };

  EXPECT_TRUE(converse(calls, {.operation = "any", .payload = {}}, {.handler = handler}));
}

TEST(ConversationTest, FencesAHandlerThatThrowsAndReportsIt) {
  const auto log = std::make_shared<RecordingLog>();
  const auto handler = answering([](const HostCall& call) -> Result<Bytes> {
    if (call.operation == "text") throw std::runtime_error{"no luck"};
    throw 5;
  });
  const auto calls = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    EXPECT_EQ(call_host(guest, "text").value(), 0U);
    EXPECT_EQ(guest.host("__host_error_len", {}).value(), 7U);
    EXPECT_EQ(call_host(guest, "number").value(), 0U);
    return respond(guest, "");
  };

  EXPECT_TRUE(converse(calls, {.operation = "any", .payload = {}},
                       {.handler = handler, .log = std::make_shared<GuestLog>(log, 0)}));
  EXPECT_THAT(log->lines,
              ElementsAre("host: the host handler threw: no luck", "host: the host handler threw"));
}

TEST(ConversationTest, DropsAnAnswerThatComesAfterTheCallWasCancelled) {
  std::stop_source source;
  const auto handler = answering([&](const HostCall&) -> Result<Bytes> {
    source.request_stop();
    return Bytes{};
  });
  const auto calls = [](ScriptedGuest& guest) { return call_host(guest); };
  const Invocation invocation{
      .operation = "any", .payload = {}, .budget = {.stop = source.get_token()}};

  const auto answer = converse(calls, invocation, {.handler = handler});

  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Errc::cancelled);
}

TEST(ConversationTest, LogsTheConsoleAndSurvivesASinkThatThrows) {
  const auto log = std::make_shared<RecordingLog>();
  const auto says = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    WAPC_CHECK(guest.host("__console_log", {0, guest.put(0, "a\xFF")}));
    return respond(guest, "");
  };

  EXPECT_TRUE(converse(says, {.operation = "any", .payload = {}},
                       {.log = std::make_shared<GuestLog>(log, 0)}));
  EXPECT_TRUE(converse(
      says, {.operation = "any", .payload = {}},
      {.log = std::make_shared<GuestLog>(logging_to([](const LogEntry&) { throw 5; }), 0)}));
  EXPECT_THAT(log->lines, ElementsAre("console: a\uFFFD"));
}

TEST(ConversationTest, PutsTheGuestsOwnWordsBeforeTheTrapThatFollowed) {
  const auto traps = [](ScriptedGuest& guest) -> Result<std::uint64_t> {
    WAPC_CHECK(guest.host("__guest_error", {0, guest.put(0, "index out of range")}));
    return failure(Errc::trapped, "unreachable executed");
  };

  const auto answer = converse(traps, {.operation = "any", .payload = {}});

  EXPECT_EQ(answer.error().code(), Errc::trapped);
  EXPECT_EQ(answer.error().message(), "index out of range: unreachable executed");
}

TEST(ConversationTest, EndsTheCallOfAGuestThatAborts) {
  const auto aborts = [](ScriptedGuest& guest) {
    guest.put(0, std::string_view{"\x04\0\0\0h\0i\0\x02\0\0\0f\0", 14});
    return guest.host("abort", {4, 12, 3, 5});
  };

  const auto answer = converse(aborts, {.operation = "any", .payload = {}});

  EXPECT_EQ(answer.error().code(), Errc::trapped);
  EXPECT_EQ(answer.error().message(), "the guest aborted: hi (f:3:5)");
}

TEST(ConversationTest, ForgetsAllSlotsBetweenCalls) {
  Conversation conversation{
      {.handler = answering([](const HostCall&) -> Result<Bytes> { return Bytes(5); })}};
  int round = 0;
  const ScriptedEngine engine{Script{[&](ScriptedGuest& guest) -> Result<std::uint64_t> {
    EXPECT_EQ(guest.host("__host_response_len", {}).value(), 0U);
    EXPECT_EQ(guest.host("__host_error_len", {}).value(), 0U);
    if (++round == 2) return 1;
    WAPC_CHECK(call_host(guest));
    return respond(guest, "first");
  }}};
  const auto linked = engine.compile({}).value()->link(std::array{Conversation::imports()}).value();
  const auto guest = linked->instantiate(std::array<HostState*, 1>{&conversation}, {}, {}).value();
  const std::array<std::uint64_t, 2> lengths{};
  Bytes response;
  conversation.begin({.operation = "", .payload = {}});
  ASSERT_TRUE(conversation.finish(guest->call(ExportIndex{0}, lengths, {}), response));

  conversation.begin({.operation = "", .payload = {}});
  const auto second = conversation.finish(guest->call(ExportIndex{0}, lengths, {}), response);

  EXPECT_EQ(second.error().code(), Errc::protocol_violation);
  EXPECT_EQ(second.error().message(), "the guest gave neither response nor error");
}

}  // namespace
}  // namespace wapc
