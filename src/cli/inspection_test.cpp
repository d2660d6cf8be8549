#include "cli/inspection.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/payload.hpp"

namespace wapc::cli {
namespace {

// (module (memory (export "memory") 1) (func (export "__guest_call") (param i32 i32) (result i32)
//   i32.const 1))
constexpr auto kSilentGuest =
    "0061736d 01000000 01 07 01 60 02 7f 7f 01 7f 03 02 01 00 05 03 01 00 01"
    "07 19 02 06 6d656d6f7279 02 00 0c 5f5f67756573745f63616c6c 00 00 0a 06 01 04 00 41 01 0b";

TEST(InspectionTest, DescribesAGuest) {
  const auto found = inspect("a.wasm", *from_hex(kSilentGuest), EngineCheck::by_reading);

  ASSERT_TRUE(found) << found.error().message();
  EXPECT_FALSE(found->why_no_guest);
  EXPECT_TRUE(found->features.empty());
  EXPECT_EQ(found->protocol, "none shows: nothing is imported from wapc");
  for (const auto& verdict : found->engines) EXPECT_FALSE(verdict.why_not) << verdict.engine;
}

TEST(InspectionTest, SaysWhyAModuleIsNoGuest) {
  const auto found = inspect("a.wasm", *from_hex("0061736d 01000000"), EngineCheck::by_reading);

  ASSERT_TRUE(found);
  ASSERT_TRUE(found->why_no_guest);
  EXPECT_EQ(found->why_no_guest->message(),
            "not a waPC guest: no function is exported as __guest_call");
  EXPECT_TRUE(found->engines.empty());
}

TEST(InspectionTest, FailsOnWhatIsNoModule) {
  const auto found = inspect("a.wasm", as_bytes("hello"), EngineCheck::by_reading);

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Errc::invalid_module);
}

TEST(InspectionTest, ShowsNoTextOfTheModuleRaw) {
  Inspection inspection;
  inspection.file = "a\x1b.wasm";
  const std::string evil = "\x1b[31m\n";
  inspection.module.imports.push_back({evil, evil, ExternKind::function, {}});
  inspection.module.exports.push_back({evil, ExternKind::global, {}});
  inspection.module.sections.push_back({evil, 0, 1});
  inspection.traits.push_back(evil);
  inspection.start_functions.push_back(evil);
  inspection.engines.push_back({"engine", Error{Errc::invalid_module, evil}, {}});

  EXPECT_EQ(describe(inspection).find('\x1b'), std::string::npos);
  EXPECT_NO_THROW(static_cast<void>(to_json(inspection).dump()));
}

}  // namespace
}  // namespace wapc::cli
