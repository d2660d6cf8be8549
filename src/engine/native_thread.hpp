#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <pthread.h>

namespace wapc {

/// A thread with a stack of a size of our choosing, which std::thread has not: some systems give a
/// thread 128 KiB, too little for a compiler. Joined when this goes.
class NativeThread {
 public:
  /// Calls `run`, which does not throw, on a thread with a stack of at least `stack_bytes`; nothing
  /// when the system has none to give.
  [[nodiscard]] static std::optional<NativeThread> start(std::size_t stack_bytes,
                                                         std::function<void()> run);

 private:
  struct Running {
    explicit Running(std::function<void()> work) : run{std::move(work)} {}

    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    ~Running() {
      if (thread) ::pthread_join(*thread, nullptr);
    }

    const std::function<void()> run;
    std::optional<pthread_t> thread;
  };

  explicit NativeThread(std::unique_ptr<Running> running) : running_{std::move(running)} {}

  std::unique_ptr<Running> running_;
};

}  // namespace wapc
