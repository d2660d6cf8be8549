#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace wapc::cli {

/// While it lives, Ctrl-C asks for a stop instead of ending the process; a second one ends it at
/// once, with exit code 130. Made before any other thread, since they have to inherit its signal
/// mask.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();

  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

 private:
  sigset_t mask_before_{};
  std::stop_source source_;
  std::thread thread_;  // None when the process ignores Ctrl-C, as background jobs do.
};

}  // namespace wapc::cli
