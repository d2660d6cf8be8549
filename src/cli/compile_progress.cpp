#include "cli/compile_progress.hpp"

#include <utility>

#include <fmt/format.h>

namespace wapc::cli {
namespace {

class ShowingEngine final : public Engine {
 public:
  ShowingEngine(std::shared_ptr<const Engine> engine, CompileProgress progress)
      : engine_{std::move(engine)}, progress_{std::move(progress)} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return engine_->info(); }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override {
    if (progress_.begun) progress_.begun();
    const StatusLine line{
        progress_.line,
        [name = shortened(progress_.guest), begun = std::chrono::steady_clock::now()] {
          const auto taken = std::chrono::steady_clock::now() - begun;
          return fmt::format("wapc: compiling {} ({} s)", name,
                             std::chrono::floor<std::chrono::seconds>(taken).count());
        }};
    return engine_->compile(wasm, options);
  }

  [[nodiscard]] Result<std::shared_ptr<const Module>> restore(
      const Artefact& artefact, BytesView wasm, const ModuleLimits& limits) const override {
    return engine_->restore(artefact, wasm, limits);
  }

 private:
  std::shared_ptr<const Engine> engine_;
  CompileProgress progress_;
};

}  // namespace

std::unique_ptr<Engine> showing(std::shared_ptr<const Engine> engine, CompileProgress progress) {
  return std::make_unique<ShowingEngine>(std::move(engine), std::move(progress));
}

}  // namespace wapc::cli
