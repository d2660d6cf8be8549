#include "engine/background.hpp"

#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/try.hpp"
#include "engine/native_thread.hpp"

namespace wapc {

namespace {

// As much as the main thread usually has: compilers recurse.
constexpr std::size_t kStack = 8U << 20U;

}  // namespace

struct Background::Work {
  bool finished = false;
  std::optional<NativeThread> thread;  // Last, so that it ends before what it uses.
};

struct Background::Shared {
  std::mutex mutex;
  std::condition_variable_any changed;  // Something was finished, or a caller gave up.
  std::size_t underway = 0;
  std::list<std::shared_ptr<Work>> behind;  // Whose callers gave up. Last, as it is waited for.

  void forget_finished() {
    std::erase_if(behind, [](const auto& work) { return work->finished; });
  }

  /// Waits for `condition`; whether it came to hold before `budget` was spent.
  [[nodiscard]] bool wait(std::unique_lock<std::mutex>& lock, const Budget& budget,
                          const std::function<bool()>& condition) {
    if (budget.deadline == Budget::Clock::time_point::max()) {
      return changed.wait(lock, budget.stop, condition);
    }
    return changed.wait_until(lock, budget.stop, budget.deadline, condition);
  }

  void finish(Work& work) {
    const std::scoped_lock lock{mutex};
    work.finished = true;
    --underway;
    changed.notify_all();
  }
};

Background::Background(std::size_t at_once_max)
    : at_once_max_{at_once_max}, shared_{std::make_unique<Shared>()} {}

Background::~Background() {
  if (forks() == forks_before_) return;
  [[maybe_unused]] const auto* const left_behind = shared_.release();
}

Result<> Background::run(const Budget& budget, std::function<void()> work) {
  if (!budget.limited()) {
    work();
    return {};
  }
  if (auto left = budget.check(); !left) return left;
  const auto spent = [&budget] {
    const auto why = budget.spent(Budget::Clock::now());
    return std::unexpected{budget_spent(why.value_or(Errc::deadline_exceeded))};
  };
  auto& shared = *shared_;
  const auto started = std::make_shared<Work>();
  std::unique_lock lock{shared.mutex};
  const auto all_behind = [&] {
    shared.forget_finished();
    return shared.behind.size() >= at_once_max_;
  };
  const auto my_turn = [&] { return all_behind() || shared.underway < at_once_max_; };
  if (!shared.wait(lock, budget, my_turn)) return spent();
  if (all_behind()) {
    return failure(Errc::overloaded, std::to_string(at_once_max_) +
                                         " modules are still being compiled behind callers that "
                                         "gave up waiting");
  }
  started->thread =
      NativeThread::start(kStack, [&shared, &own = *started, work = std::move(work)]() mutable {
        work();
        work = nullptr;  // What it owned goes before anybody hears that it is done.
        shared.finish(own);
      });
  if (!started->thread) return failure(Errc::limit_exceeded, "no thread to compile the module on");
  ++shared.underway;
  if (shared.wait(lock, budget, [&] { return started->finished; })) return {};
  shared.behind.push_back(started);
  shared.changed.notify_all();
  return spent();
}

Result<std::shared_ptr<const Module>> compile_behind(
    Background& background, BytesView wasm, const CompileOptions& options,
    std::function<Result<std::shared_ptr<const Module>>(BytesView, const ModuleLimits&)> compile) {
  const auto compile_and_tell = [compile = std::move(compile), made = options.made](
                                    BytesView bytes, const ModuleLimits& limits) {
    auto module = compile(bytes, limits);
    if (module && made) made(**module);
    return module;
  };
  const bool refused = wasm.size() > options.limits.bytes;
  if (refused || !options.budget.limited()) return compile_and_tell(wasm, options.limits);

  struct Shared {
    Bytes wasm;
    ModuleLimits limits;
    Result<std::shared_ptr<const Module>> module;
  };

  // The bytes are the caller's, who may be gone before the engine has done with them.
  const auto shared = std::make_shared<Shared>(
      Shared{{wasm.begin(), wasm.end()}, options.limits, std::shared_ptr<const Module>{}});
  WAPC_CHECK(background.run(options.budget, [shared, compile_and_tell] {
    shared->module = compile_and_tell(shared->wasm, shared->limits);
  }));
  return std::move(shared->module);
}

}  // namespace wapc
