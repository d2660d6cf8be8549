#include <fstream>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wapc/policy/policy.hpp"

namespace wapc {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kWhole = R"(# All that there is.
[guest."thumbnailer*"]
on_denial = "end_call"

[[guest."thumbnailer*".deny]]
binding = "kv"
namespace = "secrets"

[[guest."thumbnailer*".allow]]
binding = ["kv", "kv2"]
namespace = "cache"
operation = ["get", "set*"]
calls_per_call = 100
calls_per_second = 50
payload = "64KiB"
answer = "1MiB"

[guest."thumbnailer*".limits]
deadline = "500ms"
start_deadline = "1s"
memory = "64MiB"
table_elements = 1000
memories = 1
tables = 2
fuel = 1_000_000
response = "1MiB"
error = "1KiB"
host_calls = 1000
payload = "128KiB"
name = "100B"
log = "0B"
log_lines = 0
nesting = 3

[guest."thumbnailer*".module]
load_deadline = "1m"
size = "10MiB"
function_size = "1MiB"
functions = 1
globals = 2
imports = 3
exports = 4
data_segments = 5
element_segments = 6
locals = 7
nesting = 8

[guest."thumbnailer*".wasi]
arguments = ["--fast", ""]
env = {QUALITY = "80", EMPTY = ""}
descriptors = 10
written = "1GiB"
entries_created = 0
time_slept = "5s"

[[guest."thumbnailer*".wasi.directory]]
host = "/srv/photos"
guest = "/photos"

[[guest."thumbnailer*".wasi.directory]]
host = "/tmp/out"
access = "read_write"

[guest.hello]
)";

TEST(ParsePolicyTest, ReadsAllThatThereIs) {
  const auto policy = parse_policy(kWhole, "policy.toml");

  ASSERT_TRUE(policy) << policy.error().message();
  ASSERT_EQ(policy->guests.size(), 2U);
  const auto& guest = policy->guests[0];
  EXPECT_EQ(guest.guest, "thumbnailer*");
  EXPECT_EQ(guest.on_denial, OnDenial::end_call);
  EXPECT_EQ(guest.deny, (std::vector<HostCallNames>{{{"kv"}, {"secrets"}, {"*"}}}));
  EXPECT_EQ(guest.allow,
            (std::vector<AllowRule>{{.names = {{"kv", "kv2"}, {"cache"}, {"get", "set*"}},
                                     .calls_per_call = 100,
                                     .calls_per_second = 50,
                                     .payload_bytes = 65'536,
                                     .answer_bytes = 1'048'576}}));
  EXPECT_EQ(guest.limits, (PolicyLimits{.memory_bytes = 64U << 20U,
                                        .table_elements = 1000,
                                        .memories = 1,
                                        .tables = 2,
                                        .fuel = 1'000'000,
                                        .call_timeout = 500ms,
                                        .start_timeout = 1s,
                                        .response_bytes = 1U << 20U,
                                        .error_bytes = 1024,
                                        .host_call_bytes = 128U << 10U,
                                        .name_bytes = 100,
                                        .host_calls = 1000,
                                        .log_bytes = 0,
                                        .log_lines = 0,
                                        .nesting_max = 3}));
  EXPECT_EQ(guest.module, (PolicyModuleLimits{.load_timeout = 1min,
                                              .bytes = 10U << 20U,
                                              .function_bytes = 1U << 20U,
                                              .functions = 1,
                                              .globals = 2,
                                              .imports = 3,
                                              .exports = 4,
                                              .data_segments = 5,
                                              .element_segments = 6,
                                              .locals = 7,
                                              .nesting = 8}));
  EXPECT_EQ(guest.wasi,
            (PolicyWasi{.arguments = {"--fast", ""},
                        .environment = {{"QUALITY", "80"}, {"EMPTY", ""}},
                        .directories = {{"/srv/photos", "/photos", DirectoryAccess::read_only},
                                        {"/tmp/out", "/tmp/out", DirectoryAccess::read_write}},
                        .descriptors = 10,
                        .bytes_written = 1U << 30U,
                        .entries_created = 0,
                        .time_slept = 5s}));
  EXPECT_EQ(policy->guests[1], GuestPolicy{.guest = "hello"});
}

TEST(ParsePolicyTest, ReadsAPolicyForNobody) {
  EXPECT_EQ(parse_policy("", "empty"), Policy{});
  EXPECT_EQ(parse_policy("# nothing\n", "empty"), Policy{});
}

