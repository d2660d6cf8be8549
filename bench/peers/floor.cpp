// The floor of bench/micro as a peer: a program written for one guest on wasmtime's C API. Its
// cached load maps a file of compiled code, unchecked, as no host may that does not know who wrote
// it.

#include <cstdint>
#include <fstream>
#include <utility>

#include <wasmtime.h>

#include "micro/wasmtime_floor.hpp"
#include "peers/peer.hpp"

namespace wapc::bench {
namespace {

class FloorGuest final : public Guest {
 public:
  explicit FloorGuest(std::span<const std::byte> wasm) : floor_{wasm} {}

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
        fresh_{arguments_.guest},
        engine_{make_engine()},
        compiled_{arguments_.cache + "/floor.compiled"} {}

  ~FloorPeer() override { wasm_engine_delete(engine_); }

  FloorPeer(const FloorPeer&) = delete;
  FloorPeer& operator=(const FloorPeer&) = delete;

  std::unique_ptr<Guest> instance() override {
    return std::make_unique<FloorGuest>(arguments_.guest);
  }

  void call_fresh_instance() override {
    fresh_.renew();
    fresh_.call("nop", {});
  }

  bool load() override {
    wasmtime_module_delete(compile());
    return true;
  }

  bool load_cached() override {
    if (!std::ifstream{compiled_}) write_compiled();
    wasmtime_module_t* module = nullptr;
    if (wasmtime_module_deserialize_file(engine_, compiled_.c_str(), &module) != nullptr) {
      fail("cannot map " + compiled_);
    }
    wasmtime_module_delete(module);
    return true;
  }

 private:
  static wasm_engine_t* make_engine() {
    wasm_config_t* config = wasm_config_new();
    wasmtime_config_epoch_interruption_set(config, true);
    return wasm_engine_new_with_config(config);
  }

  wasmtime_module_t* compile() {
    const auto& wasm = arguments_.large;
    wasmtime_module_t* module = nullptr;
    if (wasmtime_module_new(engine_, reinterpret_cast<const std::uint8_t*>(wasm.data()),
                            wasm.size(), &module) != nullptr) {
      fail("the large module does not compile");
    }
    return module;
  }

  void write_compiled() {
    wasmtime_module_t* module = compile();
    wasm_byte_vec_t bytes;
    if (wasmtime_module_serialize(module, &bytes) != nullptr) fail("cannot serialize");
    std::ofstream file{compiled_, std::ios::binary};
    file.write(bytes.data, static_cast<std::streamsize>(bytes.size));
    wasm_byte_vec_delete(&bytes);
    wasmtime_module_delete(module);
  }

  Arguments arguments_;
  WasmtimeFloor fresh_;
  wasm_engine_t* engine_;
  std::string compiled_;
};

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  wapc::bench::FloorPeer peer{wapc::bench::arguments_of(argc, argv)};
  wapc::bench::serve(peer);
}
