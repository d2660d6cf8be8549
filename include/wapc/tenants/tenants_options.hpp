#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>

#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/module_limits.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/pool/pool_options.hpp"
#include "wapc/rpc/event.hpp"

namespace wapc {

/// What one guest is made of, each time that it is loaded.
struct Tenant {
  /// Fetches the module, each time anew: what it gives then is what is loaded. Called on a thread
  /// of the library's own; one that tenants share is called by several threads at once. The budget
  /// is cancelled when the tenant is removed. What it throws is an error.
  std::function<Result<Bytes>(const Budget& budget)> wasm;

  GuestModuleOptions module = {};
  PoolOptions pool = {};
};

/// Fetches a module from a file. Fails with `unavailable` when it cannot be read, and with
/// `limit_exceeded` when it is larger than `bytes_max`: it stops reading there.
[[nodiscard]] std::function<Result<Bytes>(const Budget&)> wasm_from(
    std::filesystem::path file, std::size_t bytes_max = ModuleLimits{}.bytes);

struct TenantsOptions {
  /// Of what is loaded: the code of the modules, and their guests, with what the engine takes for
  /// each, as they were looked at last (see `look_every`). What pools take is not in it.
  std::size_t memory_bytes_max = std::size_t{1} << 30U;

  /// How many are loaded at a time. Each takes a file descriptor or two on wasmtime, and a thread
  /// once its pool has replaced an instance, or has had more than `PoolOptions::instances_min`.
  std::size_t loaded_max = 1000;

  /// One that nobody has called for so long is dropped though there is room; it may be
  /// `look_every` longer. `std::chrono::nanoseconds::max()`: never.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes{10};

  /// How often the memories of guests are looked at, which grow while they are called.
  std::chrono::nanoseconds look_every = std::chrono::seconds{1};

  /// How many are being loaded at a time; 0: as many as the machine has hardware threads.
  std::size_t loads_max = 0;

  /// Gets `tenant_loaded` and `tenant_dropped`, on the thread that loaded or dropped it, and may
  /// call tenants. Those of a tenant come in their order, except that a drop may come late when it
  /// is called again at once. None: they are dropped.
  std::shared_ptr<EventSink> events = nullptr;
};

}  // namespace wapc
