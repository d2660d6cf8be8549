#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "base/try.hpp"
#include "engine/background.hpp"
#include "providers/wasm3/core.hpp"
#include "providers/wasm3/module.hpp"
#include "wapc/providers/wasm3.hpp"

namespace wapc {
namespace wasm3 {
namespace {

constexpr std::size_t kStackMin = 16U << 10U;
constexpr std::size_t kStackMax = 1U << 30U;

class Wasm3Engine final : public Engine {
 public:
  explicit Wasm3Engine(std::shared_ptr<const Core> core) : core_{std::move(core)} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return core_->info(); }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override {
    if (!core_->ticker().alive()) return std::unexpected{forked_since()};
    return compile_behind(
        background_, wasm, options,
        [core = core_](BytesView bytes,
                       const ModuleLimits& limits) -> Result<std::shared_ptr<const Module>> {
          // wasm3 never sees a module that is not valid.
          WAPC_TRY(auto info, read_module(bytes, core->info().features, limits));
          return Wasm3Module::compile(core, std::move(info), bytes);
        });
  }

 private:
  std::shared_ptr<const Core> core_;
  mutable Background background_;  // Locks itself.
};

Result<> check_size(std::string_view name, std::size_t bytes) {
  if (bytes >= kStackMin && bytes <= kStackMax) return {};
  return failure(Errc::invalid_options, "wasm3: " + std::string{name} + " is " +
                                            std::to_string(bytes) +
                                            ", and must be from 16 KiB to 1 GiB");
}

Result<> check(const Wasm3Options& options) {
  WAPC_CHECK(check_size("value_stack_bytes", options.value_stack_bytes));
  WAPC_CHECK(check_size("stack_bytes", options.stack_bytes));
  if (options.tick < std::chrono::milliseconds{1}) {
    return failure(Errc::invalid_options, "wasm3: the tick must be a millisecond or more");
  }
  return {};
}

}  // namespace
}  // namespace wasm3

Result<std::unique_ptr<Engine>> make_wasm3_engine(const Wasm3Options& options) {
  WAPC_CHECK(wasm3::check(options));
  try {
    return std::make_unique<wasm3::Wasm3Engine>(std::make_shared<const wasm3::Core>(options));
  } catch (const std::system_error&) {
    return failure(Errc::limit_exceeded, "wasm3: no thread for its ticks");
  }
}

}  // namespace wapc
