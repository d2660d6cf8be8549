// How do I share guests among threads, and swap in a new version meanwhile?
//                                                    pool ENGINE greeter.wasm farewell.wasm
//
// Any thread calls the pool, and gets an instance for its call, or waits for one. A new version is
// warmed up beside the old one, and no call is lost.

#include "wapc/pool/pool.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "example.hpp"

int main(int /*argc*/, char** argv) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 1000;
  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const auto pool = must(wapc::Pool::start(load(*engine, argv[2]), {.instances_max = 2}));

  std::atomic<int> answers = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      wapc::Bytes response;  // Kept, so that calls allocate nothing.
      for (int call = 0; call < kCalls; ++call) {
        const auto done =
            pool->invoke_into({.operation = "greet", .payload = wapc::as_bytes("you")}, response);
        if (done) ++answers;
      }
    });
  }
  if (const auto swapped = pool->swap(load(*engine, argv[3])); !swapped) {
    std::cerr << "the old version goes on: " << swapped.error().message() << "\n";
    return 1;
  }
  const auto last = must(pool->invoke({.operation = "greet", .payload = wapc::as_bytes("you")}));
  threads.clear();
  std::cout << kThreads << " threads, " << answers << " answers, and now " << wapc::as_text(last)
            << "\n"
            << pool->stats().calls << " calls on version " << pool->stats().version << "\n";
}
