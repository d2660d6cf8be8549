#include "engine/fork.hpp"

#include <atomic>

#include <pthread.h>

namespace wapc {
namespace {

constinit std::atomic<std::uint32_t> forks_so_far{0};

void count() noexcept {
  forks_so_far.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

std::uint32_t forks() noexcept {
  // Fails only for want of memory when a program starts; then forks go unnoticed.
  [[maybe_unused]] static const int registered = ::pthread_atfork(nullptr, nullptr, count);
  return forks_so_far.load(std::memory_order_relaxed);
}

}  // namespace wapc
