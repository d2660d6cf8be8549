#include "engine/ticker.hpp"

#include <atomic>
#include <semaphore>

#include <gtest/gtest.h>

namespace wapc {
namespace {

using std::chrono::milliseconds;

TEST(TickerTest, TicksWhileItIsUsed) {
  std::counting_semaphore<> ticks{0};
  Ticker ticker{milliseconds{1}, [&ticks] { ticks.release(); }};

  const Ticker::Use use{ticker};

  for (int i = 0; i < 3; ++i) ticks.acquire();
}

TEST(TickerTest, TicksAgainForALaterUser) {
  std::counting_semaphore<> ticks{0};
  Ticker ticker{milliseconds{1}, [&ticks] { ticks.release(); }};
  {
    const Ticker::Use use{ticker};
    ticks.acquire();
  }
  while (ticks.try_acquire()) {
  }

  const Ticker::Use use{ticker};

  for (int i = 0; i < 3; ++i) ticks.acquire();
}

TEST(TickerTest, NeverTicksWhenNobodyAsks) {
  std::atomic<int> ticks = 0;
  {
    Ticker ticker{milliseconds{1}, [&ticks] { ++ticks; }};
  }
  EXPECT_EQ(ticks, 0);
}

}  // namespace
}  // namespace wapc
