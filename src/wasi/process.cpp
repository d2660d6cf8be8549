// What a guest is told of itself, and how it ends.

#include <algorithm>
#include <string>
#include <thread>

#include "base/try.hpp"
#include "wasi/state.hpp"

namespace wapc::wasi {
namespace {

constexpr std::size_t kPointerBytes = 4;

/// Copies the strings to `bytes`, and a pointer to each to `pointers`.
Outcome<> get(GuestMemory memory, const StringList& strings, std::uint32_t pointers,
              std::uint32_t bytes) {
  const auto table = slice(memory, pointers, strings.starts.size() * kPointerBytes);
  if (!table || !slice(memory, bytes, strings.bytes.size())) return failing(Errno::fault);
  for (std::size_t i = 0; i < strings.starts.size(); ++i) {
    store(*table, i * kPointerBytes, bytes + strings.starts[i]);
  }
  // It fits: that was looked at.
  (void)write(memory, bytes, as_bytes(strings.bytes));
  return {};
}

Outcome<> get_sizes(GuestMemory memory, const StringList& strings, std::uint32_t count,
                    std::uint32_t size) {
  const auto count_bytes = slice(memory, count, 4);
  const auto size_bytes = slice(memory, size, 4);
  if (!count_bytes || !size_bytes) return failing(Errno::fault);
  store(*count_bytes, 0, static_cast<std::uint32_t>(strings.starts.size()));
  store(*size_bytes, 0, static_cast<std::uint32_t>(strings.bytes.size()));
  return {};
}

}  // namespace

Outcome<> State::args_get(Caller& caller, Number pointers, Number bytes) {
  return get(caller.memory(), grants_->arguments, pointers, bytes);
}

Outcome<> State::args_sizes_get(Caller& caller, Number count, Number size) {
  return get_sizes(caller.memory(), grants_->arguments, count, size);
}

Outcome<> State::environ_get(Caller& caller, Number pointers, Number bytes) {
  return get(caller.memory(), grants_->environment, pointers, bytes);
}

Outcome<> State::environ_sizes_get(Caller& caller, Number count, Number size) {
  return get_sizes(caller.memory(), grants_->environment, count, size);
}

Outcome<> State::random_get(Caller& caller, Number pointer, Number length) {
  WAPC_TRY(const auto bytes, at(caller, pointer, length));
  return random_.fill(bytes, caller.budget());
}

Outcome<> State::sched_yield(Caller& caller) {
  WAPC_CHECK(caller.budget().check());
  std::this_thread::yield();
  return {};
}

Result<> State::proc_exit(Caller& /*caller*/, Number code) {
  flush();
  exit_code_ = code;
  return failure(Errc::trapped, "the guest exited with code " + std::to_string(code));
}

Outcome<> State::proc_raise(Caller& /*caller*/, Number /*signal*/) {
  return failing(Errno::notsup);
}

}  // namespace wapc::wasi
