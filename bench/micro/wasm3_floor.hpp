#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace wapc::bench {

/// As WasmtimeFloor, on wasm3's public interface: the least that a careful program does to call one
/// guest. It is wasm3 as it comes, without our patches, and with its own validator left out, which
/// would look at each instance anew: so nothing ends a guest that loops, and no limit but the
/// native stack's holds.
class Wasm3Floor {
 public:
  /// `wasm` outlives it.
  explicit Wasm3Floor(std::span<const std::byte> wasm);
  ~Wasm3Floor();

  Wasm3Floor(const Wasm3Floor&) = delete;
  Wasm3Floor& operator=(const Wasm3Floor&) = delete;

  /// The response is valid until the next call.
  const std::vector<std::byte>& call(std::string_view operation,
                                     std::span<const std::byte> payload);

  /// A new instance in place of the one there is.
  void renew();

  /// A new instance beside the one there is, which then goes.
  void replace();

  /// A new instance beside the one there is, which stays, and is not called any more.
  void add();

  /// Parses a module and translates all of it.
  static void load(std::span<const std::byte> wasm);

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace wapc::bench
