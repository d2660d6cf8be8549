#include <cstdio>
#include <string>

#include "native_engine.hpp"

// A plug-in that is linked into the program, called as if it were WebAssembly: `greeter` asks the
// program for the name of its user and greets them.

namespace {

using wapc::Result;

constexpr auto kI32 = wapc::ValueType::i32;

Result<std::uint64_t> greet(native::Guest& guest, std::span<const std::uint64_t> /*lengths*/) {
  // The texts that it needs stand at native::kDataAt: "user" and "name", then "hello ".
  constexpr auto kUser = native::kDataAt;
  constexpr auto kName = kUser + 4;
  constexpr auto kHello = kName + 4;
  const auto answered = guest.import("__host_call", {kUser, 4, kUser, 4, kName, 4, 0, 0});
  if (!answered) return answered;
  if (static_cast<std::uint32_t>(*answered) != 1) return 0;
  const auto length = guest.import("__host_response_len", {});
  if (!length) return length;
  if (auto fetched = guest.import("__host_response", {kHello + 6}); !fetched) return fetched;
  if (auto done = guest.import("__guest_response", {kHello, 6 + *length}); !done) return done;
  return 1;
}

native::GuestCode greeter() {
  const auto import = [](std::string name, std::size_t parameters, std::size_t results) {
    return wapc::Import{"wapc",
                        std::move(name),
                        wapc::ExternKind::function,
                        {std::vector(parameters, kI32), std::vector(results, kI32)}};
  };
  return {
      .imports = {import("__host_call", 8, 1), import("__host_response_len", 0, 1),
                  import("__host_response", 1, 0), import("__guest_response", 2, 0)},
      .exports = {{{"memory", wapc::ExternKind::memory, {}}},
                  {{"__guest_call", wapc::ExternKind::function, {{kI32, kI32}, {kI32}}}, greet}},
      .data = "usernamehello "};
}

Result<std::string> run() {
  const native::Engine engine{{{"greeter", greeter()}}};
  auto module = wapc::GuestModule::load(engine, wapc::as_bytes("greeter"));
  if (!module) return std::unexpected{module.error()};
  auto host = wapc::Host::start(
      *module, {.handler = wapc::answering([](const wapc::HostCall& call) -> Result<wapc::Bytes> {
                  std::printf("the plug-in asks for %.*s/%.*s\n",
                              static_cast<int>(call.binding.size()), call.binding.data(),
                              static_cast<int>(call.operation.size()), call.operation.data());
                  const auto name = wapc::as_bytes("Ada");
                  return wapc::Bytes{name.begin(), name.end()};
                })});
  if (!host) return std::unexpected{host.error()};
  const auto answer = (*host)->invoke({.operation = "greet", .payload = {}});
  if (!answer) return std::unexpected{answer.error()};
  return std::string{wapc::as_text(*answer)};
}

}  // namespace

int main() {
  const auto answer = run();
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message().c_str());
    return 1;
  }
  std::printf("%s\n", answer->c_str());
}
