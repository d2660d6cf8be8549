// This project's host as a peer; the word is the engine's name, or `slots` for wasmtime with slots.

#include <string_view>
#include <utility>

#include "peers/peer.hpp"
#include "wapc/cache/compile_cache.hpp"
#include "wapc/providers/builtin.hpp"
#ifdef WAPC_BENCH_WASMTIME
#include "wapc/providers/wasmtime.hpp"
#endif
#include "wapc/wapc.hpp"

namespace wapc::bench {
namespace {

/// Answers with the payload, into the buffer that the host keeps.
class EchoHandler final : public HostHandler {
 public:
  Result<> answer(const HostCall& call, Bytes& reply) override {
    reply.assign(call.payload.begin(), call.payload.end());
    return {};
  }
};

template <typename T>
T must(Result<T> result) {
  if (!result) fail(result.error().message());
  return std::move(*result);
}

Result<std::unique_ptr<Engine>> make_engine(std::string_view word) {
#ifdef WAPC_BENCH_WASMTIME
  if (word == "slots") return make_wasmtime_engine({.instance_slots = 4});
#endif
  return make_builtin_engine(word);
}

class WapcGuest final : public Guest {
 public:
  explicit WapcGuest(const std::shared_ptr<const GuestModule>& module)
      : host_{must(Host::start(module, {.handler = std::make_shared<EchoHandler>()}))} {}

  std::span<const std::byte> call(std::string_view operation,
                                  std::span<const std::byte> payload) override {
    const auto done = host_->invoke_into({.operation = operation, .payload = payload}, response_);
    if (!done) fail(done.error().message());
    return response_;
  }

 private:
  std::unique_ptr<Host> host_;
  Bytes response_;
};

class WapcPeer final : public Peer {
 public:
  explicit WapcPeer(const Arguments& arguments)
      : engine_{must(make_engine(arguments.word))},
        module_{must(GuestModule::load(*engine_, arguments.guest))},
        large_{arguments.large},
        compiles_{engine_->info().makes_artefacts},
        caching_{with_cache(must(make_engine(arguments.word)),
                            must(CompileCache::open(
                                {.directory = arguments.cache + "/wapc", .kept_bytes_max = 0})))} {}

  std::unique_ptr<Guest> instance() override { return std::make_unique<WapcGuest>(module_); }

  void call_fresh_instance() override { WapcGuest{module_}.call("nop", {}); }

  bool load() override {
    if (compiles_) must(GuestModule::load(*engine_, large_));
    return compiles_;
  }

  /// As in a process that loads it for the first time: read, looked at and mapped.
  bool load_cached() override {
    if (compiles_) must(GuestModule::load(*caching_, large_));
    return compiles_;
  }

 private:
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const GuestModule> module_;
  Bytes large_;
  bool compiles_;  // Else each instance parses the module, and loading only looks at it.
  std::unique_ptr<Engine> caching_;
};

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  wapc::bench::WapcPeer peer{wapc::bench::arguments_of(argc, argv)};
  wapc::bench::serve(peer);
}
