#pragma once

#include "wapc/engine/engine.hpp"

namespace wapc::cli {

/// An engine that reads modules, and runs none: with it `GuestModule::load` checks a guest as it
/// does for an engine that has these features, without that engine's time for compiling.
class ReadingEngine final : public Engine {
 public:
  explicit ReadingEngine(FeatureSet features);

  [[nodiscard]] const EngineInfo& info() const noexcept override { return info_; }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(BytesView wasm) const override;

 private:
  EngineInfo info_;
};

}  // namespace wapc::cli
