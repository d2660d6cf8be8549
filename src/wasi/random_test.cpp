#include "wasi/random.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wapc/base/bytes.hpp"

namespace wapc::wasi {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t kMebibyte = 1U << 20U;

Budget cancelled() {
  std::stop_source stop;
  stop.request_stop();
  return {.stop = stop.get_token()};
}

Bytes drawn(RandomSource& source, std::size_t length) {
  Bytes bytes(length);
  EXPECT_TRUE(source.fill(bytes, {}).has_value());
  return bytes;
}

TEST(RandomSourceTest, GivesTheSameBytesNeverTwice) {
  RandomSource source{nullptr};
  RandomSource other{nullptr};
  std::set<Bytes> seen;

  for (int i = 0; i < 500; ++i) {
    EXPECT_TRUE(seen.insert(drawn(source, 24)).second);
    EXPECT_TRUE(seen.insert(drawn(other, 24)).second);
  }
}

TEST(RandomSourceTest, FillsRequestsOfEverySizeToTheLastByte) {
  RandomSource source{nullptr};
  for (const std::size_t length : {1UL, 31UL, 511UL, 512UL, 513UL, 1024UL, 5000UL, kMebibyte + 1}) {
    // A byte that is random each time is not 0 each time, save one in 2^32.
    Bytes all(length);
    for (int i = 0; i < 4; ++i) {
      const auto bytes = drawn(source, length);
      std::ranges::transform(all, bytes, all.begin(), std::bit_or{});
    }
    EXPECT_LE(std::ranges::count(all, std::byte{0}), 2) << length;
  }
}

TEST(RandomSourceTest, LeavesWhatIsAroundAlone) {
  RandomSource source{nullptr};
  std::array<std::byte, 48> bytes{};
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(source.fill(std::span{bytes}.subspan(8, 32), {}).has_value());
  }

  EXPECT_EQ(std::ranges::count(std::span{bytes}.first(8), std::byte{0}), 8);
  EXPECT_EQ(std::ranges::count(std::span{bytes}.last(8), std::byte{0}), 8);
}

TEST(RandomSourceTest, FillsNothing) {
  RandomSource source{nullptr};

  EXPECT_TRUE(source.fill({}, {}).has_value());
}

TEST(RandomSourceTest, AsksTheProgramsOwnFunctionInPieces) {
  std::vector<std::size_t> asked;
  const std::function own{[&](std::span<std::byte> bytes) {
    asked.push_back(bytes.size());
    std::ranges::fill(bytes, std::byte{7});
  }};
  RandomSource source{&own};

  const auto bytes = drawn(source, 2 * kMebibyte + 5);
  (void)drawn(source, 3);
  (void)drawn(source, 0);

  EXPECT_THAT(asked, ElementsAre(kMebibyte, kMebibyte, 5, 3));
  EXPECT_EQ(std::ranges::count(bytes, std::byte{7}), std::ssize(bytes));
}

TEST(RandomSourceTest, PassesOnWhatTheProgramsOwnFunctionThrows) {
  const std::function own{[](std::span<std::byte>) { throw std::runtime_error{"empty"}; }};
  RandomSource source{&own};
  Bytes bytes(3);

  EXPECT_THROW((void)source.fill(bytes, {}), std::runtime_error);
}

TEST(RandomSourceTest, EndsALargeRequestWhenTheBudgetIsSpent) {
  RandomSource source{nullptr};
  Bytes bytes(2 * kMebibyte);

  const auto outcome = source.fill(bytes, cancelled());

  ASSERT_FALSE(outcome.has_value());
  const auto told = Failure{outcome.error()}.to_guest();
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace wapc::wasi
