// How do I tell one failure from another?    failures ENGINE troublemaker.wasm

#include "example.hpp"

namespace {

std::string_view advice(wapc::Errc code) {
  switch (code) {
    case wapc::Errc::guest_error: return "the guest says no; it goes on";
    case wapc::Errc::trapped: return "never again: the next call gets a fresh instance";
    case wapc::Errc::protocol_violation: return "the guest breaks the protocol";
    case wapc::Errc::deadline_exceeded: return "too slow";
    default: return "see docs/errors.md";
  }
}

}  // namespace

int main(int /*argc*/, char** argv) {
  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const auto host = must(wapc::Host::start(load(*engine, argv[2])));

  for (const auto operation : {"error", "trap", "fine"}) {
    const auto answer = host->invoke({.operation = operation});
    if (answer) {
      std::cout << wapc::as_text(*answer) << "\n";
      continue;
    }
    const auto& error = answer.error();
    std::cout << to_string(error.code()) << " (" << advice(error.code()) << "): " << error.message()
              << "\n";
    if (!error.backtrace().empty()) std::cout << error.backtrace() << "\n";
  }
}
