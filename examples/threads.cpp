// How do I call one module from many threads?    threads ENGINE greeter.wasm
//
// The module is compiled and linked once and shared; each thread has a host of its own, as a host
// answers one call at a time.

#include <atomic>
#include <thread>
#include <vector>

#include "example.hpp"

int main(int /*argc*/, char** argv) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 1000;
  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const auto module = load(*engine, argv[2]);

  std::atomic<int> answers = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const auto host = must(wapc::Host::start(module));
      wapc::Bytes response;  // Kept, so that calls allocate nothing.
      for (int call = 0; call < kCalls; ++call) {
        const auto done =
            host->invoke_into({.operation = "greet", .payload = wapc::as_bytes("you")}, response);
        if (done && wapc::as_text(response) == "hello, you") ++answers;
      }
    });
  }
  threads.clear();
  std::cout << kThreads << " threads, " << answers << " answers\n";
}
