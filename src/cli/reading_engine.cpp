#include "cli/reading_engine.hpp"

#include <memory>
#include <utility>

#include "base/try.hpp"
#include "wapc/engine/link.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/wasi/command.hpp"
#include "wapc/wasm/module_info.hpp"

namespace wapc::cli {
namespace {

class UnrunnableModule final : public LinkedModule {
 public:
  [[nodiscard]] Result<std::unique_ptr<Instance>> instantiate(
      std::span<HostState* const> /*states*/, const InstanceLimits& /*limits*/,
      const Budget& /*budget*/) const override {
    return failure(Errc::unsupported, "a module that was only read cannot be run");
  }
};

class ReadModule final : public Module {
 public:
  explicit ReadModule(ModuleInfo info) : info_{std::move(info)} {}

  [[nodiscard]] std::span<const Import> imports() const noexcept override { return info_.imports; }

  [[nodiscard]] std::span<const Export> exports() const noexcept override { return info_.exports; }

  [[nodiscard]] Result<std::shared_ptr<const LinkedModule>> link(
      std::span<const ImportTable> tables) const override {
    WAPC_CHECK(resolve_imports(info_.imports, tables));
    return std::make_shared<const UnrunnableModule>();
  }

 private:
  ModuleInfo info_;
};

}  // namespace

ReadingEngine::ReadingEngine(FeatureSet features)
    : info_{.name = "reader", .version = "", .execution = Execution::native, .features = features} {
}

Result<std::shared_ptr<const Module>> ReadingEngine::compile(BytesView wasm,
                                                             const CompileOptions& options) const {
  WAPC_TRY(auto info, read_module(wasm, info_.features, options.limits));
  return std::make_shared<const ReadModule>(std::move(info));
}

bool is_guest(BytesView wasm) {
  return GuestModule::load(ReadingEngine{FeatureSet::all()}, wasm).has_value();
}

bool is_command(BytesView wasm) {
  return WasiCommand::load(ReadingEngine{FeatureSet::all()}, wasm).has_value();
}

}  // namespace wapc::cli
