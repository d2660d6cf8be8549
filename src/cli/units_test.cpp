#include "cli/units.hpp"

#include <gtest/gtest.h>

namespace wapc::cli {
namespace {

using std::chrono::nanoseconds;

TEST(UnitsTest, ReadsEveryUnitOfTime) {
  EXPECT_EQ(parse_duration("-d", "7ns"), nanoseconds{7});
  EXPECT_EQ(parse_duration("-d", "7us"), nanoseconds{7'000});
  EXPECT_EQ(parse_duration("-d", "500ms"), nanoseconds{500'000'000});
  EXPECT_EQ(parse_duration("-d", "1.5s"), nanoseconds{1'500'000'000});
  EXPECT_EQ(parse_duration("-d", "2m"), nanoseconds{120'000'000'000});
}

TEST(UnitsTest, ReadsEveryUnitOfSize) {
  EXPECT_EQ(parse_size("-m", "100B"), 100U);
  EXPECT_EQ(parse_size("-m", "64KiB"), 65536U);
  EXPECT_EQ(parse_size("-m", "1.5MiB"), 1572864U);
  EXPECT_EQ(parse_size("-m", "4GiB"), std::uint64_t{4} << 30U);
}

class BadDuration : public testing::TestWithParam<const char*> {};

TEST_P(BadDuration, IsRefusedWithAHint) {
  const auto parsed = parse_duration("--deadline", GetParam());

  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().exit, ExitCode::usage);
  EXPECT_EQ(parsed.error().hint, "write it as --deadline 500ms");
}

INSTANTIATE_TEST_SUITE_P(, BadDuration,
                         testing::Values("", "5", "ms", "5 ms", "5h", "5MS", "-5s", "+5s", "1e3s",
                                         "inf", "nan", "0s", "0.1ns", "1.2.3s", ".s",
                                         "99999999999999999999m", "5s ", " 5s", "0x5s"));

TEST(UnitsTest, CountsAreWholeNumbersWithinTheirBounds) {
  EXPECT_EQ(parse_count("-n", "1", 10), 1U);
  EXPECT_EQ(parse_count("-n", "10", 10), 10U);
  for (const auto* const text : {"", "0", "11", "-1", "1.5", "ten", "1 ", "99999999999999999999"}) {
    EXPECT_FALSE(parse_count("-n", text, 10)) << text;
  }
}

TEST(UnitsTest, DescribesTimesAndSizes) {
  EXPECT_EQ(describe(nanoseconds{75}), "75 ns");
  EXPECT_EQ(describe(nanoseconds{1'204}), "1.20 us");
  EXPECT_EQ(describe(nanoseconds{12'345'678}), "12.3 ms");
  EXPECT_EQ(describe(nanoseconds{3'500'000'000}), "3.50 s");
  EXPECT_EQ(describe_size(1), "1 byte");
  EXPECT_EQ(describe_size(65536), "64 KiB");
  EXPECT_EQ(describe_size(1572864), "1.50 MiB");
}

}  // namespace
}  // namespace wapc::cli