TEST(ParsePolicyTest, NamesThatAreNoUtf8CanBeDenied) {
  EXPECT_TRUE(parse_policy("[[guest.a.deny]]\nbinding = '*'\noperation = \"*\\ufffd*\"\n", "p"));
}

TEST(ParsePolicyTest, EmptyListsOfRulesSayThatThereAreNone) {
  const auto policy =
      parse_policy("[guest.a]\nallow = []\ndeny = []\n[guest.a.wasi]\ndirectory = []\n", "p");

  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_EQ(policy->guests[0], GuestPolicy{.guest = "a"});
}

TEST(ParsePolicyTest, KeepsTheOrderOfGuests) {
  const auto policy = parse_policy("[guest.c]\n[guest.a]\n[[guest.b.allow]]\nbinding='x'\n", "p");

  ASSERT_TRUE(policy) << policy.error().message();
  ASSERT_EQ(policy->guests.size(), 3U);
  EXPECT_EQ(policy->guests[0].guest, "c");
  EXPECT_EQ(policy->guests[1].guest, "a");
  EXPECT_EQ(policy->guests[2].guest, "b");
}

TEST(ParsePolicyTest, ARuleWithoutNamespaceAndOperationIsForAll) {
  const auto policy = parse_policy("[[guest.a.allow]]\nbinding = ''\n", "p");

  ASSERT_TRUE(policy) << policy.error().message();
  EXPECT_EQ(policy->guests[0].allow[0].names, (HostCallNames{{""}, {"*"}, {"*"}}));
}

struct Wrong {
  const char* text;
  const char* fault;  // The first.
};

class WrongPolicy : public testing::TestWithParam<Wrong> {};

TEST_P(WrongPolicy, IsRefusedAndExplained) {
  const auto policy = parse_policy(GetParam().text, "p");

  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().code(), Errc::invalid_options);
  EXPECT_EQ(policy.error().message().substr(0, policy.error().message().find('\n')),
            GetParam().fault);
  EXPECT_FALSE(faults_in_policy(GetParam().text).empty());
}

INSTANTIATE_TEST_SUITE_P(
    Keys, WrongPolicy,
    testing::Values(
        Wrong{"[guest.a]\n[[guest.a.allow]]\n  bindng = \"kv\"",
              "p:2:1: this rule has no \"binding\"; \"*\" is any"},
        Wrong{"[[guest.a.allow]]\nbinding='a'\n  oprations = \"kv\"",
              "p:3:3: unknown key \"oprations\"; did you mean \"operation\"?"},
        Wrong{"[guests.a]", "p:1:2: unknown key \"guests\"; did you mean \"guest\"?"},
        Wrong{"version = 1", "p:1:1: unknown key \"version\"; there is guest"},
        Wrong{"[guest.a]\non_denail = \"error\"",
              "p:2:1: unknown key \"on_denail\"; did you mean \"on_denial\"?"},
        Wrong{"[guest.a.limits]\nstack = 1",
              "p:2:1: unknown key \"stack\"; there is deadline, start_deadline, memory, "
              "table_elements, memories, tables, fuel, response, error, host_calls, payload, name, "
              "log, log_lines and nesting"},
        Wrong{"[guest.a.module]\nfunction = 1",
              "p:2:1: unknown key \"function\"; did you mean \"function_size\"?"},
        Wrong{"[guest.a.wasi]\ndirectories = []",
              "p:2:1: unknown key \"directories\"; did you mean \"directory\"?"},
        Wrong{"[[guest.a.wasi.directory]]\nhost='a'\nacess='read_only'",
              "p:3:1: unknown key \"acess\"; did you mean \"access\"?"},
        Wrong{"\"\\u001b[31m\" = 1", "p:1:1: unknown key \"\\u001b[31m\"; there is guest"}));

