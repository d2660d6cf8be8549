#pragma once

#include "wapc/engine/engine.hpp"

namespace wapc::cli {

/// An engine that reads modules, and runs none: with it `GuestModule::load` checks a guest as it
/// does for an engine that has these features, without that engine's time for compiling.
class ReadingEngine final : public Engine {
 public:
  explicit ReadingEngine(FeatureSet features);

  [[nodiscard]] const EngineInfo& info() const noexcept override { return info_; }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override;

 private:
  EngineInfo info_;
};

/// Whether `wapc call` can call it, as far as reading it tells.
[[nodiscard]] bool is_guest(BytesView wasm);

/// Whether `wapc run` can run it, as far as reading it tells.
[[nodiscard]] bool is_command(BytesView wasm);

}  // namespace wapc::cli
