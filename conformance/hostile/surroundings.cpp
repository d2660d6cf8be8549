#include "surroundings.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <pthread.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's.
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace wapc::hostile {
namespace {

std::size_t entries_of(const std::filesystem::path& folder) {
  std::error_code error;
  std::size_t entries = 0;
  std::filesystem::directory_iterator entry{folder, error};
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    ++entries;
  }
  return entries;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::string more(std::string_view what, std::size_t before, std::size_t after, std::size_t slack) {
  if (after <= before + slack) return {};
  return std::string{what} + " before: " + std::to_string(before) +
         ", after: " + std::to_string(after) + "; ";
}

}  // namespace

Resources Resources::in_use() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
  Resources resources;
  resources.descriptors = entries_of("/proc/self/fd");
  resources.threads = entries_of("/proc/self/task");
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::ifstream pages{"/proc/self/statm"};
  pages >> resources.mapped_bytes >> resources.resident_bytes;
  resources.mapped_bytes *= page;
  resources.resident_bytes *= page;
  return resources;
}

std::string leaked(const Resources& before, const Resources& after) {
  // The C library keeps an arena of 64 MiB of address space for each thread that was ever busy, and
  // what it holds in small pieces. wasmtime sets 4 GiB aside for each memory.
  constexpr std::size_t kMapped = 2UL << 30U;
  auto problem = more("descriptors", before.descriptors, after.descriptors, 0) +
                 more("threads", before.threads, after.threads, 0) +
                 more("bytes of address space", before.mapped_bytes, after.mapped_bytes, kMapped);
#ifndef __SANITIZE_ADDRESS__  // It keeps what is freed for a while, and looks for leaks at the end.
  constexpr std::size_t kResident = 128UL << 20U;
  problem += more("bytes of memory", before.resident_bytes, after.resident_bytes, kResident);
#endif
  return problem;
}

GivenTree::GivenTree() {
  auto pattern = (std::filesystem::temp_directory_path() / "wapc_hostile_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary directory"};
  around_ = pattern;
  std::ofstream{around_ / "secret"} << "secret";
  std::filesystem::create_directories(given() / "down");
  std::ofstream{given() / "alive"} << "alive";
  std::filesystem::create_directory_symlink("..", given() / "out");
  std::filesystem::create_directory_symlink("/", given() / "root");
  std::filesystem::create_symlink("self", given() / "self");
}

GivenTree::~GivenTree() {
  std::error_code ignored;
  std::filesystem::remove_all(around_, ignored);
}

bool GivenTree::is_untouched_outside() const {
  return entries_of(around_) == 2 && read(around_ / "secret") == "secret";
}

void on_thread_with_stack(std::size_t bytes, const std::function<void()>& work) {
  pthread_attr_t attributes;
  pthread_t thread{};
  const auto body = [](void* given) -> void* {
    (*static_cast<const std::function<void()>*>(given))();
    return nullptr;
  };
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): it is not changed.
  auto* const given = const_cast<void*>(static_cast<const void*>(&work));
  const bool started = ::pthread_attr_init(&attributes) == 0 &&
                       ::pthread_attr_setstacksize(&attributes, bytes) == 0 &&
                       ::pthread_create(&thread, &attributes, body, given) == 0;
  if (!started) throw std::runtime_error{"no thread with a stack of " + std::to_string(bytes)};
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
}

}  // namespace wapc::hostile
