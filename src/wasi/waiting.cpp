#include "wasi/waiting.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <fcntl.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): timespec is POSIX's.
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include "base/try.hpp"
#include "base/unique_fd.hpp"

// One system call waits for everything: descriptors, time, and the call's stop token, which becomes
// a descriptor for that. So nothing has to be looked at again and again, and the end of a wait is
// as exact as the kernel's timers.

namespace wapc::wasi {
namespace {

using std::chrono::nanoseconds;
using Clock = Budget::Clock;

/// A descriptor that can be read from the moment on at which a token is used.
class StopDescriptor {
 public:
  /// Has none (`fd` is -1) when the token can never be used, or the process can open no more.
  explicit StopDescriptor(const std::stop_token& stop) {
    if (!stop.stop_possible()) return;
#ifdef __linux__
    read_ = UniqueFd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (read_) ring_.emplace(stop, Ring{read_.get()});
#else
    int ends[2];
    if (::pipe(ends) != 0) return;
    read_ = UniqueFd{ends[0]};
    write_ = UniqueFd{ends[1]};
    for (const auto end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
    ring_.emplace(stop, Ring{write_.get()});
#endif
  }

  [[nodiscard]] int fd() const noexcept { return read_.get(); }

 private:
  struct Ring {
    int fd;

    void operator()() const noexcept {
      constexpr std::uint64_t kOne = 1;  // An eventfd takes 8 bytes, a pipe any number.
      [[maybe_unused]] const auto written = ::write(fd, &kOne, sizeof kOne);
    }
  };

  UniqueFd read_;
  UniqueFd write_;                                // Unless it is the same.
  std::optional<std::stop_callback<Ring>> ring_;  // Last: gone before what it writes to.
};

/// Polls until something is ready, for `timeout` at most; forever when that is the longest. May
/// come back early with nothing.
int poll_for(std::span<pollfd> descriptors, nanoseconds timeout) {
  const auto count = static_cast<nfds_t>(descriptors.size());
#ifdef __linux__
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec time{.tv_sec = static_cast<time_t>(timeout.count() / kSecond),
                      .tv_nsec = static_cast<long>(timeout.count() % kSecond)};
  return ::ppoll(descriptors.data(), count, timeout == nanoseconds::max() ? nullptr : &time,
                 nullptr);
#else
  // Rounded up, so as not to come back again and again within the last millisecond.
  constexpr std::int64_t kMax = std::numeric_limits<int>::max();
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(
      std::min(timeout, nanoseconds::max() - std::chrono::milliseconds{1}));
  const auto ms = static_cast<int>(std::min<std::int64_t>(rounded.count(), kMax));
  return ::poll(descriptors.data(), count, timeout == nanoseconds::max() ? -1 : ms);
#endif
}

/// Asks what is ready, without waiting.
Outcome<> look_at(std::span<pollfd> descriptors) {
  if (descriptors.empty()) return {};
  while (poll_for(descriptors, nanoseconds{0}) < 0) {
    if (errno != EINTR) return failing_as_host();
  }
  return {};
}

std::string to_text(nanoseconds time) {
  constexpr std::int64_t kMillisecond = 1'000'000;
  if (time.count() % kMillisecond != 0) return std::to_string(time.count()) + " ns";
  return std::to_string(time.count() / kMillisecond) + " ms";
}

}  // namespace

Outcome<> Waiting::wait(std::span<pollfd> descriptors, nanoseconds timeout, const Budget& budget) {
  WAPC_CHECK(budget.check());
  for (auto& descriptor : descriptors) descriptor.revents = 0;
  if (timeout <= nanoseconds{0}) return look_at(descriptors);

  const StopDescriptor stop{budget.stop};
  std::vector<pollfd> polled{descriptors.begin(), descriptors.end()};
  if (stop.fd() >= 0) polled.push_back({.fd = stop.fd(), .events = POLLIN, .revents = 0});
  // A process that can open no descriptor more is no reason not to be stopped: then, and only then,
  // the token is looked at every few milliseconds.
  const auto slice = budget.stop.stop_possible() && stop.fd() < 0
                         ? nanoseconds{std::chrono::milliseconds{2}}
                         : nanoseconds::max();

  const auto start = Clock::now();
  const auto slept_before = slept_;
  const auto end = Budget::end_of(timeout, start);
  const auto slept_end = Budget::end_of(std::max(slept_max_ - slept_, nanoseconds{0}), start);
  const auto first_end = std::min({end, slept_end, budget.deadline});
  for (auto now = start;;) {
    const auto left = first_end == Clock::time_point::max()
                          ? nanoseconds::max()
                          : std::max<nanoseconds>(first_end - now, nanoseconds{0});
    const auto ready = poll_for(polled, std::min(left, slice));
    if (ready < 0 && errno != EINTR) return failing_as_host();
    now = Clock::now();
    slept_ = slept_before + (now - start);
    if (const auto why = budget.spent(now)) return std::unexpected{budget_spent(*why)};
    if (ready > 0) {
      // The token was not used, so it is one of those that were asked for.
      std::copy_n(polled.begin(), descriptors.size(), descriptors.begin());
      return {};
    }
    if (now < std::min(end, slept_end)) continue;
    if (end <= slept_end) return {};
    return failure(Errc::limit_exceeded,
                   "the guest waited longer than WasiLimits::time_slept allows in one call (" +
                       to_text(slept_max_) + ")");
  }
}

}  // namespace wapc::wasi
