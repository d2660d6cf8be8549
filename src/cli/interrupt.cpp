#include "cli/interrupt.hpp"

#include <initializer_list>

#include <pthread.h>
#include <unistd.h>

#include "cli/problem.hpp"

// A thread waits for the signal, so that what happens then is ordinary code and not a signal
// handler, where hardly anything may be done. SIGUSR1, sent to that thread alone, tells it to go.

namespace wapc::cli {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

bool ignores_interrupts() {
  struct sigaction action{};
  return sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// A copy: the thread may outlive what started it.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void wait_for_interrupts(std::stop_source source) {
  const auto awaited = set_of({SIGINT, SIGUSR1});
  int signal = 0;
  while (sigwait(&awaited, &signal) == 0 && signal == SIGINT) {
    if (!source.request_stop()) ::_exit(static_cast<int>(ExitCode::cancelled));
  }
}

}  // namespace

Interrupt::Interrupt() {
  const auto awaited = set_of({SIGINT, SIGUSR1});
  pthread_sigmask(SIG_BLOCK, &awaited, &mask_before_);
  if (ignores_interrupts()) return;
  thread_ = std::thread{wait_for_interrupts, source_};
}

Interrupt::~Interrupt() {
  if (thread_.joinable()) {
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

}  // namespace wapc::cli
