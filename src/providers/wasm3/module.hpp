#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "providers/wasm3/core.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/engine/link.hpp"
#include "wapc/wasm/module_info.hpp"

namespace wapc::wasm3 {

/// An exported function that can be called: of whole numbers, with one result at most.
struct Callable {
  std::uint32_t function;  // Among all of the module.
  bool result;             // Whether it has one,
  bool wide;               // and of 64 bits.
};

/// The binary, which each instance parses anew, and what it says of itself.
class Wasm3Module final : public Module, public std::enable_shared_from_this<Wasm3Module> {
 public:
  /// `info` is what `read_module` said of `wasm`.
  [[nodiscard]] static Result<std::shared_ptr<const Module>> compile(
      std::shared_ptr<const Core> core, ModuleInfo info, BytesView wasm);

  Wasm3Module(std::shared_ptr<const Core> core, ModuleInfo info, Bytes wasm,
              std::size_t compile_stack);

  [[nodiscard]] std::span<const Import> imports() const noexcept override { return info_.imports; }

  [[nodiscard]] std::span<const Export> exports() const noexcept override { return info_.exports; }

  [[nodiscard]] Result<std::shared_ptr<const LinkedModule>> link(
      std::span<const ImportTable> tables) const override;

  /// Of the binary; what instances translate of it is theirs.
  [[nodiscard]] std::size_t code_bytes() const noexcept override { return wasm_.size(); }

  /// The stack of values, and what wasm3 parses and translates, at its least.
  [[nodiscard]] std::size_t instance_bytes() const noexcept override {
    constexpr std::size_t kRuntime = 112U << 10U;  // Its state, and a page of code with its map.
    return core_->options().value_stack_bytes + kRuntime + wasm_.size();
  }

  [[nodiscard]] const Core& core() const noexcept { return *core_; }

  [[nodiscard]] const ModuleInfo& info() const noexcept { return info_; }

  [[nodiscard]] BytesView wasm() const noexcept { return wasm_; }

  /// Bytes of native stack that compiling takes.
  [[nodiscard]] std::size_t compile_stack() const noexcept { return compile_stack_; }

  /// The exported function; null when it is one that cannot be called.
  [[nodiscard]] const Callable* callable(ExportIndex index) const noexcept {
    const auto& callable = callables_[static_cast<std::size_t>(index)];
    return callable ? &*callable : nullptr;
  }

  /// The error of a call to one that cannot be called.
  [[nodiscard]] Error not_callable(ExportIndex index) const;

  /// Whether host functions see a memory: wasm3 has one at most.
  [[nodiscard]] bool exports_memory() const noexcept { return exports_memory_; }

 private:
  const std::shared_ptr<const Core> core_;
  const ModuleInfo info_;
  const std::vector<std::optional<Callable>> callables_;  // By position in `exports`.
  const Bytes wasm_;
  const std::size_t compile_stack_;
  const bool exports_memory_;
};

/// A module with its imports looked up, ready to be instantiated many times.
class Wasm3LinkedModule final : public LinkedModule,
                                public std::enable_shared_from_this<Wasm3LinkedModule> {
 public:
  /// `imports` answer those of the module, in order.
  Wasm3LinkedModule(std::shared_ptr<const Wasm3Module> module, std::vector<ResolvedImport> imports,
                    std::size_t tables);

  [[nodiscard]] Result<> may_enter() const override;

  [[nodiscard]] Result<std::unique_ptr<Instance>> instantiate(std::span<HostState* const> states,
                                                              const InstanceLimits& limits,
                                                              const Budget& budget) const override;

  [[nodiscard]] const Wasm3Module& module() const noexcept { return *module_; }

  [[nodiscard]] std::span<const ResolvedImport> imports() const noexcept { return imports_; }

 private:
  const std::shared_ptr<const Wasm3Module> module_;
  const std::vector<ResolvedImport> imports_;
  const std::size_t tables_;
};

}  // namespace wapc::wasm3
