#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "wapc/host/guest_module.hpp"
#include "wapc/host/host.hpp"
#include "wapc/rpc/invoker.hpp"

namespace wapc::cli {

/// What `wapc bench` calls, from as many threads as it was started for.
class BenchTarget : public Invoker {
 public:
  /// How many host calls there were so far. Asked while nobody calls, as is the other.
  [[nodiscard]] virtual std::uint64_t host_calls() const = 0;

  /// How large the memory of an instance is; 0 when none lives.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

struct BenchTargetOptions {
  std::size_t threads = 1;
  bool fresh = false;  ///< Each call starts an instance of its own, which ends with it.
};

/// For one thread a host, for several a pool with an instance for each: what a program with so many
/// threads would use. Fails as `Host::start` and `Pool::start` do.
[[nodiscard]] Result<std::unique_ptr<BenchTarget>> start_target(
    std::shared_ptr<const GuestModule> module, HostOptions options, BenchTargetOptions target,
    const Budget& budget);

}  // namespace wapc::cli