INSTANTIATE_TEST_SUITE_P(
    Types, WrongPolicy,
    testing::Values(
        Wrong{"guest = 1", "p:1:9: \"guest\" must be a table, and is a whole number"},
        Wrong{"guest.a = 1", "p:1:7: guest \"a\" must be a table"},
        Wrong{"[[guest.a]]\n", "p:1:9: guest \"a\" must be a table"},
        Wrong{"[guest.a]\non_denial = true",
              "p:2:13: \"on_denial\" must be a text, and is true or false"},
        Wrong{"[guest.a]\non_denial = \"end\"",
              "p:2:13: \"on_denial\" cannot be \"end\"; did you mean \"end_call\"?"},
        Wrong{
            "[guest.a.allow]\nbinding = \"a\"",
            "p:1:1: \"allow\" must be a list of tables, each begun by a line with [[...]], and is "
            "a table"},
        Wrong{"[guest.a]\nallow = [1]",
              "p:2:10: \"allow\" must be a list of tables, and is a whole number"},
        Wrong{"[[guest.a.allow]]\nbinding = 1",
              "p:2:11: \"binding\" must be a text, or a list of them, and is a whole number"},
        Wrong{"[[guest.a.allow]]\nbinding = ['a', 1.5]",
              "p:2:17: \"binding\" must be a text, and is a number with a fraction"},
        Wrong{"[[guest.a.allow]]\nbinding = []", "p:2:11: \"binding\" is an empty list"},
        Wrong{"[[guest.a.allow]]\nbinding = \"a\\u0000\"", "p:2:11: \"binding\" has a NUL in it"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\noperation = ['b', 'c\ufffd']",
              "p:3:13: \"operation\" has U+FFFD, which is seen where a name is not UTF-8: a rule "
              "that allows it allows many names"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\npayload = 100",
              "p:3:11: \"payload\" must be a text such as \"64KiB\", and is a whole number"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\ncalls_per_call = '1'",
              "p:3:18: \"calls_per_call\" must be a whole number, and is a text"},
        Wrong{
            "[guest.a.limits]\ndeadline = 2000-01-01",
            "p:2:12: \"deadline\" must be a text such as \"500ms\", and is a date or time of day"},
        Wrong{"[guest.a]\nlimits = []", "p:2:10: \"limits\" must be a table, and is a list"},
        Wrong{"[guest.a]\nwasi = 'all'", "p:2:8: \"wasi\" must be a table, and is a text"},
        Wrong{"[guest.a.wasi]\nenv = ['A=1']", "p:2:7: \"env\" must be a table, and is a list"},
        Wrong{"[guest.a.wasi]\nenv = {A = 1}",
              "p:2:12: \"A\" must be a text, and is a whole number"}));

INSTANTIATE_TEST_SUITE_P(
    Values, WrongPolicy,
    testing::Values(
        Wrong{"[guest.\"\"]", "p:1:8: \"\" is no name of a guest; \"*\" is any"},
        Wrong{"[guest.\"\\u0000\"]", "p:1:8: \"\\u0000\" is no name of a guest; \"*\" is any"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\npayload = '64'",
              "p:3:11: \"payload\": \"64\" has no unit; units are B, KiB, MiB and GiB"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\npayload = '64KB'",
              "p:3:11: \"payload\": \"64KB\" has an unknown unit; units are B, KiB, MiB and GiB"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\ncalls_per_call = 0",
              "p:3:18: \"calls_per_call\" must be from 1 to 9223372036854775807"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\ncalls_per_second = -1",
              "p:3:20: \"calls_per_second\" must be from 1 to 1000000000"},
        Wrong{"[[guest.a.allow]]\nbinding = 'a'\ncalls_per_second = 1000000001",
              "p:3:20: \"calls_per_second\" must be from 1 to 1000000000"},
        Wrong{"[guest.a.module]\nlocals = 4294967296",
              "p:2:10: \"locals\" must be from 0 to 4294967295"},
        Wrong{"[guest.a.limits]\ndeadline = '0s'",
              "p:2:12: \"deadline\": \"0s\" is not more than nothing"},
        Wrong{"[guest.a.limits]\nmemory = '9999999999GiB'",
              "p:2:10: \"memory\": \"9999999999GiB\" is too much"},
        Wrong{"[guest.a.wasi.env]\n\"A=B\" = 'c'", "p:2:1: \"A=B\" is no name of a variable"},
        Wrong{"[guest.a.wasi.env]\n\"\" = 'c'", "p:2:1: \"\" is no name of a variable"},
        Wrong{"[[guest.a.wasi.directory]]\nguest='/a'", "p:1:1: this directory has no \"host\""},
        Wrong{"[[guest.a.wasi.directory]]\nhost=''", "p:2:6: \"host\" is empty"},
        Wrong{"[[guest.a.wasi.directory]]\nhost='a'\nguest=''", "p:3:7: \"guest\" is empty"},
        Wrong{"[[guest.a.wasi.directory]]\nhost='a'\naccess='rw'",
              "p:3:8: \"access\" cannot be \"rw\"; there is read_only and read_write"},
        Wrong{"[[guest.a.wasi.directory]]\nhost='a'\n[[guest.a.wasi.directory]]\nhost='b'\n"
              "guest='a'",
              "p:3:1: the guest calls another directory \"a\" already"}));

