#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/problem.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/wasm/module_info.hpp"

namespace wapc::cli {

/// Whether one built-in engine can run the module.
struct EngineVerdict {
  std::string engine;
  std::optional<Error> why_not = {};
  FeatureSet missing = {};  ///< What the module needs and the engine lacks.
};

/// What `wapc inspect` found out about a module that is valid.
struct Inspection {
  std::string file;
  std::size_t size = 0;
  ModuleInfo module;
  FeatureSet features;                     ///< That it needs.
  std::optional<Error> why_no_guest = {};  ///< None when it is a waPC guest.
  bool is_command = false;                 ///< A program for WASI, and no waPC guest.
  std::string protocol;                    ///< Which, and how that shows.
  std::vector<std::string> traits;         ///< Signs of an SDK or language, each with its evidence.
  std::vector<std::string> start_functions;  ///< In the order in which they are called.
  std::vector<EngineVerdict> engines;
};

enum class EngineCheck {
  by_reading,  ///< Features, imports and limits, at once.
  by_loading,  ///< Loads and starts the guest on the engine, which runs its start functions.
};

using EngineWrapper = std::function<std::unique_ptr<Engine>(std::unique_ptr<Engine>)>;

/// Loads by way of what `wrapper` makes of each engine, if there is one. Fails with
/// `invalid_module` when `wasm` is no valid module.
[[nodiscard]] Result<Inspection> inspect(std::string file, BytesView wasm, EngineCheck check,
                                         const EngineWrapper& wrapper = nullptr);

[[nodiscard]] std::string describe(const Inspection& inspection);
[[nodiscard]] nlohmann::json to_json(const Inspection& inspection);

}  // namespace wapc::cli
