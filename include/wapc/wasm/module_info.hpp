#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/engine/features.hpp"
#include "wapc/engine/module_limits.hpp"

// The binary format of WebAssembly modules: validated in full and described, run by nobody.

namespace wapc {

class SourceLines;  // Ours: for backtraces.

/// A linear memory as declared or imported.
struct MemoryType {
  std::uint64_t pages_min = 0;
  std::optional<std::uint64_t> pages_max;
  std::uint64_t page_bytes = 65'536;  ///< 65,536 but for custom page sizes.
  bool shared = false;
  bool is_64 = false;

  friend bool operator==(const MemoryType&, const MemoryType&) = default;
};

/// A table as declared or imported.
struct TableType {
  std::uint64_t elements_min = 0;
  std::optional<std::uint64_t> elements_max;

  friend bool operator==(const TableType&, const TableType&) = default;
};

/// One section of the binary, in file order.
struct Section {
  std::string name;    ///< `type`, `code`, ..., or `custom NAME`.
  std::size_t offset;  ///< Of its first byte after id and size, from the start of the file.
  std::size_t size;    ///< Bytes of its contents.
};

/// A line of the `producers` section: who made the module.
struct Producer {
  std::string field;  ///< `language`, `processed-by` or `sdk`.
  std::string name;
  std::string version;  ///< May be empty.
};

/// What a module declares. Text is as in the file: UTF-8 (validation sees to it), otherwise
/// hostile.
struct ModuleInfo {
  std::vector<Import> imports;       ///< In the order of the file, all kinds.
  std::vector<Export> exports;       ///< In the order of the file, all kinds.
  std::vector<MemoryType> memories;  ///< By memory index: imported ones first.
  std::vector<TableType> tables;     ///< By table index: imported ones first.
  /// By position in `exports`: the index that the export has in its index space.
  std::vector<std::uint32_t> export_indices;
  /// From the name section: as many as there are functions, by index, empty where one has no name;
  /// or none at all, when no function has a name.
  std::vector<std::string> function_names;
  std::uint32_t functions = 0;         ///< All functions, the imported ones too.
  std::uint32_t globals = 0;           ///< All globals, the imported ones too.
  std::optional<std::uint32_t> start;  ///< The function of the start section.
  std::vector<Section> sections;
  std::vector<Producer> producers;  ///< At most 256.
  /// From DWARF, a copy of what is needed of it; null when there is none, or more than 16 MiB.
  std::shared_ptr<const SourceLines> source_lines;
};

/// Validates `wasm` in full, function bodies included, as a module that may use `features`, and
/// describes it. Fails with `invalid_module`: not WebAssembly, truncated, a component, valid only
/// with features that `features` lacks (the message names them), or not valid (the message says
/// why, and the offset in bytes where that is known). Fails with `limit_exceeded` when it is beyond
/// `limits`, found out before more of it is looked at, or has more than 100,000 sections. Custom
/// sections that make no sense are no failure. Thread-safe.
[[nodiscard]] Result<ModuleInfo> read_module(BytesView wasm, FeatureSet features,
                                             const ModuleLimits& limits = {});

/// Describes a module that `read_module` has accepted before, with these arguments: for a tenth of
/// the time, as function bodies are not looked at. What else is wrong is found as there.
/// Thread-safe.
[[nodiscard]] Result<ModuleInfo> describe_module(BytesView wasm, FeatureSet features,
                                                 const ModuleLimits& limits = {});

/// The least features that `wasm` needs: it is valid with them, and not with any of them less.
/// Where one of two would do, the earlier in `Feature`. Fails as `read_module` with all features
/// does. Reads the module once for each feature there is, and once more.
[[nodiscard]] Result<FeatureSet> features_needed(BytesView wasm, const ModuleLimits& limits = {});

/// Fails with `limit_exceeded` when what `module` declares (at its minimum) is more than `limits`
/// allow; the message names the thing, the number and the limit.
[[nodiscard]] Result<> check_declared(const ModuleInfo& module, const InstanceLimits& limits);

}  // namespace wapc
