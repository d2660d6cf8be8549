#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

namespace wapc::testing {

/// Runs `use` on a thread with a stack of `bytes`: of our own memory, for the C library may give a
/// thread the larger stack of one that has ended. ThreadSanitizer gives no thread a small one.
inline void on_thread_with_stack(std::size_t bytes, const std::function<void()>& use) {
  struct alignas(4096) Page {
    std::byte bytes[4096];
  };

#ifdef __SANITIZE_THREAD__
  bytes += 800U << 10U;  // Which it takes for itself.
#endif
  std::vector<Page> stack(bytes / sizeof(Page));
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstack(&attributes, stack.data(), bytes), 0);
  pthread_t thread{};
  const auto body = [](void* work) -> void* {
    (**static_cast<const std::function<void()>**>(work))();
    return nullptr;
  };
  const auto* work = &use;
  ASSERT_EQ(pthread_create(&thread, &attributes, body, static_cast<void*>(&work)), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

}  // namespace wapc::testing
