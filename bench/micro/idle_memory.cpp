// What an instance takes that was started, called once and is idle, in bytes: of memory that the
// process has more of with each, beyond what the guest has touched; and of what the system keeps to
// map it. Each is a line `row/who number`.
//   idle_memory GUEST.wasm WHO [INSTANCES]                                        1,000 unless told
// WHO is an engine, `slots` for wasmtime with slots, or one of them and ` floor`.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#ifdef WAPC_BENCH_WASM3
#include "micro/wasm3_floor.hpp"
#endif
#include "micro/wasmtime_floor.hpp"
#include "safety/guest.hpp"
#include "safety/process_memory.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/providers/wasmtime.hpp"
#include "wapc/wapc.hpp"

namespace wapc::bench {
namespace {

/// Adds an idle instance to those there are.
using Add = std::function<void()>;

template <typename Floor>
Add adding(const std::shared_ptr<Floor>& floor) {
  return [=] {
    floor->add();
    floor->call("nop", {});
  };
}

Add adding(const Engine& engine, const Bytes& wasm) {
  const auto module = GuestModule::load(engine, wasm).value();
  const auto hosts = std::make_shared<std::vector<std::unique_ptr<Host>>>();
  return [=] {
    Bytes response;
    hosts->push_back(Host::start(module).value());
    if (!hosts->back()->invoke_into({.operation = "nop"}, response)) std::abort();
  };
}

/// `wasm` outlives it.
Add adding(const std::string& who, const Bytes& wasm, std::uint32_t instances) {
  if (who == "wasmtime floor") return adding(std::make_shared<WasmtimeFloor>(wasm));
  if (who == "slots floor") return adding(std::make_shared<WasmtimeFloor>(wasm, instances + 1));
#ifdef WAPC_BENCH_WASM3
  if (who == "wasm3 floor") return adding(std::make_shared<Wasm3Floor>(wasm));
#endif
  const auto engine = who == "slots" ? make_wasmtime_engine({.instance_slots = instances})
                                     : make_builtin_engine(who);
  if (!engine) {
    std::fprintf(stderr, "%s\n", engine.error().message().c_str());
    std::exit(2);
  }
  return adding(**engine, wasm);
}

/// The row of `who`, and who it is there.
std::string in_row(const std::string& row, const std::string& who) {
  constexpr std::string_view kSlots = "slots";
  if (!who.starts_with(kSlots)) return row + "/" + who;
  return row + ", in slots/wasmtime" + who.substr(kSlots.size());
}

void measure(const std::string& who, const Bytes& wasm, std::uint32_t instances) {
  constexpr std::uint32_t kBefore = 10;  // What is made for the first of them is not theirs.
  const auto add = adding(who, wasm, instances + kBefore);
  for (std::uint32_t i = 0; i < kBefore; ++i) add();
  const auto memory = anonymous_kib();
  const auto tables = page_table_kib();
  for (std::uint32_t i = 0; i < instances; ++i) add();
  const auto each = [&](std::size_t after, std::size_t before) {
    return static_cast<double>(after - before) * 1024 / instances;
  };
  // Data, and where it fetches the operation to, lie in the first page; of no more it is asked.
  constexpr double kTouched = 4096;
  std::printf("%s %.0f\n", in_row("idle instance", who).c_str(),
              each(anonymous_kib(), memory) - kTouched);
  std::printf("%s %.0f\n", in_row("its page tables", who).c_str(), each(page_table_kib(), tables));
}

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: idle_memory GUEST.wasm WHO [INSTANCES]\n");
    return 2;
  }
  const auto wasm = wapc::bench::read_guest(argv[1]);
  const int instances = argc > 3 ? std::atoi(argv[3]) : 1'000;
  wapc::bench::measure(argv[2], wasm, static_cast<std::uint32_t>(std::max(1, instances)));
}
