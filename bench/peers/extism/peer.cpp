// Extism as a peer, by its C API; the word is the function that an echo calls: `echo` or
// `echo_in_place` (see guest.wat).

#include "peers/peer.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "peers/extism/api.h"

namespace wapc::bench {
namespace {

void echo_host_call(ExtismCurrentPlugin* plugin, const ExtismVal* inputs, std::uint64_t,
                    ExtismVal* outputs, std::uint64_t, void*) {
  const auto payload = static_cast<std::uint64_t>(inputs[0].value.i64);
  const auto size = extism_current_plugin_memory_length(plugin, payload);
  const auto answer = extism_current_plugin_memory_alloc(plugin, size);
  auto* const memory = extism_current_plugin_memory(plugin);
  std::memcpy(memory + answer, memory + payload, size);
  outputs[0].type = EXTISM_I64;
  outputs[0].value.i64 = static_cast<std::int64_t>(answer);
}

/// Extism reads the path of its cache's settings each time that it compiles; empty for no cache.
ExtismCompiledPlugin* compile(std::span<const std::byte> wasm, bool with_wasi,
                              const std::string& cache_settings) {
  ::setenv("EXTISM_CACHE_CONFIG", cache_settings.c_str(), 1);
  const int type = EXTISM_I64;
  ExtismFunction* function =
      extism_function_new("host_call", &type, 1, &type, 1, &echo_host_call, nullptr, nullptr);
  const ExtismFunction* functions[] = {function};
  char* error = nullptr;
  auto* const compiled =
      extism_compiled_plugin_new(reinterpret_cast<const std::uint8_t*>(wasm.data()), wasm.size(),
                                 functions, 1, with_wasi, &error);
  extism_function_free(function);
  if (compiled == nullptr) fail(error);
  return compiled;
}

class ExtismGuest final : public Guest {
 public:
  ExtismGuest(const ExtismCompiledPlugin* compiled, std::string echo) : echo_{std::move(echo)} {
    char* error = nullptr;
    plugin_ = extism_plugin_new_from_compiled(compiled, &error);
    if (plugin_ == nullptr) fail(error);
  }

  ~ExtismGuest() override { extism_plugin_free(plugin_); }

  ExtismGuest(const ExtismGuest&) = delete;
  ExtismGuest& operator=(const ExtismGuest&) = delete;

  std::span<const std::byte> call(std::string_view operation,
                                  std::span<const std::byte> payload) override {
    const std::string function{operation == "echo" ? echo_ : operation};
    if (extism_plugin_call(plugin_, function.c_str(),
                           reinterpret_cast<const std::uint8_t*>(payload.data()),
                           payload.size()) != 0) {
      fail(extism_plugin_error(plugin_));
    }
    const auto* const output = extism_plugin_output_data(plugin_);
    return std::as_bytes(std::span{output, extism_plugin_output_length(plugin_)});
  }

 private:
  std::string echo_;
  ExtismPlugin* plugin_ = nullptr;
};

class ExtismPeer final : public Peer {
 public:
  explicit ExtismPeer(Arguments arguments)
      : arguments_{std::move(arguments)},
        cache_settings_{arguments_.cache + "/extism.toml"},
        compiled_{compile(arguments_.guest, false, "")} {
    std::ofstream{cache_settings_}
        << "[cache]\ndirectory = " << std::filesystem::absolute(arguments_.cache + "/extism")
        << "\n";
  }

  ~ExtismPeer() override { extism_compiled_plugin_free(compiled_); }

  ExtismPeer(const ExtismPeer&) = delete;
  ExtismPeer& operator=(const ExtismPeer&) = delete;

  std::unique_ptr<Guest> instance() override {
    return std::make_unique<ExtismGuest>(compiled_, arguments_.word);
  }

  void call_fresh_instance() override { ExtismGuest{compiled_, arguments_.word}.call("nop", {}); }

  bool load() override { return load_with(""); }

  bool load_cached() override { return load_with(cache_settings_); }

 private:
  bool load_with(const std::string& cache_settings) {
    extism_compiled_plugin_free(compile(arguments_.large, true, cache_settings));
    return true;
  }

  Arguments arguments_;
  std::string cache_settings_;
  ExtismCompiledPlugin* compiled_;
};

}  // namespace
}  // namespace wapc::bench

int main(int argc, char** argv) {
  wapc::bench::ExtismPeer peer{wapc::bench::arguments_of(argc, argv)};
  wapc::bench::serve(peer);
}
