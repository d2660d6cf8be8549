#include "engine/fork.hpp"

#include <pthread.h>

namespace wapc {
namespace {

void count() noexcept {
  fork_impl::forks_so_far.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

constinit std::atomic<std::uint32_t> fork_impl::forks_so_far{0};

std::uint32_t watch_forks() noexcept {
  // Fails only for want of memory when a program starts; then forks go unnoticed.
  [[maybe_unused]] static const int registered = ::pthread_atfork(nullptr, nullptr, count);
  return forks();
}

}  // namespace wapc
