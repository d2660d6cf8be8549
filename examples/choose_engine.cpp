// How do I let the user choose the engine?    choose_engine ENGINE greeter.wasm

#include "example.hpp"

int main(int /*argc*/, char** argv) {
  std::cout << "engines:";
  for (const auto& builtin : wapc::builtin_engines()) std::cout << " " << builtin.name;
  std::cout << "\n";

  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const auto host = must(wapc::Host::start(load(*engine, argv[2])));
  const auto answer = must(host->invoke({.operation = "greet", .payload = wapc::as_bytes("you")}));
  std::cout << wapc::as_text(answer) << "\n";
}
