#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wapc/engine/engine.hpp"

namespace wapc::testing {

class ScriptedGuest;
using Script = std::function<Result<std::uint64_t>(ScriptedGuest&)>;

/// A function that a scripted module exports. The type is that of `__guest_call` unless told.
struct ScriptedExport {
  std::string name;
  Script script;
  FunctionType type = {{ValueType::i32, ValueType::i32}, {ValueType::i32}};
};

/// What a scripted engine compiles everything into.
struct ScriptedModule {
  std::vector<ScriptedExport> functions;
  std::vector<Import> imports = {};
  std::string memory = "memory";  ///< The name it is exported by; none when empty.
  Script start = nullptr;         ///< The start section.
  std::shared_ptr<std::atomic<int>> instances =
      std::make_shared<std::atomic<int>>(0);  ///< How many were ever made.
  std::size_t code_bytes = 0;
  std::size_t instance_bytes = 0;
};

/// What a start function is in a scripted module.
[[nodiscard]] inline ScriptedExport start_function(std::string name, Script script) {
  return {std::move(name), std::move(script), {}};
}

/// An engine whose guests are C++ functions, so that everything above `engine/` can be tested
/// without WebAssembly.
class ScriptedEngine final : public Engine {
 public:
  explicit ScriptedEngine(ScriptedModule module) : module_{std::move(module)} {}

  /// A guest of nothing but `__guest_call`.
  explicit ScriptedEngine(Script guest_call)
      : ScriptedEngine{ScriptedModule{.functions = {{"__guest_call", std::move(guest_call)}}}} {}

  const EngineInfo& info() const noexcept override { return info_; }

  Result<std::shared_ptr<const Module>> compile(BytesView wasm,
                                                const CompileOptions& options) const override;
  using Engine::compile;

 private:
  EngineInfo info_{
      .name = "scripted", .version = "1", .execution = Execution::native, .features = {}};
  ScriptedModule module_;
};

/// What a script sees: its memory, its arguments, and the functions the host offers.
class ScriptedGuest final : public Instance {
 public:
  ScriptedGuest(ScriptedModule module, std::vector<ImportTable> tables,
                std::span<HostState* const> states);

  GuestMemory memory() override { return memory_; }

  const Budget& budget() const override { return *budget_; }

  Result<std::uint64_t> call(ExportIndex function, std::span<const std::uint64_t> arguments,
                             const Budget& budget) override;

  /// Runs the start section, if there is one.
  Result<> start(const Budget& budget);

  std::uint64_t argument(std::size_t index) const { return arguments_.at(index); }

  /// Calls the function of that name that the host offers, whatever its module.
  Result<std::uint64_t> host(std::string_view function,
                             std::initializer_list<std::uint64_t> arguments);

  /// Adds a page to the memory.
  void grow() { memory_.resize(memory_.size() + 65536); }

  /// Writes text into the memory and returns its length.
  std::uint64_t put(std::uint32_t pointer, std::string_view text);

 private:
  ScriptedModule module_;
  std::vector<ImportTable> tables_;
  std::vector<HostState*> states_;
  Bytes memory_;
  std::vector<std::uint64_t> arguments_;
  const Budget* budget_ = nullptr;
};

}  // namespace wapc::testing
