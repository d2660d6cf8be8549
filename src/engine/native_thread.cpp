#include "engine/native_thread.hpp"

namespace wapc {

std::optional<NativeThread> NativeThread::start(std::size_t stack_bytes,
                                                std::function<void()> run) {
  auto running = std::make_unique<Running>(std::move(run));
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return std::nullopt;
  const auto body = [](void* self) -> void* {
    static_cast<Running*>(self)->run();
    return nullptr;
  };
  pthread_t thread{};
  const bool started = ::pthread_attr_setstacksize(&attributes, stack_bytes) == 0 &&
                       ::pthread_create(&thread, &attributes, body, running.get()) == 0;
  ::pthread_attr_destroy(&attributes);
  if (!started) return std::nullopt;
  running->thread = thread;
  return NativeThread{std::move(running)};
}

}  // namespace wapc
