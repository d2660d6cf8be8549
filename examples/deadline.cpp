// What happens when a guest never ends, and how do I cancel it?    deadline ENGINE spinner.wasm

#include <chrono>
#include <thread>

#include "example.hpp"

using std::chrono::milliseconds;

int main(int /*argc*/, char** argv) {
  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const auto host = must(wapc::Host::start(load(*engine, argv[2])));

  // A deadline for one call. HostOptions::call_timeout sets one for all.
  const auto deadline = std::chrono::steady_clock::now() + milliseconds{20};
  const auto late = host->invoke({.operation = "spin", .budget = {.deadline = deadline}});
  std::cout << to_string(late.error().code()) << ": " << late.error().message() << "\n";

  // The instance that was stopped is spent; this call gets a fresh one. It ends when we say so.
  std::stop_source stop;
  const std::jthread user{[&stop] {
    std::this_thread::sleep_for(milliseconds{20});
    stop.request_stop();
  }};
  const auto ended = host->invoke({.operation = "spin", .budget = {.stop = stop.get_token()}});
  std::cout << to_string(ended.error().code()) << ": " << ended.error().message() << "\n";
}
