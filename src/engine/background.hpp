#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
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
  /// At most `behind_max` pieces of work go on behind callers that gave up: each holds a module's
  /// bytes, and a processor.
  explicit Background(std::size_t behind_max = 4) : behind_max_{behind_max} {}

  /// Waits for the work that is still going on; in a process that was forked off since there is
  /// none.
  ~Background();

  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Does `work` and returns once it is done: on this thread when `budget` can never be spent, else
  /// on another. Fails with `deadline_exceeded` or `cancelled` when the budget is spent first: then
  /// the work goes on, and so `work` owns all that it uses. Fails with `overloaded` when too much
  /// goes on behind callers already, `limit_exceeded` when there is no thread to be had. `work`
  /// does not throw.
  [[nodiscard]] Result<> run(const Budget& budget, std::function<void()> work);

 private:
  struct Work;

  void forget_finished();

  const std::uint32_t forks_before_ = forks();
  const std::size_t behind_max_;
  std::mutex mutex_;
  std::unique_ptr<std::list<std::shared_ptr<Work>>> behind_ =
      std::make_unique<std::list<std::shared_ptr<Work>>>();
};

/// Compiles `wasm` by `compile`, which is a function of the bytes and the limits that owns all else
/// that it uses, for a caller who waits as long as `options.budget` allows; see `Engine::compile`.
[[nodiscard]] Result<std::shared_ptr<const Module>> compile_behind(
    Background& background, BytesView wasm, const CompileOptions& options,
    std::function<Result<std::shared_ptr<const Module>>(BytesView, const ModuleLimits&)> compile);

}  // namespace wapc
