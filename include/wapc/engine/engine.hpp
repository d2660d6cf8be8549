#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/artefact.hpp"
#include "wapc/engine/features.hpp"
#include "wapc/engine/function_type.hpp"
#include "wapc/engine/host_function.hpp"
#include "wapc/engine/module_limits.hpp"

// An engine compiles bytes into a module, which can be looked at; a module is linked with what the
// host offers, once; a linked module makes instances, each with its own state. Each keeps alive
// what it was made from.

namespace wapc {

/// What one instance may take from the machine.
struct InstanceLimits {
  /// Of each linear memory. `memory.grow` past it returns -1; a module that declares more is
  /// refused with `limit_exceeded`.
  std::size_t memory_bytes = 256U << 20U;

  /// Of each table. `table.grow` past it returns -1; a module that declares more is refused with
  /// `limit_exceeded`.
  std::size_t table_elements = 100'000;

  /// How many linear memories, and how many tables, a module may have.
  std::size_t memories = 1;
  std::size_t tables = 16;

  /// Fuel for each entry into the guest: a call, or a start function. Roughly an instruction takes
  /// one; only engines whose info says `counts_fuel` know it, others refuse it with `unsupported`.
  /// A guest that has used it up ends with `limit_exceeded`. None: as much as it likes.
  std::optional<std::uint64_t> fuel = std::nullopt;
};

enum class ExternKind : std::uint8_t { function, memory, table, global, tag };

[[nodiscard]] std::string_view to_string(ExternKind kind) noexcept;

struct Import {
  std::string module;
  std::string name;
  ExternKind kind;
  FunctionType type;  ///< Of a function; otherwise empty.
};

struct Export {
  std::string name;
  ExternKind kind;
  FunctionType type;  ///< Of a function; otherwise empty.
};

/// The position of a function in `Module::exports()`.
enum class ExportIndex : std::size_t {};

/// A running guest. Not thread-safe, but not bound to a thread either.
class Instance : public Caller {
 public:
  /// Runs the exported function until it returns, fails, or `budget` is spent; looks at the budget
  /// at least once a millisecond while guest code runs. `arguments` are as many as the function
  /// has parameters, as raw bits; so is the result, 0 when the function has none.
  ///
  /// Fails with `trapped` (with the guest's frames), `deadline_exceeded`, `cancelled`, or with the
  /// error that a host function returned, to which the guest's frames are added if it is `trapped`
  /// and has none; with `limit_exceeded` when the thread has too little native stack, `unsupported`
  /// when the function takes or gives more than whole numbers, `internal` when the engine is at
  /// fault. Whatever the error, the instance is spent, save two: one whose guest was not entered
  /// (see `was_entered`), and after an error of a host function the engine can enter it again, if
  /// the host finds that right.
  [[nodiscard]] virtual Result<std::uint64_t> call(ExportIndex function,
                                                   std::span<const std::uint64_t> arguments,
                                                   const Budget& budget) = 0;

  /// Whether the last call came as far as guest code. When it did not, the instance is as it was.
  [[nodiscard]] virtual bool was_entered() const noexcept { return true; }
};

/// A module and what it imports. Immutable and thread-safe.
class LinkedModule {
 public:
  virtual ~LinkedModule() = default;

  /// Whether the calling thread may enter guest code. Fails as `Instance::call` then would:
  /// `limit_exceeded` for too little native stack, `unsupported` in a process that was forked off.
  [[nodiscard]] virtual Result<> may_enter() const { return {}; }

  /// Also runs the start section, within `budget`. `states[i]` is for the functions of the i-th
  /// table linked, of that table's type, and outlives the instance; the span itself is copied.
  ///
  /// Fails with `limit_exceeded` when the module declares more than `limits` allow or the machine
  /// cannot give it, and as `Instance::call` does when the start section fails.
  [[nodiscard]] virtual Result<std::unique_ptr<Instance>> instantiate(
      std::span<HostState* const> states, const InstanceLimits& limits,
      const Budget& budget) const = 0;
};

/// Compiled code. Immutable and thread-safe.
class Module {
 public:
  virtual ~Module() = default;

