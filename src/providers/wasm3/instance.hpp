#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/ticker.hpp"
#include "providers/wasm3/loader.hpp"
#include "providers/wasm3/module.hpp"
#include "providers/wasm3/shim.h"
#include "wapc/engine/engine.hpp"

namespace wapc::wasm3 {

/// One runtime of wasm3, with one module in it.
class Wasm3Instance final : public Instance {
 public:
  Wasm3Instance(std::shared_ptr<const Wasm3LinkedModule> linked,
                std::span<HostState* const> states);

  /// Makes the instance, and runs the start section within `budget`. Called once, first.
  [[nodiscard]] Result<> start(const InstanceLimits& limits, const Budget& budget);

  [[nodiscard]] Result<std::uint64_t> call(ExportIndex index,
                                           std::span<const std::uint64_t> arguments,
                                           const Budget& budget) override;

  [[nodiscard]] bool was_entered() const noexcept override { return entered_; }

  [[nodiscard]] GuestMemory memory() override;

  [[nodiscard]] GuestMemory memory_before(std::uint64_t /*end*/) override { return memory(); }

  [[nodiscard]] const Budget& budget() const override;

 private:
  class Entered;

  /// What wasm3 hands back when the guest calls an import.
  struct Binding {
    HostFunction::Body body;
    HostState* state;
    Wasm3Instance* instance;
    std::uint32_t parameters;
  };

  /// Of functions with a result, and of those without.
  template <bool HasResult>
  static const void* answer(void* binding, std::uint64_t* stack) noexcept;

  [[nodiscard]] Result<> load(const InstanceLimits& limits, const void* stack_limit);
  [[nodiscard]] Result<> link();
  [[nodiscard]] Result<std::uint64_t> run(const Callable& callable,
                                          std::span<const std::uint64_t> arguments,
                                          const Budget& budget);
  [[nodiscard]] Error why(M3Result trap, std::uint32_t function);
  [[nodiscard]] Error take_reason();
  [[nodiscard]] std::string frames(std::uint32_t function) const;
  [[nodiscard]] M3Result look_at_budget() noexcept;

  const std::shared_ptr<const Wasm3LinkedModule> linked_;
  const Core& core_;  // That of the module.
  const Ticker::Use ticks_;
  const std::size_t stack_bytes_;
  std::vector<HostState*> states_;
  std::vector<Binding> bindings_;  // Does not move once wasm3 knows them.
  Wasm3Handle module_;
  std::uint64_t* values_ = nullptr;           // wasm3's stack of them.
  WapcWasm3Memory* const* memory_ = nullptr;  // Null when the guest exports none.

  bool entered_ = false;             // By the last call.
  const Budget* budget_ = nullptr;   // Of the call, or of the load, in progress.
  std::optional<Error> stopped_by_;  // Why we had wasm3 stop the guest.
};

}  // namespace wapc::wasm3