INSTANTIATE_TEST_SUITE_P(
    Contradictions, WrongPolicy,
    testing::Values(
        Wrong{"[guest.\"*\"]\n[guest.a]\n[guest.\"**\"]",
              "p:3:8: guest \"**\" names the same as the one in line 1"},
        Wrong{"[[guest.a.allow]]\nbinding='*'\n[[guest.a.allow]]\nbinding='kv'",
              "p:3:1: this rule never counts: the one in line 1 comes first and names all that it "
              "does"},
        Wrong{"[[guest.a.allow]]\nbinding='kv'\n[[guest.a.deny]]\nbinding='k*'",
              "p:1:1: this rule allows nothing: the one in line 3 denies all that it names"},
        Wrong{"[[guest.a.allow]]\nbinding='kv'\npayload='2KiB'\n[guest.a.limits]\npayload='1KiB'",
              "p:1:1: \"payload\" is more than \"payload\" in the guest's limits"},
        Wrong{"[[guest.a.allow]]\nbinding='kv'\ncalls_per_call=3\n[guest.a.limits]\nhost_calls=2",
              "p:1:1: \"calls_per_call\" is more than \"host_calls\" in the guest's limits"}));

TEST(ParsePolicyTest, WhatIsNoTomlIsRefusedWithItsPlace) {
  for (const std::string_view text : {"[guest.a]\n[guest.a]\n",
                                      "[guest.a]\nx = \n",
                                      "[guest.a\n",
                                      "\"",
                                      "[guest.a]\nx = 1\nx = 2\n",
                                      "\n\xff\n",
                                      "\n\xc3\x28",
                                      "[guest.a]\nx = '\x01'",
                                      "\xef\xbb",
                                      "[guest.\"\\uD800\"]",
                                      "[[=]]",
                                      "[=",
                                      "[[,",
                                      "[\x7f]",
                                      "[guest.]",
                                      "[.a]",
                                      "x",
                                      "x =",
                                      "= 1",
                                      "[a] b",
                                      "x = 1e999999",
                                      "x = 99999999999999999999",
                                      "x = 2000-99-99",
                                      "x = {",
                                      "x = {a = 1",
                                      "x = [",
                                      "x = \"\\x\""}) {
    const auto policy = parse_policy(text, "p");
    ASSERT_FALSE(policy) << text;
    EXPECT_TRUE(policy.error().message().starts_with("p:")) << policy.error().message();
  }
}

TEST(ParsePolicyTest, HiddenCharactersAreRefused) {
  EXPECT_EQ(faults_in_policy("\n[guest.a\u202e]").at(0).message,
            "a hidden character; write it as \"\\u202e\"");
  EXPECT_EQ(faults_in_policy("\n[guest.a\u202e]").at(0).line, 2U);
  EXPECT_EQ(faults_in_policy("\n[guest.a\u202e]").at(0).column, 9U);
  EXPECT_EQ(faults_in_policy("# a\xff").at(0).message, "this is not UTF-8");
  EXPECT_TRUE(faults_in_policy("\ufeff# A mark of the byte order is let pass.\r\n\t\n").empty());
}

TEST(ParsePolicyTest, WhatShowsNothingIsRefused) {
  for (const std::string hidden :
       {"\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180e", "\u200b", "\u200c",
        "\u200d", "\u2064", "\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\U0001d173",
        "\U000e0041"}) {
    const auto faults = faults_in_policy("[[guest.a.allow]]\nbinding = \"k" + hidden + "v\"");
    ASSERT_EQ(faults.size(), 1U) << hidden;
    EXPECT_TRUE(faults[0].message.starts_with("a hidden character; write it as \"\\"));
    EXPECT_EQ(faults[0].line, 2U);
  }
}

TEST(ParsePolicyTest, TellsAllFaultsInTheOrderOfTheText) {
  const auto faults = faults_in_policy("[guest.a]\nx = 1\n[guest.a.limits]\nmemory = 1\n[what]\n");

  ASSERT_EQ(faults.size(), 3U);
  EXPECT_EQ(faults[0].line, 2U);
  EXPECT_EQ(faults[1].line, 4U);
  EXPECT_EQ(faults[2].line, 5U);
}