  [[nodiscard]] virtual std::span<const Import> imports() const noexcept = 0;
  [[nodiscard]] virtual std::span<const Export> exports() const noexcept = 0;

  /// Fails with `invalid_module`; its message lists every import that no table offers (see
  /// `resolve_imports`). Copies the tables, not their functions.
  [[nodiscard]] virtual Result<std::shared_ptr<const LinkedModule>> link(
      std::span<const ImportTable> tables) const = 0;

  /// For how many instances there is room made beforehand, so that they are there at once; 0 where
  /// engines make none, or this module has none.
  [[nodiscard]] virtual std::size_t instance_slots() const noexcept { return 0; }

  /// The bytes that `Engine::restore` makes the module of again. Fails with `unsupported` where
  /// engines make none (`EngineInfo::makes_artefacts`), `internal` when this one failed to.
  [[nodiscard]] virtual Result<Bytes> artefact() const;

  /// Bytes of memory that it takes, however many instances there are; 0 where the engine does not
  /// say.
  [[nodiscard]] virtual std::size_t code_bytes() const noexcept;

  /// Bytes that each instance takes beside its memories, about; 0 where that is little.
  [[nodiscard]] virtual std::size_t instance_bytes() const noexcept;
};

/// How an engine runs code.
enum class Execution : std::uint8_t { compiled, interpreted, native };

[[nodiscard]] std::string_view to_string(Execution execution) noexcept;

/// What an engine says of itself. A value.
struct EngineInfo {     // NOLINT(cppcoreguidelines-pro-type-member-init): engines fill it.
  std::string name;     ///< Such as `wasmtime`.
  std::string version;  ///< Of the engine, not of the provider.
  Execution execution;
  FeatureSet features;       ///< What modules may need; empty where the engine runs no WebAssembly.
  bool counts_fuel = false;  ///< Whether `InstanceLimits::fuel` means something to it.
  bool makes_artefacts = false;    ///< Whether its modules can be restored.
  std::string code_settings = {};  ///< Those that artefacts depend on, with name and version.
};

struct CompileOptions {
  ModuleLimits limits = {};

  /// How long the caller waits. Compiling itself cannot be interrupted: an engine goes on with it
  /// behind a caller who has given up, and drops what comes of it.
  Budget budget = {};

  /// Is told of the module when it is made, also behind a caller who has given up, and then on
  /// another thread; a caller who has not waits for it. An engine that never goes on behind its
  /// callers need not call it. Does not throw.
  std::function<void(const Module&)> made = {};
};

/// One way of running WebAssembly. Thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;

  [[nodiscard]] virtual const EngineInfo& info() const noexcept = 0;

  /// Fails with `invalid_module`, saying where and why, or `limit_exceeded` when the module is
  /// beyond the limits, or what the reader or the thread's native stack can take. Fails with
  /// `deadline_exceeded` or `cancelled` when the budget is spent before the module is compiled, and
  /// with `overloaded` when too many are still being compiled behind callers that gave up; the
  /// engine's destructor waits for those. Copies what it needs of `wasm`.
  [[nodiscard]] virtual Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const = 0;

  /// The same with the default options.
  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(BytesView wasm) const {
    return compile(wasm, CompileOptions{});
  }

  /// Makes a module of an artefact, which the caller vouches for: that it is of a module that
  /// `compile` made of `wasm` with these limits, on an engine with the same name, version and
  /// settings. Anything else runs as machine code all the same, and may do anything. Fails with
  /// `unsupported` when it sees that the artefact is for another engine or machine, or makes none.
  [[nodiscard]] virtual Result<std::shared_ptr<const Module>> restore(
      const Artefact& artefact, BytesView wasm, const ModuleLimits& limits) const;
};

/// Where `module` exports the function `name`; nothing when it does not.
[[nodiscard]] std::optional<ExportIndex> find_function(const Module& module, std::string_view name);

}  // namespace wapc
