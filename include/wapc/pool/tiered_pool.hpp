#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/pool/pool.hpp"
#include "wapc/pool/pool_options.hpp"
#include "wapc/rpc/invoker.hpp"

namespace wapc {

struct TieredOptions {
  GuestModuleOptions module = {};
  PoolOptions pool = {};

  /// How long the start waits for the second engine, which may be quick as well: it has a cache, or
  /// the module is small. When it is, the first is not used at all.
  std::chrono::nanoseconds patience = std::chrono::milliseconds{50};
};

/// How far a tiered pool has come.
struct TierStatus {
  enum class Phase : std::uint8_t {
    first,    ///< Calls run on the first engine; the second is at work.
    second,   ///< Calls run on the second.
    gave_up,  ///< Calls stay on the first, for a reason.
  };

  Phase phase = Phase::first;
  std::string reason = {};
};

/// A pool that serves at once, on an engine that loads a guest quickly (wasm3, winch), and goes on
/// with another whose code is quicker (wasmtime), as soon as that has compiled the guest: a swap,
/// so that no call is lost and instances start anew. Thread-safe.
class TieredPool final : public Invoker {
 public:
  /// Loads `wasm` with the second engine, on a thread of its own, and after `patience` with the
  /// first as well. When the guest does not load or start there, for the want of a feature for
  /// example, the second is waited for. Ends early when `budget` is spent.
  ///
  /// Fails as `GuestModule::load` does with the second engine when neither can load it, and as
  /// `Pool::start` does.
  [[nodiscard]] static Result<std::unique_ptr<TieredPool>> start(
      const std::shared_ptr<const Engine>& first, std::shared_ptr<const Engine> second,
      BytesView wasm, TieredOptions options = {}, const Budget& budget = {});

  /// Drains, as a `Pool` does. Does not wait for the second engine, which may still compile; its
  /// own destructor does.
  ~TieredPool() override;

  TieredPool(const TieredPool&) = delete;
  TieredPool& operator=(const TieredPool&) = delete;

  /// As `Pool::invoke_into`.
  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override;

  /// The pool, for all else. A version that is swapped in here stays: the second engine then gives
  /// up.
  [[nodiscard]] Pool& pool() noexcept;

  [[nodiscard]] TierStatus status() const;

 private:
  class Core;

  explicit TieredPool(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

}  // namespace wapc