TEST(ParsePolicyTest, TellsAtMostAHundredFaults) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "key" + std::to_string(i) + " = 1\n";

  EXPECT_EQ(faults_in_policy(text).size(), 100U);
}

TEST(ParsePolicyTest, WhatFaultsSayIsPlain) {
  for (const std::string_view text :
       {"\"\\u001b\\u202e\\n\" = 1", "[guest.a]\non_denial = \"\\u001b\\n\"", "a = \x1b",
        "a = \u202e", "[guest.a.limits]\nmemory = \"\\u001b\""}) {
    for (const auto& fault : faults_in_policy(text)) {
      for (const char c : fault.message) {
        EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << fault.message;
      }
      EXPECT_EQ(fault.message.find("\u202e"), std::string::npos);
    }
  }
}

TEST(ParsePolicyTest, HostileTextsAreRefused) {
  std::string many_parts = "a";
  for (int i = 0; i < 300'000; ++i) many_parts += ".a";
  const std::string nested(100'000, '[');
  std::string tables = "x = ";
  for (int i = 0; i < 1'000; ++i) tables += "{a = ";
  std::string guests;
  for (int i = 0; i <= 1'000; ++i) guests += "[guest.g" + std::to_string(i) + "]\n";
  std::string rules;
  for (int i = 0; i <= 1'000; ++i) {
    rules += "[[guest.a.allow]]\nbinding = 'b" + std::to_string(i) + "'\n";
  }
  std::string names = "[[guest.a.allow]]\nbinding = [";
  for (int i = 0; i <= 10'000; ++i) names += "'" + std::to_string(i) + "',";

  std::string directories;
  for (int i = 0; i <= 1'000; ++i) {
    directories += "[[guest.a.wasi.directory]]\nhost = '" + std::to_string(i) + "'\n";
  }

  for (const auto& text : {many_parts + " = 1", "[" + many_parts + "]", "x = " + nested, tables,
                           guests, rules, names + "]", directories,
                           "[guest." + std::string(4097, 'a') + "]", std::string(2U << 20U, '#'),
                           "[[guest.a.allow]]\nbinding = '" + std::string(4097, 'a') + "'"}) {
    EXPECT_FALSE(parse_policy(text, "p"));
  }
}

class PolicyFileTest : public testing::Test {
 protected:
  PolicyFileTest() : folder_{testing::TempDir() + "wapc_policy_XXXXXX"} {
    EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
  }

  ~PolicyFileTest() override { std::system(("rm -rf " + folder_).c_str()); }

  std::string write(const std::string& text) {
    std::ofstream{path("policy.toml")} << text;
    return path("policy.toml");
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  static std::string refusal(const std::string& path) {
    const auto policy = read_policy(path);
    if (policy) return "none";
    EXPECT_EQ(policy.error().code(), Errc::invalid_options);
    return policy.error().message();
  }

  std::string folder_;
};

TEST_F(PolicyFileTest, AFileIsRead) {
  const auto policy = read_policy(write("[guest.a]\n"));

  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->guests.size(), 1U);
}

TEST_F(PolicyFileTest, FaultsNameTheFile) {
  const auto path = write("[guest.a]\nx = 1\n");

  EXPECT_TRUE(refusal(path).starts_with(path + ":2:1: unknown key \"x\"")) << refusal(path);
}

TEST_F(PolicyFileTest, WhatIsNoFileIsRefused) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);

  EXPECT_EQ(refusal(path("none")), "cannot read " + path("none") + ": No such file or directory");
  EXPECT_EQ(refusal(folder_), "cannot read " + folder_ + ": Is a directory");
  EXPECT_EQ(refusal(path("fifo")), "cannot read " + path("fifo") + ": it is not a regular file");
  EXPECT_EQ(refusal("/dev/zero"), "cannot read /dev/zero: it is not a regular file");
  EXPECT_NE(refusal(path(std::string("a\0b", 3))), "none");
  EXPECT_NE(refusal(""), "none");
}

TEST_F(PolicyFileTest, AFileThatIsTooLargeIsRefused) {
  const auto path = write(std::string((1U << 20U) + 1, '#'));

  EXPECT_EQ(refusal(path), "cannot read " + path + ": it is larger than 1 MiB");
  EXPECT_EQ(refusal(write(std::string(1U << 20U, '#'))), "none");
}

}  // namespace
}  // namespace wapc
