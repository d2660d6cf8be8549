// How do I get at what a guest prints?    log ENGINE printer.wasm

#include "example.hpp"

int main(int /*argc*/, char** argv) {
  const auto engine = must(wapc::make_builtin_engine(argv[1]));

  // The text is the guest's: a terminal wants control characters escaped.
  const auto log = wapc::logging_to([](const wapc::LogEntry& entry) {
    std::cout << "guest " << entry.guest_id << ", " << to_string(entry.source) << ": " << entry.text
              << "\n";
  });
  const auto host = must(wapc::Host::start(load(*engine, argv[2]), {.log = log, .guest_id = 7}));
  return host->invoke({.operation = "print"}) ? 0 : 1;
}
