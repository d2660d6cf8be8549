#include "cli/bench_target.hpp"

#include <atomic>
#include <utility>

#include "base/try.hpp"
#include "wapc/pool/pool.hpp"

namespace wapc::cli {
namespace {

/// Whether the call was let come to its end: of others the host calls do not count, either.
bool was_let(const Result<>& done, const Invocation& invocation) {
  return done || !invocation.budget.stop.stop_requested();
}

class HostTarget final : public BenchTarget {
 public:
  explicit HostTarget(std::unique_ptr<Host> host) : host_{std::move(host)} {}

  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override {
    auto done = host_->invoke_into(invocation, response);
    if (was_let(done, invocation)) host_calls_ += host_->host_calls();
    return done;
  }

  [[nodiscard]] std::uint64_t host_calls() const override { return host_calls_; }

  [[nodiscard]] std::size_t memory_bytes() const override { return host_->memory_bytes(); }

 private:
  std::unique_ptr<Host> host_;
  std::uint64_t host_calls_ = 0;
};

class PoolTarget final : public BenchTarget {
 public:
  explicit PoolTarget(std::unique_ptr<Pool> pool) : pool_{std::move(pool)} {}

  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override {
    return pool_->invoke_into(invocation, response);
  }

  [[nodiscard]] std::uint64_t host_calls() const override { return pool_->stats().host_calls; }

  [[nodiscard]] std::size_t memory_bytes() const override {
    const auto stats = pool_->stats();
    return stats.instances == 0 ? 0 : stats.memory_bytes / stats.instances;
  }

 private:
  std::unique_ptr<Pool> pool_;
};

class FreshTarget final : public BenchTarget {
 public:
  FreshTarget(std::shared_ptr<const GuestModule> module, HostOptions options)
      : module_{std::move(module)}, options_{std::move(options)} {}

  [[nodiscard]] Result<> invoke_into(const Invocation& invocation, Bytes& response) override {
    WAPC_TRY(const auto host, Host::start(module_, options_, invocation.budget));
    auto done = host->invoke_into(invocation, response);
    if (was_let(done, invocation)) {
      host_calls_.fetch_add(host->host_calls(), std::memory_order_relaxed);
    }
    memory_bytes_.store(host->memory_bytes(), std::memory_order_relaxed);
    return done;
  }

  [[nodiscard]] std::uint64_t host_calls() const override { return host_calls_; }

  [[nodiscard]] std::size_t memory_bytes() const override { return memory_bytes_; }

 private:
  std::shared_ptr<const GuestModule> module_;
  HostOptions options_;
  std::atomic<std::uint64_t> host_calls_ = 0;
  std::atomic<std::size_t> memory_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<BenchTarget>> start_target(std::shared_ptr<const GuestModule> module,
                                                  HostOptions options, BenchTargetOptions target,
                                                  const Budget& budget) {
  if (target.threads > 1 && !target.fresh) {
    WAPC_TRY(auto pool, Pool::start(std::move(module),
                                    {.host = std::move(options),
                                     .instances_min = target.threads,
                                     .instances_max = target.threads},
                                    budget));
    return std::make_unique<PoolTarget>(std::move(pool));
  }
  // As a pool does it: directories are opened once, and not for each instance.
  WAPC_TRY(options.grants, WasiGrants::open(std::exchange(options.wasi, {})));
  WAPC_TRY(auto host, Host::start(module, options, budget));
  if (!target.fresh) return std::make_unique<HostTarget>(std::move(host));
  return std::make_unique<FreshTarget>(std::move(module), std::move(options));
}

}  // namespace wapc::cli
