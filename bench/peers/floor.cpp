// The floors of bench/micro on wasmtime's C API as a peer; with the word `slots` its instances live
// in slots.

#include <cstdint>
#include <utility>

#include "micro/wasmtime_floor.hpp"
#include "micro/wasmtime_load_floor.hpp"
#include "peers/peer.hpp"

namespace wapc::bench {
namespace {

class FloorGuest final : public Guest {
 public:
  FloorGuest(std::span<const std::byte> wasm, std::uint32_t slots) : floor_{wasm, slots} {}

  std::span<const std::byte> call(std::string_view operation,
                                  std::span<const std::byte> payload) override {
    return floor_.call(operation, payload);
  }

 private:
  WasmtimeFloor floor_;
};

class FloorPeer final : public Peer {
 public:
  explicit FloorPeer(Arguments arguments)
      : arguments_{std::move(arguments)},
        slots_{arguments_.word == "slots" ? 4U : 0U},
        fresh_{arguments_.guest, slots_},
        large_{arguments_.large, arguments_.cache + "/floor.compiled"} {}

  std::unique_ptr<Guest> instance() override {
    return std::make_unique<FloorGuest>(arguments_.guest, slots_);
  }

  void call_fresh_instance() override {
    fresh_.renew();
    fresh_.call("nop", {});
  }

  bool load() override {
    large_.load();
    return true;
  }

  bool load_cached() override {
    large_.load_compiled();
    return true;
  }

 private:
  Arguments arguments_;
  std::uint32_t slots_;
  WasmtimeFloor fresh_;
  WasmtimeLoadFloor large_;
};

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  wapc::bench::FloorPeer peer{wapc::bench::arguments_of(argc, argv)};
  wapc::bench::serve(peer);
}
