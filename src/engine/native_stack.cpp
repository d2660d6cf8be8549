#include "engine/native_stack.hpp"

#include <cstdint>
#include <limits>

#include <pthread.h>
#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace wapc {

using native_stack_impl::Bounds;
using native_stack_impl::own_bounds;

namespace {

#if defined(__linux__)
Bounds ask() noexcept {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {.asked = true};
  void* low = nullptr;
  std::size_t size = 0;
  const int failed = pthread_attr_getstack(&attributes, &low, &size);
  pthread_attr_destroy(&attributes);
  if (failed != 0) return {.asked = true};
  Bounds bounds{reinterpret_cast<std::uintptr_t>(low), 0, true};
  bounds.high = bounds.low + size;
#if !defined(__GLIBC__)
  // musl reports what the main thread's stack has grown to, not what it may grow to.
  rlimit limit{};
  if (getpid() == gettid() && getrlimit(RLIMIT_STACK, &limit) == 0) {
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > bounds.high) return {.asked = true};
    if (limit.rlim_cur > size) bounds.low = bounds.high - limit.rlim_cur;
  }
#endif
  return bounds;
}
#elif defined(__APPLE__)
Bounds ask() noexcept {
  const auto self = pthread_self();
  const auto high = reinterpret_cast<std::uintptr_t>(pthread_get_stackaddr_np(self));
  return {high - pthread_get_stacksize_np(self), high, true};
}
#else
Bounds ask() noexcept {
  return {.asked = true};
}
#endif

const Bounds& bounds_of_this_thread() noexcept {
  if (!own_bounds.asked) own_bounds = ask();
  return own_bounds;
}

bool within(const Bounds& bounds, std::uintptr_t address) noexcept {
  return address >= bounds.low && address < bounds.high;
}

}  // namespace

constinit thread_local Bounds native_stack_impl::own_bounds;

const void* native_stack_low() noexcept {
  const auto& bounds = bounds_of_this_thread();
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (!within(bounds, frame)) return nullptr;
  return reinterpret_cast<const void*>(bounds.low);  // NOLINT(performance-no-int-to-ptr)
}

std::size_t native_stack_impl::left_below(std::uintptr_t frame) noexcept {
  const auto& bounds = bounds_of_this_thread();
  return within(bounds, frame) ? frame - bounds.low : std::numeric_limits<std::size_t>::max();
}

}  // namespace wapc
