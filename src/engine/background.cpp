#include "engine/background.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "base/try.hpp"

namespace wapc {

struct Background::Work {
  std::mutex mutex;
  std::condition_variable_any finished;
  bool is_finished = false;
  std::jthread thread;  // Last, so that it ends before what it uses.

  void finish() {
    // Told within the lock: who waits may drop all of this as soon as it is his.
    const std::scoped_lock lock{mutex};
    is_finished = true;
    finished.notify_all();
  }

  /// Whether it was finished before `budget` was spent.
  [[nodiscard]] bool wait(const Budget& budget) {
    const auto done = [this] { return is_finished; };
    std::unique_lock lock{mutex};
    if (budget.deadline == Budget::Clock::time_point::max()) {
      return finished.wait(lock, budget.stop, done);
    }
    return finished.wait_until(lock, budget.stop, budget.deadline, done);
  }

  [[nodiscard]] bool finished_by_now() {
    const std::scoped_lock lock{mutex};
    return is_finished;
  }
};

Background::~Background() {
  // Their threads are not there to be joined.
  if (forks() == forks_before_) return;
  [[maybe_unused]] const auto* const left_behind = behind_.release();
}

void Background::forget_finished() {
  std::erase_if(*behind_, [](const auto& work) { return work->finished_by_now(); });
}

Result<> Background::run(const Budget& budget, std::function<void()> work) {
  if (!budget.limited()) {
    work();
    return {};
  }
  if (auto left = budget.check(); !left) return left;
  {
    const std::scoped_lock lock{mutex_};
    forget_finished();
    if (behind_->size() >= behind_max_) {
      return failure(Errc::overloaded, std::to_string(behind_max_) +
                                           " modules are still being compiled behind callers that "
                                           "gave up waiting");
    }
  }
  const auto started = std::make_shared<Work>();
  try {
    // The thread refers to what owns it, and is joined before that goes.
    started->thread = std::jthread{[&own = *started, work = std::move(work)]() mutable {
      work();
      work = nullptr;  // What it owned goes before anybody hears that it is done.
      own.finish();
    }};
  } catch (const std::system_error&) {
    return failure(Errc::limit_exceeded, "no thread to compile the module on");
  }
  if (started->wait(budget)) return {};
  const std::scoped_lock lock{mutex_};
  behind_->push_back(started);
  const auto why = budget.spent(Budget::Clock::now());
  return std::unexpected{budget_spent(why.value_or(Errc::deadline_exceeded))};
}

Result<std::shared_ptr<const Module>> compile_behind(
    Background& background, BytesView wasm, const CompileOptions& options,
    std::function<Result<std::shared_ptr<const Module>>(BytesView, const ModuleLimits&)> compile) {
  if (!options.budget.limited()) return compile(wasm, options.limits);
  if (wasm.size() > options.limits.bytes) return compile(wasm, options.limits);  // Refuses it.

  struct Shared {
    Bytes wasm;
    ModuleLimits limits;
    Result<std::shared_ptr<const Module>> module;
  };

  // The bytes are the caller's, who may be gone before the engine has done with them.
  const auto shared = std::make_shared<Shared>(
      Shared{{wasm.begin(), wasm.end()}, options.limits, std::shared_ptr<const Module>{}});
  WAPC_CHECK(background.run(options.budget, [shared, compile = std::move(compile)] {
    shared->module = compile(shared->wasm, shared->limits);
  }));
  return std::move(shared->module);
}

}  // namespace wapc
