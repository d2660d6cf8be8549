#include "wapc/engine/host_function.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace wapc {
namespace {

class NoCaller final : public Caller {
 public:
  GuestMemory memory() override { return {}; }

  const Budget& budget() const override { return budget_; }

 private:
  Budget budget_;
};

class Numbers final : public HostState {
 public:
  Result<std::int64_t> subtract(Caller& /*caller*/, std::int32_t a, std::uint64_t b) {
    return a - static_cast<std::int64_t>(b);
  }

  Result<std::int32_t> minus_one(Caller& /*caller*/) { return -1; }

  Result<> throw_text(Caller& /*caller*/) { throw std::runtime_error{"no such number"}; }

  Result<> throw_anything(Caller& /*caller*/) { throw 5; }

  Result<> throw_memory(Caller& /*caller*/) { throw std::bad_alloc{}; }
};

template <auto Method>
Result<std::uint64_t> call(std::span<const std::uint64_t> arguments = {}) {
  Numbers numbers;
  NoCaller caller;
  return offer<Method>("numbers", "function").body(numbers, caller, arguments);
}

TEST(OfferTest, KnowsTheTypeOfTheMethod) {
  const auto function = offer<&Numbers::subtract>("numbers", "subtract");

  EXPECT_EQ(to_string(function.signature), "(i32, i64) -> i64");
}

TEST(OfferTest, PassesAndReturnsWholeNumbersAsTheirBits) {
  const std::array<std::uint64_t, 2> arguments{0xFFFF'FFFF, 7};

  EXPECT_EQ(call<&Numbers::subtract>(arguments).value(), static_cast<std::uint64_t>(-8));
  EXPECT_EQ(call<&Numbers::minus_one>().value(), 0xFFFF'FFFFU);
}

TEST(OfferTest, TurnsWhatTheMethodThrowsIntoAnError) {
  EXPECT_EQ(call<&Numbers::throw_text>().error().message(), "no such number");
  EXPECT_EQ(call<&Numbers::throw_anything>().error().code(), Errc::internal);
  EXPECT_EQ(call<&Numbers::throw_memory>().error().code(), Errc::limit_exceeded);
}

}  // namespace
}  // namespace wapc
