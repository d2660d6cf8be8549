// Takes the place of the C library's functions in the whole program: the linker finds these first,
// and so do shared libraries.

#include "support/memory_use.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <dlfcn.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WAPC_UNDER_A_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define WAPC_UNDER_A_SANITIZER
#endif

namespace wapc {
namespace {

constinit thread_local MemoryUse use;

}  // namespace

MemoryUse memory_use() noexcept {
  return use;
}

bool counts_memory_use() noexcept {
#ifdef WAPC_UNDER_A_SANITIZER
  return false;
#else
  return true;
#endif
}

}  // namespace wapc

#ifndef WAPC_UNDER_A_SANITIZER

namespace {

/// The C library's own. The first call comes before any constructor has run.
template <typename Function>
Function* next(std::atomic<void*>& known, const char* name) noexcept {
  auto* found = known.load(std::memory_order_relaxed);
  if (found == nullptr) {
    found = ::dlsym(RTLD_NEXT, name);
    known.store(found, std::memory_order_relaxed);
  }
  return reinterpret_cast<Function*>(found);
}

constinit std::atomic<void*> next_memcpy;
constinit std::atomic<void*> next_memmove;
constinit std::atomic<void*> next_memset;

}  // namespace

// The names are the C library's.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

// What glibc's own are also called: asking dlsym for them may allocate.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  ++wapc::use.allocations;
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  ++wapc::use.allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) noexcept {
  ++wapc::use.allocations;
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  ++wapc::use.allocations;
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return memalign(alignment, size);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
  *block = memalign(alignment, size);
  return *block != nullptr ? 0 : ENOMEM;
}

void* memcpy(void* to, const void* from, std::size_t size) noexcept {
  wapc::use.copied_bytes += size;
  return next<decltype(memcpy)>(next_memcpy, "memcpy")(to, from, size);
}

void* memmove(void* to, const void* from, std::size_t size) noexcept {
  wapc::use.copied_bytes += size;
  return next<decltype(memmove)>(next_memmove, "memmove")(to, from, size);
}

void* memset(void* to, int byte, std::size_t size) noexcept {
  wapc::use.copied_bytes += size;
  return next<decltype(memset)>(next_memset, "memset")(to, byte, size);
}
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

void* operator new(std::size_t size) {
  ++wapc::use.news;
  if (auto* const block = malloc(size)) return block;
  throw std::bad_alloc{};
}

void operator delete(void* block) noexcept {
  std::free(block);
}

void operator delete(void* block, std::size_t /*size*/) noexcept {
  std::free(block);
}

#endif
