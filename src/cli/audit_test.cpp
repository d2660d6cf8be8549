#include "cli/audit.hpp"

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wapc::cli {
namespace {

TEST(AuditTest, ALineTellsWhatHappened) {
  const auto line = audit_line({.kind = EventKind::host_call,
                                .guest_id = 7,
                                .binding = "kv",
                                .name_space = "cache",
                                .operation = "get",
                                .payload_bytes = 3,
                                .answer_bytes = 4,
                                .duration = std::chrono::nanoseconds{5}},
                               "hello.wasm");
  auto read = nlohmann::json::parse(line);
  read.erase("time");

  EXPECT_EQ(read, (nlohmann::json{{"event", "host_call"},
                                  {"guest", "hello.wasm"},
                                  {"guest_id", 7},
                                  {"binding", "kv"},
                                  {"namespace", "cache"},
                                  {"operation", "get"},
                                  {"payload_bytes", 3},
                                  {"answer_bytes", 4},
                                  {"duration_ns", 5}}));
}

TEST(AuditTest, AFailureTellsWhy) {
  const auto read = nlohmann::json::parse(audit_line({.kind = EventKind::call_failed,
                                                      .guest_id = 1,
                                                      .operation = "work",
                                                      .failure = Errc::trapped,
                                                      .message = "unreachable"},
                                                     "g"));

  EXPECT_EQ(read.at("failure"), "trapped");
  EXPECT_EQ(read.at("message"), "unreachable");
  EXPECT_EQ(read.at("operation"), "work");
  EXPECT_FALSE(read.contains("binding"));
}

TEST(AuditTest, WhateverAGuestSaysALineIsOneLineOfAscii) {
  const std::string hostile =
      "\x1b[2J\r\n{\"event\":\"loaded\"}\n\x7f\u009b\u202e\u2028\ufeff\xff\xc3\"\\ \u00e4";
  for (const auto kind : {EventKind::loaded, EventKind::started, EventKind::replaced,
                          EventKind::host_call, EventKind::denied, EventKind::call_failed,
                          EventKind::tenant_loaded, EventKind::tenant_dropped}) {
    const auto line = audit_line({.kind = kind,
                                  .binding = hostile,
                                  .name_space = hostile,
                                  .operation = hostile,
                                  .tenant = hostile,
                                  .failure = Errc::denied,
                                  .message = hostile},
                                 hostile);

    EXPECT_EQ(line.find('\n'), line.size() - 1);
    for (const char c : line.substr(0, line.size() - 1)) {
      EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
    }
    EXPECT_EQ(nlohmann::json::parse(line).at("event"), to_string(kind));
  }
}

}  // namespace
}  // namespace wapc::cli
