#include "tenants/room.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/scripted_tenants.hpp"

// Who goes first.

namespace wapc::tenants {
namespace {

using namespace std::chrono_literals;
using testing::answering_with;

constexpr TimePoint at(int milliseconds) {
  return TimePoint{std::chrono::milliseconds{milliseconds}};
}

class TenantsRoomTest : public ::testing::Test {
 protected:
  Entry& open(int opened_at) {
    auto entry = std::make_shared<Entry>(std::to_string(entries_.size()), Tenant{});
    room_.count(*entry, {.code_bytes = 10, .guests_bytes = 1});
    room_.open(*entry, Pool::start(module_).value(), at(opened_at));
    return *entries_.emplace_back(std::move(entry));
  }

  /// The names of those that went, in that order.
  std::string all_that_go(TimePoint before = TimePoint::max()) {
    std::string gone;
    while (room_.close_one_at_rest(before)) {
      for (const auto& entry : entries_) {
        if (entry->counts || !went_.insert(entry->name).second) continue;
        gone += entry->name;
      }
    }
    return gone;
  }

  std::shared_ptr<const GuestModule> module_ = answering_with("x");
  std::vector<std::shared_ptr<Entry>> entries_;
  Room room_{100, 5};
  std::set<std::string> went_;
};

TEST_F(TenantsRoomTest, ClosesFirstWhatWasUsedLongestAgo) {
  open(1).set_used(at(5));
  open(2);
  open(3).set_used(at(4));

  EXPECT_EQ(all_that_go(), "120");
  EXPECT_EQ(room_.bytes(), 0U);
  EXPECT_EQ(room_.loaded(), 0U);
}

TEST_F(TenantsRoomTest, ClosesNothingThatWasUsedSince) {
  open(1).set_used(at(5));
  open(2);
  open(3);

  EXPECT_EQ(all_that_go(at(3)), "1");
}

TEST_F(TenantsRoomTest, PassesOverWhatHasACall) {
  auto& called = open(1);
  open(2);
  {
    const Pin pin{called};
    EXPECT_EQ(all_that_go(), "1");
    EXPECT_NE(called.pool(), nullptr);
  }
  EXPECT_EQ(room_.loaded(), 1U);
  EXPECT_EQ(all_that_go(), "0");
  EXPECT_EQ(called.pool(), nullptr);
}

TEST_F(TenantsRoomTest, FitsAsLongAsBytesAndNumberAllow) {
  for (int i = 0; i < 5; ++i) {
    open(i);
    EXPECT_TRUE(room_.fits());
  }
  room_.count(*entries_[0], {.code_bytes = 56});
  EXPECT_TRUE(room_.fits());
  room_.count(*entries_[0], {.code_bytes = 57});
  EXPECT_FALSE(room_.fits());
  EXPECT_TRUE(room_.close(*entries_[0]));
  EXPECT_FALSE(room_.close(*entries_[0]));
  open(6);
  EXPECT_TRUE(room_.fits());
  open(7);
  EXPECT_FALSE(room_.fits());
  EXPECT_EQ(room_.bytes(), 66U);
}

TEST_F(TenantsRoomTest, CountsNoneWithoutACallWhoseInstanceIsStillAtWork) {
  // The pool's own thread starts another one, and its handlers may call tenants.
  const auto gate = std::make_shared<testing::Gate>();
  const auto starts = std::make_shared<std::atomic<int>>(0);
  module_ = testing::load({.functions = {{"__guest_call", testing::trap}},
                           .start = [=](testing::ScriptedGuest& guest) -> Result<std::uint64_t> {
                             if (++*starts == 1) return 0;
                             if (auto passed = gate->pass(guest.budget()); !passed) {
                               return std::unexpected{passed.error()};
                             }
                             return 0;
                           }});
  auto& entry = open(1);
  EXPECT_FALSE(entry.pool()->invoke(testing::kAny));
  gate->await(1);

  EXPECT_FALSE(room_.close_one_at_rest());

  gate->open();
  testing::wait_until([&] { return entry.pool()->stats().idle == 1; });
  EXPECT_TRUE(room_.close_one_at_rest());
}

}  // namespace
}  // namespace wapc::tenants
