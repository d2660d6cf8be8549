// Programs for WASI in several languages, by their own compilers and libraries, on every engine:
// what they print and how they end, to the letter. They all do the same: conformance/guests.

#include <array>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>

#include <gtest/gtest.h>

#include "given_folder.hpp"
#include "language_cases.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wasi/command.hpp"

namespace wapc {
namespace {

/// Programs are told apart by what their language says of a file that they may not read.
struct Language {
  std::string_view name;
  std::string_view refusal;
};

std::ostream& operator<<(std::ostream& out, const Language& language) {
  return out << language.name;
}

constexpr std::array<Language, 6> kLanguages{{
    {"assemblyscript", "up/secret.txt: PERM"},
    {"c", "up/secret.txt: Operation not permitted"},
    {"cpp", "up/secret.txt: Operation not permitted"},
    {"go", "open up/secret.txt: Operation not permitted"},
    {"rust", "up/secret.txt: Operation not permitted (os error 63)"},
    {"zig", "up/secret.txt: PermissionDenied"},
}};

std::string taken(OutputBuffer& output) {
  return std::string{as_text(output.take())};
}

class WasiCommandsTest : public ::testing::TestWithParam<std::tuple<BuiltinEngine, Language>> {};

TEST_P(WasiCommandsTest, DoesWhatItsSourceSays) {
  const auto& [builtin, language] = GetParam();
  const auto guest = "command-" + std::string{language.name};
  const auto missing = conformance::missing_guests(WAPC_GUESTS_DIR);
  if (const auto found = missing.find(guest); found != missing.end()) GTEST_SKIP() << found->second;
  const auto engine = builtin.make().value();
  const auto wasm = conformance::guests_in(WAPC_GUESTS_DIR)(guest).value();
  const auto command = WasiCommand::load(*engine, wasm);
  ASSERT_TRUE(command) << command.error().message();
  const auto folder = conformance::GivenFolder::make().value();
  const auto input = as_bytes("one\ntwo\n");
  const auto output = std::make_shared<OutputBuffer>();
  const auto errors = std::make_shared<OutputBuffer>();

  const auto code = (*command)->run(
      {.wasi = {.arguments = {"command", "given.txt", "up/secret.txt"},
                .environment = {"GREETING=hello"},
                .directories = {{.host_path = folder->path().string(), .guest_path = "/"}},
                .standard_input = std::make_shared<const Bytes>(input.begin(), input.end()),
                .standard_output = output,
                .standard_error = errors}});

  ASSERT_TRUE(code) << code.error().message();
  EXPECT_EQ(*code, 7);
  EXPECT_EQ(taken(*output),
            "arguments: command given.txt up/secret.txt\n"
            "GREETING: hello\n"
            "given.txt: given\n" +
                std::string{language.refusal} +
                "\n"
                "> one\n"
                "> two\n");
  EXPECT_EQ(taken(*errors), "that is all\n");
  EXPECT_TRUE(folder->is_untouched_outside());
}

INSTANTIATE_TEST_SUITE_P(Languages, WasiCommandsTest,
                         ::testing::Combine(::testing::ValuesIn(builtin_engines().begin(),
                                                                builtin_engines().end()),
                                            ::testing::ValuesIn(kLanguages)),
                         [](const auto& test) {
                           return std::string{std::get<0>(test.param).name} + "_" +
                                  std::string{std::get<1>(test.param).name};
                         });

}  // namespace
}  // namespace wapc
