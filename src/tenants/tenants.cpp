#include "wapc/tenants/tenants.hpp"

#include <algorithm>
#include <cassert>
#include <thread>
#include <utility>

#include "base/try.hpp"
#include "tenants/core.hpp"

namespace wapc {
namespace {

Result<> check(const TenantsOptions& options) {
  if (options.memory_bytes_max == 0 || options.loaded_max == 0) {
    return failure(Errc::invalid_options,
                   "TenantsOptions::memory_bytes_max and loaded_max must be more than 0");
  }
  if (options.idle_timeout <= std::chrono::nanoseconds{0}) {
    return failure(Errc::invalid_options,
                   "TenantsOptions::idle_timeout must be more than 0; nanoseconds::max() is never");
  }
  if (options.look_every <= std::chrono::nanoseconds{0}) {
    return failure(Errc::invalid_options, "TenantsOptions::look_every must be more than 0");
  }
  return {};
}

}  // namespace

/// A tenant that can be called without its name.
class Tenants::Handle final : public Invoker {
 public:
  Handle(std::shared_ptr<Core> core, std::shared_ptr<tenants::Entry> entry)
      : core_{std::move(core)}, entry_{std::move(entry)} {}

  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override {
    return core_->invoke(*entry_, invocation, response);
  }

 private:
  const std::shared_ptr<Core> core_;
  const std::shared_ptr<tenants::Entry> entry_;
};

Tenants::Tenants(std::shared_ptr<Core> core) : core_{std::move(core)} {}

Result<std::unique_ptr<Tenants>> Tenants::make(std::shared_ptr<const Engine> engine,
                                               TenantsOptions options) {
  assert(engine);
  WAPC_CHECK(check(options));
  if (options.loads_max == 0) options.loads_max = std::max(1U, std::thread::hardware_concurrency());
  auto core = std::make_shared<Core>(std::move(engine), std::move(options));
  WAPC_CHECK(core->begin());
  return std::unique_ptr<Tenants>{new Tenants{std::move(core)}};
}

Tenants::~Tenants() {
  if (core_->forked()) {
    core_->leave_behind();
  } else {
    core_->shut_down();
  }
}

Result<> Tenants::add(std::string name, Tenant tenant) {
  assert(tenant.wasm);
  return core_->add(std::move(name), std::move(tenant));
}

Result<> Tenants::remove(std::string_view name, const Budget& budget) {
  return core_->remove(name, budget);
}

Result<> Tenants::invoke_into(std::string_view name, const Invocation& invocation,
                              Bytes& response) {
  return core_->invoke(name, invocation, response);
}

Result<Bytes> Tenants::invoke(std::string_view name, const Invocation& invocation) {
  Bytes response;
  WAPC_CHECK(invoke_into(name, invocation, response));
  return response;
}

Result<std::shared_ptr<Invoker>> Tenants::find(std::string_view name) const {
  WAPC_TRY(auto entry, core_->find(name));
  return std::make_shared<Handle>(core_, std::move(entry));
}

TenantsStats Tenants::stats() const {
  return core_->stats();
}

Result<TenantStats> Tenants::stats(std::string_view name) const {
  return core_->stats(name);
}

}  // namespace wapc
