#include "engine/native_stack.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

namespace wapc {
namespace {

// What `Use` finds on a thread with a stack of `bytes`: of our own memory, for the C library may
// give a thread the larger stack of one that has ended.
template <auto Use>
auto on_thread_with_stack(std::size_t bytes) {
  struct alignas(4096) Page {
    std::array<std::byte, 4096> bytes;
  };

  std::vector<Page> stack(bytes / sizeof(Page));
  decltype(Use()) found{};
  pthread_attr_t attributes;
  EXPECT_EQ(pthread_attr_init(&attributes), 0);
  EXPECT_EQ(pthread_attr_setstack(&attributes, stack.data(), bytes), 0);
  pthread_t thread{};
  const auto run = [](void* result) -> void* {
    *static_cast<decltype(Use())*>(result) = Use();
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, &attributes, run, &found), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
  return found;
}

TEST(NativeStackTest, IsNearlyTheWholeStackAtTheStartOfAThread) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer gives no thread a stack as small";
#endif
  constexpr std::size_t kStack = 256U << 10U;

  const auto left = on_thread_with_stack<native_stack_left>(kStack);

  EXPECT_LE(left, kStack);
  EXPECT_GE(left, kStack - (64U << 10U));  // What the C library keeps there, and a sanitizer.
}

TEST(NativeStackTest, IsKnownOnTheMainThread) {
  EXPECT_NE(native_stack_low(), nullptr);
  EXPECT_LT(native_stack_left(), std::numeric_limits<std::size_t>::max());
}

[[gnu::noinline]] std::size_t left_further_down() {
  volatile char room[4096];
  room[0] = 0;
  const auto left = native_stack_left();
  room[1] = room[0];
  return left;
}

TEST(NativeStackTest, IsLessFurtherDown) {
  EXPECT_LT(left_further_down(), native_stack_left());
}

}  // namespace
}  // namespace wapc
