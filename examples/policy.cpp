// How do I say what a guest may call, and see what it tried?    policy ENGINE asker.wasm

#include <wapc/policy/policy.hpp>
#include <wapc/policy/restricted.hpp>

#include "example.hpp"

// Most programs keep it in a file, and use read_policy.
constexpr auto kPolicy = R"(
[[guest."asker".allow]]
binding = "kv"
namespace = "cache"
operation = ["get", "list*"]
calls_per_call = 10
payload = "1KiB"

[guest."asker".limits]
memory = "1MiB"
deadline = "500ms"
)";

int main(int /*argc*/, char** argv) {
  const auto policy = must(wapc::parse_policy(kPolicy, "policy.toml"));
  const auto* const mine = policy.find("asker");
  if (mine == nullptr) return 1;  // Nobody says what it may do, so it does not run.

  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const auto module = load(*engine, argv[2], wapc::restricted(wapc::GuestModuleOptions{}, *mine));
  const wapc::HostOptions options{
      .handler = wapc::answering([](const wapc::HostCall& call) -> wapc::Result<wapc::Bytes> {
        return wapc::Bytes(call.payload.begin(), call.payload.end());
      }),
      .events = wapc::recording_to([](const wapc::Event& event) {
        std::cout << to_string(event.kind) << " " << event.operation << "\n";
      })};
  const auto host = must(wapc::Host::start(module, wapc::restricted(options, *mine)));

  for (const auto* const operation : {"get", "delete"}) {
    const auto answer =
        host->invoke({.operation = operation, .payload = wapc::as_bytes("the tea")});
    std::cout << (answer ? wapc::as_text(*answer) : std::string_view{answer.error().message()})
              << "\n";
  }
}
