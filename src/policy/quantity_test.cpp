#include "policy/quantity.hpp"

#include <gtest/gtest.h>

namespace wapc {
namespace {

using namespace std::chrono_literals;

TEST(QuantityTest, ReadsSizes) {
  EXPECT_EQ(parse_bytes("0B"), 0U);
  EXPECT_EQ(parse_bytes("100B"), 100U);
  EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("1.5MiB"), 1'572'864U);
  EXPECT_EQ(parse_bytes("0.1KiB"), 102U);
  EXPECT_EQ(parse_bytes("4GiB"), std::uint64_t{1} << 32U);
  EXPECT_EQ(parse_bytes("9007199254740993B"), 9'007'199'254'740'993U);
  EXPECT_EQ(parse_bytes("9223372036854775807B"), 9'223'372'036'854'775'807U);
}

TEST(QuantityTest, ReadsTimes) {
  EXPECT_EQ(parse_time("1ns"), 1ns);
  EXPECT_EQ(parse_time("10us"), 10us);
  EXPECT_EQ(parse_time("500ms"), 500ms);
  EXPECT_EQ(parse_time("1.001s"), 1001ms);
  EXPECT_EQ(parse_time("2m"), 2min);
}

TEST(QuantityTest, SaysWhatIsWrong) {
  EXPECT_EQ(parse_bytes("").error(), "is not a size");
  EXPECT_EQ(parse_bytes("KiB").error(), "is not a size");
  EXPECT_EQ(parse_bytes("-1B").error(), "is not a size");
  EXPECT_EQ(parse_bytes("1.2.3B").error(), "is not a size");
  EXPECT_EQ(parse_bytes("1.B").error(), "is not a size");
  EXPECT_EQ(parse_bytes(".5B").error(), "is not a size");
  EXPECT_EQ(parse_bytes("64").error(), "has no unit; units are B, KiB, MiB and GiB");
  EXPECT_EQ(parse_bytes("64KB").error(), "has an unknown unit; units are B, KiB, MiB and GiB");
  EXPECT_EQ(parse_bytes("64 KiB").error(), "has an unknown unit; units are B, KiB, MiB and GiB");
  EXPECT_EQ(parse_bytes("9223372036854775808B").error(), "is too much");
  EXPECT_EQ(parse_bytes("99999999999999999999999B").error(), "is too much");
  EXPECT_EQ(parse_bytes("8589934592GiB").error(), "is too much");
  EXPECT_EQ(parse_time("0s").error(), "is not more than nothing");
  EXPECT_EQ(parse_time("0.1ns").error(), "is not more than nothing");
  EXPECT_EQ(parse_time("1h").error(), "has an unknown unit; units are ns, us, ms, s and m");
  EXPECT_EQ(parse_time("soon").error(), "is not a time");
}

TEST(QuantityTest, WritesWhatReadsBackTheSame) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1000ULL, 65'536ULL, 1'572'864ULL, 3ULL << 30U,
                                    9'007'199'254'740'993ULL, 9'223'372'036'854'775'807ULL}) {
    EXPECT_EQ(parse_bytes(bytes_text(bytes)), bytes);
  }
  for (const std::chrono::nanoseconds time :
       {1ns, 1500000ns, std::chrono::nanoseconds{2min}, std::chrono::nanoseconds::max()}) {
    EXPECT_EQ(parse_time(time_text(time)), time);
  }
  EXPECT_EQ(bytes_text(65'536), "64KiB");
  EXPECT_EQ(bytes_text(0), "0B");
  EXPECT_EQ(time_text(1500ms), "1500ms");
}

}  // namespace
}  // namespace wapc
