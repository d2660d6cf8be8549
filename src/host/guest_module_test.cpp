#include "wapc/host/guest_module.hpp"

#include <gtest/gtest.h>

#include "support/scripted_engine.hpp"

namespace wapc {
namespace {

using testing::ScriptedEngine;
using testing::ScriptedExport;
using testing::ScriptedGuest;
using testing::ScriptedModule;

Result<std::uint64_t> nothing(ScriptedGuest& /*guest*/) {
  return 0;
}

/// Why `module` is refused.
std::string refusal(ScriptedModule module) {
  const auto guest = GuestModule::load(ScriptedEngine{std::move(module)}, {});
  if (guest) return "it is not";
  EXPECT_EQ(guest.error().code(), Errc::invalid_module);
  return guest.error().message();
}

const ScriptedExport kGuestCall{"__guest_call", nothing};

TEST(GuestModuleTest, RefusesAModuleWithoutGuestCall) {
  EXPECT_EQ(refusal({.functions = {{"other", nothing}}}),
            "not a waPC guest: no function is exported as __guest_call");
}

TEST(GuestModuleTest, RefusesAGuestCallOfAnotherType) {
  EXPECT_EQ(refusal({.functions = {{"__guest_call", nothing, {{ValueType::i32}, {}}}}}),
            "__guest_call is of type (i32) -> (), not (i32, i32) -> i32");
  EXPECT_EQ(refusal({.functions = {}, .memory = "__guest_call"}),
            "the export __guest_call is a memory, not a function");
}

TEST(GuestModuleTest, RefusesAGuestWithoutMemory) {
  EXPECT_EQ(refusal({.functions = {kGuestCall}, .memory = ""}),
            "not a waPC guest: no memory is exported");
}

TEST(GuestModuleTest, RefusesAStartFunctionOfAnotherType) {
  for (const auto* const name : {"_start", "_initialize", "wapc_init"}) {
    EXPECT_EQ(refusal({.functions = {kGuestCall, {name, nothing, {{}, {ValueType::i64}}}}}),
              std::string{name} + " is of type () -> i64, not () -> ()");
  }
}

TEST(GuestModuleTest, SaysThatAGuestIsOfAnOlderProtocol) {
  for (const std::size_t parameters : {4U, 6U}) {
    const FunctionType type{std::vector(parameters, ValueType::i32), {ValueType::i32}};
    EXPECT_EQ(refusal({.functions = {kGuestCall},
                       .imports = {{"wapc", "__host_call", ExternKind::function, type}}}),
              "an older waPC protocol: __host_call takes " + std::to_string(parameters) +
                  " parameters, where it has taken 8 since 2020; build the guest with a current "
                  "SDK");
  }
}

TEST(GuestModuleTest, OffersWasiOnlyToAGuestThatImportsIt) {
  const FunctionType type{{ValueType::i32}, {}};
  const ScriptedModule pure{.functions = {kGuestCall}};
  const ScriptedModule wasi{
      .functions = {kGuestCall},
      .imports = {{"wasi_unstable", "proc_exit", ExternKind::function, type}}};

  EXPECT_FALSE(GuestModule::load(ScriptedEngine{pure}, {}).value()->uses_wasi());
  EXPECT_TRUE(GuestModule::load(ScriptedEngine{wasi}, {}).value()->uses_wasi());
}

TEST(GuestModuleTest, SaysWhatItsCodeAndItsInstancesTake) {
  const ScriptedModule module{.functions = {kGuestCall}, .code_bytes = 1234, .instance_bytes = 567};
  const auto guest = GuestModule::load(ScriptedEngine{module}, {}).value();

  EXPECT_EQ(guest->code_bytes(), 1234U);
  EXPECT_EQ(guest->instance_bytes(), 567U);
}

}  // namespace
}  // namespace wapc
