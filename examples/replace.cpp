// How do I replace a guest while the program runs?    replace ENGINE greeter.wasm farewell.wasm

#include "example.hpp"

namespace {

std::string greet(wapc::Host& host) {
  const auto answer = must(host.invoke({.operation = "greet", .payload = wapc::as_bytes("you")}));
  return std::string{wapc::as_text(answer)};
}

}  // namespace

int main(int /*argc*/, char** argv) {
  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const auto host =
      must(wapc::Host::start(load(*engine, argv[2]), {.call_timeout = std::chrono::seconds{1}}));
  std::cout << greet(*host) << "\n";

  // A new version that does not load, or does not start, costs nothing: the old one serves on.
  const auto broken = wapc::GuestModule::load(*engine, wapc::as_bytes("not WebAssembly"));
  if (!broken) std::cout << "still " << greet(*host) << "\n";

  const auto replaced = host->replace_module(load(*engine, argv[3]));
  if (!replaced) return 1;
  std::cout << greet(*host) << "\n";
}
