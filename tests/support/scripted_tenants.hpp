#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "support/scripted_pool.hpp"
#include "wapc/tenants/tenants.hpp"

// Tenants whose guests are C++ functions.

namespace wapc::testing {

/// An engine to which the bytes of a module are its name. Thread-safe.
class NamedEngine final : public Engine {
 public:
  const EngineInfo& info() const noexcept override { return info_; }

  Result<std::shared_ptr<const Module>> compile(BytesView wasm,
                                                const CompileOptions& options) const override {
    ++compiled;
    if (auto may = before_compiling(options.budget); !may) return std::unexpected{may.error()};
    const std::scoped_lock lock{mutex_};
    const auto found = modules_.find(std::string{as_text(wasm)});
    if (found == modules_.end()) return failure(Errc::invalid_module, "nobody knows it");
    return ScriptedEngine{found->second}.compile(wasm, options);
  }

  using Engine::compile;

  void offer(const std::string& name, ScriptedModule module) {
    const std::scoped_lock lock{mutex_};
    modules_.insert_or_assign(name, std::move(module));
  }

  mutable std::atomic<int> compiled = 0;  ///< How often it was asked to.
  std::function<Result<>(const Budget&)> before_compiling = [](const Budget&) {
    return Result<>{};
  };

 private:
  EngineInfo info_{.name = "named", .version = "1", .execution = Execution::native, .features = {}};
  mutable std::mutex mutex_;
  std::map<std::string, ScriptedModule> modules_;
};

inline constexpr std::size_t kPage = 65536;  // What each scripted guest has of memory.

/// Tenants of such an engine.
struct NamedTenants {
  explicit NamedTenants(TenantsOptions options = {})
      : tenants{Tenants::make(engine, std::move(options)).value()} {}

  ~NamedTenants() { gate->open(); }

  /// Adds a tenant; its guest answers as `waiting_at(gate)` does, if nothing else is told.
  void add(const std::string& name, PoolOptions pool = {}, ScriptedModule module = {}) {
    if (module.functions.empty()) module.functions = {{"__guest_call", waiting_at(gate)}};
    engine->offer(name, std::move(module));
    ASSERT_TRUE(tenants->add(name, made_of(name, std::move(pool))));
  }

  static Tenant made_of(const std::string& name, PoolOptions pool = {}) {
    const auto wasm = [name](const Budget&) -> Result<Bytes> {
      return Bytes{as_bytes(name).begin(), as_bytes(name).end()};
    };
    return {.wasm = wasm, .pool = std::move(pool)};
  }

  /// The outcome of a call.
  Result<Bytes> call(const std::string& name, const Invocation& invocation = kAny) const {
    return tenants->invoke(name, invocation);
  }

  std::shared_ptr<Invoker> find(const std::string& name) const {
    return tenants->find(name).value();
  }

  TenantStats stats(const std::string& name) const { return tenants->stats(name).value(); }

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  std::shared_ptr<NamedEngine> engine = std::make_shared<NamedEngine>();
  std::unique_ptr<Tenants> tenants;
};

}  // namespace wapc::testing
