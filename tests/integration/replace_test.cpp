// Replacing a module again and again keeps memory flat: the old guest is freed every time.

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "wapc/providers/builtin.hpp"
#include "wapc/wapc.hpp"

namespace wapc {
namespace {

// A guest with a page of memory whose every call answers with nothing, as `wat2wasm` makes it of
//   (module
//     (import "wapc" "__guest_response" (func (param i32 i32)))
//     (memory (export "memory") 1)
//     (func (export "__guest_call") (param i32 i32) (result i32)
//       (call 0 (i32.const 0) (i32.const 0)) (i32.const 1)))
constexpr unsigned char kGuest[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0c, 0x02, 0x60, 0x02, 0x7f, 0x7f,
    0x00, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f, 0x02, 0x19, 0x01, 0x04, 0x77, 0x61, 0x70, 0x63,
    0x10, 0x5f, 0x5f, 0x67, 0x75, 0x65, 0x73, 0x74, 0x5f, 0x72, 0x65, 0x73, 0x70, 0x6f, 0x6e,
    0x73, 0x65, 0x00, 0x00, 0x03, 0x02, 0x01, 0x01, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x19,
    0x02, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x0c, 0x5f, 0x5f, 0x67, 0x75,
    0x65, 0x73, 0x74, 0x5f, 0x63, 0x61, 0x6c, 0x6c, 0x00, 0x01, 0x0a, 0x0c, 0x01, 0x0a, 0x00,
    0x41, 0x00, 0x41, 0x00, 0x10, 0x00, 0x41, 0x01, 0x0b};

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

class ReplaceTest : public ::testing::TestWithParam<BuiltinEngine> {};

TEST_P(ReplaceTest, LeavesMemoryFlat) {
  constexpr int kWarmUp = 1'000;
  constexpr int kReplacements = 10'000;
  constexpr std::size_t kGrowthMax = 4U << 20U;  // Less than a byte of 500 lost in each.
  const auto engine = GetParam().make().value();
  const auto module = GuestModule::load(*engine, std::as_bytes(std::span{kGuest})).value();
  const auto host = Host::start(module).value();
  const auto replace = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(host->replace_module(module));
      ASSERT_TRUE(host->invoke({.operation = "any"}));
    }
  };
  replace(kWarmUp);
  const auto before = resident_bytes();

  replace(kReplacements);

  const auto after = resident_bytes();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps what is freed: the figure means nothing";
#endif
  EXPECT_LT(after, before + kGrowthMax);
}

INSTANTIATE_TEST_SUITE_P(Engines, ReplaceTest, ::testing::ValuesIn(builtin_engines()),
                         [](const auto& engine) { return std::string{engine.param.name}; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ReplaceTest);

}  // namespace
}  // namespace wapc
