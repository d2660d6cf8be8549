#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "engine/fork.hpp"
#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

/// Does work that cannot be interrupted, such as compiling, for callers who wait for a while only.
/// Thread-safe.
class Background {
 public:
  /// Works on so much at once: each piece holds a module's bytes, and a processor.
  explicit Background(std::size_t at_once_max = std::max(4U, std::thread::hardware_concurrency()));

  /// Waits for the work that is still going on; in a process that was forked off since there is
  /// none.
  ~Background();

  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Does `work` and returns once it is done: on this thread when `budget` can never be spent, else
  /// on another, when its turn has come. Fails with `deadline_exceeded` or `cancelled` when the
  /// budget is spent first: then work that has begun goes on, and so `work` owns all that it uses.
  /// Fails with `overloaded` when all there is room for goes on behind callers that gave up,
  /// `limit_exceeded` when there is no thread to be had. `work` does not throw.
  [[nodiscard]] Result<> run(const Budget& budget, std::function<void()> work);

 private:
  struct Work;
  struct Shared;

  const std::uint32_t forks_before_ = watch_forks();
  const std::size_t at_once_max_;
  // In a forked process it is left as it is: nobody knows in which state threads have left it.
  std::unique_ptr<Shared> shared_;
};

/// Compiles `wasm` by `compile`, which is a function of the bytes and the limits that owns all else
/// that it uses, for a caller who waits as long as `options.budget` allows; see `Engine::compile`.
[[nodiscard]] Result<std::shared_ptr<const Module>> compile_behind(
    Background& background, BytesView wasm, const CompileOptions& options,
    std::function<Result<std::shared_ptr<const Module>>(BytesView, const ModuleLimits&)> compile);

}  // namespace wapc
