#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wapc::bench {

/// A guest that can be called on the thread that made it.
class Guest {
 public:
  virtual ~Guest() = default;

  /// The response is valid until the next call.
  virtual std::span<const std::byte> call(std::string_view operation,
                                          std::span<const std::byte> payload) = 0;
};

/// A host under measurement. `instance` is called from several threads.
class Peer {
 public:
  virtual ~Peer() = default;

  virtual std::unique_ptr<Guest> instance() = 0;

  /// A new instance, called once with `nop` and dropped.
  virtual void call_fresh_instance() = 0;

  /// Loads the large module from scratch; false when this host has no such step.
  virtual bool load() = 0;

  /// Loads the large module where it was loaded before; false when this host keeps nothing.
  virtual bool load_cached() = 0;
};

/// What the runner starts a peer with: `[WORD] GUEST.wasm LARGE.wasm CACHE_FOLDER`.
struct Arguments {
  std::string word;  ///< For programs that are several peers.
  std::vector<std::byte> guest;
  std::vector<std::byte> large;
  std::string cache;
};

/// Ends the program when they are others.
Arguments arguments_of(int argc, char** argv);

[[noreturn]] void fail(const std::string& why);

/// Answers the runner (see README.md) until it closes standard input.
void serve(Peer& peer);

}  // namespace wapc::bench
