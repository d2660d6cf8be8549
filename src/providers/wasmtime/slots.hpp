#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "providers/wasmtime/handles.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/wasm/module_info.hpp"

namespace wapc::wasmtime {

class Core;

/// Room for instances of one module, made beforehand: a fresh instance takes over memory that is
/// mapped already. wasmtime's pooling allocator is an engine's, and refuses modules that are larger
/// than its slots; so each module has an engine of its own for it, with slots of the module's size.
/// Thread-safe.
class Slots {
 public:
  /// One slot, for as long as this lives; or none.
  class Lease {
   public:
    Lease() = default;

    explicit Lease(std::atomic<std::uint32_t>& free) : free_{&free} {}

    Lease(Lease&& other) noexcept : free_{std::exchange(other.free_, nullptr)} {}

    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease& operator=(Lease&&) = delete;

    ~Lease() {
      if (free_ != nullptr) free_->fetch_add(1, std::memory_order_release);
    }

    explicit operator bool() const noexcept { return free_ != nullptr; }

   private:
    std::atomic<std::uint32_t>* free_ = nullptr;
  };

  /// As many as the options of `core` say, for the module of `artefact`, which `info` describes.
  /// Null when the module has a memory of 64 bits, or there are no addresses left for it. `core`
  /// outlives them.
  [[nodiscard]] static std::unique_ptr<const Slots> make(const Core& core, const ModuleInfo& info,
                                                         const Artefact& artefact);

  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  ~Slots();

  /// None when all are taken, or an instance could not grow in it as far as `limits` allow.
  [[nodiscard]] Lease take(const InstanceLimits& limits) const noexcept;

  [[nodiscard]] wasm_engine_t* engine() const noexcept { return engine_.get(); }

  [[nodiscard]] const wasmtime_module_t* module() const noexcept { return module_.get(); }

 private:
  Slots(const Core& core, EngineHandle engine, ModuleHandle module, std::vector<TableType> tables,
        std::size_t table_elements);

  const Core& core_;
  EngineHandle engine_;
  ModuleHandle module_;
  const std::vector<TableType> tables_;
  const std::size_t table_elements_;  // For which each table has room.
  mutable std::atomic<std::uint32_t> free_;
};

/// The module of an artefact that the caller vouches for, for `engine`. Mapped where it can be:
/// copying it takes a hundred times as long. Fails with `unsupported` when it is none of this
/// engine's.
[[nodiscard]] Result<ModuleHandle> deserialize(wasm_engine_t* engine, const Artefact& artefact);

/// Whether this process has room for so many slots, each of that many memories and of tables with
/// that many elements together.
[[nodiscard]] bool has_room_for_slots(std::uint32_t slots, std::uint64_t memories,
                                      std::uint64_t table_elements) noexcept;

}  // namespace wapc::wasmtime
