// How do I have a guest for each of many customers, and bound what they take together?
//                                                    tenants ENGINE greeter.wasm farewell.wasm
//
// Tenants are loaded when they are called. When there is no room, those that were not used for
// longest are dropped, and come back with their next call: with a cache, without being compiled.

#include "wapc/tenants/tenants.hpp"

#include <filesystem>
#include <memory>

#include "example.hpp"
#include "wapc/cache/compile_cache.hpp"

int main(int /*argc*/, char** argv) {
  constexpr int kCustomers = 100;
  const auto directory = std::filesystem::path{argv[2]}.replace_extension("cache");
  const auto cache = must(wapc::CompileCache::open({.directory = directory}));
  const std::shared_ptr<wapc::Engine> engine =
      wapc::with_cache(must(wapc::make_builtin_engine(argv[1])), cache);
  const auto tenants = must(wapc::Tenants::make(engine, {.loaded_max = 10}));
  for (int i = 0; i < kCustomers; ++i) {
    const auto* const file = argv[2 + i % 2];
    const auto added = tenants->add("customer " + std::to_string(i),
                                    {.wasm = wapc::wasm_from(file), .pool = {.instances_max = 2}});
    if (!added) return 1;
  }

  int answers = 0;
  for (int call = 0; call < 5 * kCustomers; ++call) {
    const auto customer = "customer " + std::to_string(call % kCustomers);
    if (tenants->invoke(customer, {.operation = "greet", .payload = wapc::as_bytes("you")})) {
      ++answers;
    }
  }
  const auto one = must(tenants->find("customer 1"));  // Goes wherever an Invoker goes.
  const auto answer = must(one->invoke({.operation = "greet", .payload = wapc::as_bytes("you")}));
  const auto stats = tenants->stats();
  std::cout << answers << " answers of " << stats.tenants << " tenants, " << stats.loaded
            << " of them loaded, and now " << wapc::as_text(answer) << "\n"
            << stats.loads << " loads, " << cache->stats().compiled << " modules compiled\n";
}
