#include "cli/payload.hpp"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wapc::cli {
namespace {

std::string text(const Outcome<Bytes>& bytes) {
  return bytes ? std::string{as_text(*bytes)} : "error: " + bytes.error().message;
}

TEST(PayloadTest, NoneIsNoBytesInEveryForm) {
  for (const auto form : {Form::raw, Form::hex, Form::msgpack}) {
    EXPECT_EQ(text(read_payload(std::nullopt, form)), "");
  }
}

TEST(PayloadTest, TextIsTakenAsItIs) {
  EXPECT_EQ(text(read_payload("a\xff", Form::raw)), "a\xff");
  EXPECT_EQ(text(read_payload("@@a", Form::raw)), "@a");
  EXPECT_EQ(text(read_payload("@@", Form::raw)), "@");
}

TEST(PayloadTest, AFileThatIsNotThereIsNamed) {
  const auto payload = read_payload("@/no/such/file", Form::raw);

  ASSERT_FALSE(payload);
  EXPECT_EQ(payload.error().exit, ExitCode::file);
  EXPECT_EQ(payload.error().message, "cannot read /no/such/file: No such file or directory");
}

TEST(PayloadTest, ReadsHexBothWays) {
  EXPECT_EQ(text(from_hex("68 65\n6C6c 6f")), "hello");
  EXPECT_EQ(text(from_hex("")), "");
  EXPECT_EQ(to_hex(as_bytes("\x01\xab")), "01ab");
}

TEST(PayloadTest, SaysWhereHexIsWrong) {
  EXPECT_EQ(text(from_hex("12x4")), "error: the payload is not hex: \"x\" at position 2");
  EXPECT_EQ(text(from_hex("1x")), "error: the payload is not hex: \"x\" at position 1");
  EXPECT_EQ(text(from_hex("123")), "error: the payload is not hex: half a byte at the end");
  EXPECT_EQ(text(from_hex("1 2")), "error: the payload is not hex: \" \" at position 1");
}

TEST(PayloadTest, WritesBase64WithPadding) {
  EXPECT_EQ(to_base64(as_bytes("")), "");
  EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(to_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(to_base64(as_bytes("foo")), "Zm9v");
  EXPECT_EQ(to_base64(as_bytes("foob")), "Zm9vYg==");
  EXPECT_EQ(to_base64(as_bytes("\xff\xfe\xfd")), "//79");
}

TEST(PayloadTest, TurnsJsonIntoMessagePackAndBack) {
  const auto packed = json_to_msgpack(R"({"a":[1,-2,2.5,"x",null,true]})");

  ASSERT_TRUE(packed);
  EXPECT_EQ(to_hex(*packed), "81a1619601feca40200000a178c0c3");
  EXPECT_EQ(msgpack_to_json(*packed)->dump(), R"({"a":[1,-2,2.5,"x",null,true]})");
}

TEST(PayloadTest, RefusesWhatIsNoJson) {
  for (const auto* const wrong : {"", "{", "hello", "{} {}", "1e999", "\"\xff\""}) {
    const auto packed = json_to_msgpack(wrong);
    ASSERT_FALSE(packed) << wrong;
    EXPECT_EQ(packed.error().exit, ExitCode::usage);
    EXPECT_TRUE(packed.error().message.starts_with("the payload is not JSON: ")) << wrong;
  }
}

TEST(PayloadTest, RefusesAnAnswerThatIsNoMessagePack) {
  // Nothing, half a string, a byte that means nothing, two values, a key that is no text, more
  // elements than there is memory.
  for (const auto* const wrong : {"", "a568", "c1", "0102", "810102", "ddffffffff", "dfffffffff"}) {
    const auto value = msgpack_to_json(*from_hex(wrong));
    ASSERT_FALSE(value) << wrong;
    EXPECT_EQ(value.error().exit, ExitCode::bad_answer);
  }
}

TEST(PayloadTest, DoesNotFollowNestingToTheEndOfItsStack) {
  const Bytes arrays(10'000'000, std::byte{0x91});

  EXPECT_EQ(msgpack_to_json(arrays).error().message,
            "the answer is not MessagePack: it is nested more than 500 levels deep");
  EXPECT_EQ(json_to_msgpack(std::string(10'000'000, '[')).error().message,
            "the payload is not JSON: it is nested more than 500 levels deep");
}

}  // namespace
}  // namespace wapc::cli
