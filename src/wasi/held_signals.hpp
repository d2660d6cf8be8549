#pragma once

#include <cerrno>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX's.
#include <time.h>    // NOLINT(modernize-deprecated-headers): timespec is POSIX's.

namespace wapc::wasi {

/// Keeps from the program what a guest's write may raise, for as long as this lives: SIGPIPE, when
/// nobody reads any more, and SIGXFSZ, when a file would grow over the process's limit. Both are
/// raised in the thread that writes, and what the program does with them elsewhere stays as it is.
/// One that was on its way before is not lost. Leaves `errno` alone.
class HeldSignals {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): the system fills them.
  HeldSignals() noexcept {
    ::sigemptyset(&raised_);
    ::sigaddset(&raised_, SIGPIPE);
    ::sigaddset(&raised_, SIGXFSZ);
    ::pthread_sigmask(SIG_BLOCK, &raised_, &mask_before_);
    sigset_t pending_before;
    ::sigpending(&pending_before);
    for (const auto signal : {SIGPIPE, SIGXFSZ}) {
      if (::sigismember(&pending_before, signal) == 1) ::sigdelset(&raised_, signal);
    }
  }

  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  ~HeldSignals() {
    const auto error = errno;
    drop();
    ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
    errno = error;
  }

 private:
  void drop() const noexcept {
#ifdef __APPLE__  // Without sigtimedwait.
    for (const auto signal : {SIGPIPE, SIGXFSZ}) {
      sigset_t pending;
      ::sigpending(&pending);
      if (::sigismember(&raised_, signal) != 1 || ::sigismember(&pending, signal) != 1) continue;
      sigset_t one;
      ::sigemptyset(&one);
      ::sigaddset(&one, signal);
      int dropped = 0;
      ::sigwait(&one, &dropped);
    }
#else
    constexpr timespec kNoWait{};
    while (::sigtimedwait(&raised_, nullptr, &kNoWait) >= 0 || errno == EINTR) {
    }
#endif
  }

  sigset_t raised_;  // That were not pending before, so that those that are now came from here.
  sigset_t mask_before_;
};

}  // namespace wapc::wasi
