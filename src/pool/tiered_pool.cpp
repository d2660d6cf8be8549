#include "wapc/pool/tiered_pool.hpp"

#include <cassert>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/try.hpp"
#include "engine/fork.hpp"
#include "engine/native_thread.hpp"

namespace wapc {

using Loaded = Result<std::shared_ptr<const GuestModule>>;

class TieredPool::Core {
 public:
  Core(std::shared_ptr<const Engine> second, BytesView wasm, TieredOptions options)
      : second_{std::move(second)}, wasm_{wasm.begin(), wasm.end()}, options_{std::move(options)} {}

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  ~Core() { stop_.request_stop(); }

  [[nodiscard]] bool forked() const noexcept { return forks() != forks_before_; }

  [[nodiscard]] Result<> begin(const Engine& first, const Budget& budget);

  [[nodiscard]] Pool& pool() const noexcept { return *pool_; }

  [[nodiscard]] TierStatus status() const {
    if (forked()) return {};
    const std::scoped_lock lock{mutex_};
    return status_;
  }

 private:
  // How calls began to be answered, once they are.
  enum class Served : std::uint8_t { not_yet, by_first, by_second };

  void bring_second();
  [[nodiscard]] std::optional<Loaded> take_second(const Budget& budget);
  [[nodiscard]] Result<> serve_first(const Engine& first, const Budget& budget);
  [[nodiscard]] Result<> serve(std::shared_ptr<const GuestModule> module, Served by,
                               const Budget& budget);

  const std::uint32_t forks_before_ = watch_forks();
  const std::shared_ptr<const Engine> second_;
  Bytes wasm_;  // Until it is loaded.
  const TieredOptions options_;
  std::unique_ptr<Pool> pool_;  // From `served_` on.

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Loaded> loaded_;  // By the second engine.
  Served served_ = Served::not_yet;
  TierStatus status_;

  std::stop_source stop_;
  std::optional<NativeThread> thread_;  // Last, so that it ends first.
};

Result<> TieredPool::Core::begin(const Engine& first, const Budget& budget) {
  constexpr std::size_t kStack = 8U << 20U;  // Guests start on it.
  thread_ = NativeThread::start(kStack, [this] { bring_second(); });
  if (!thread_) return failure(Errc::limit_exceeded, "no thread to load the guest on");

  auto second = take_second(budget.within(options_.patience, Budget::Clock::now()));
  WAPC_CHECK(budget.check());
  if (!second || !*second) {
    const auto served = serve_first(first, budget);
    if (served || served.error().code() == Errc::invalid_options) return served;
    if (!second) second = take_second(budget);
    WAPC_CHECK(budget.check());
    if (!second) return served;
  }
  WAPC_TRY(auto module, *std::move(second));
  return serve(std::move(module), Served::by_second, budget);
}

/// What the second engine made of the guest; nothing when the budget was spent before.
std::optional<Loaded> TieredPool::Core::take_second(const Budget& budget) {
  std::unique_lock lock{mutex_};
  const auto is_loaded = [this] { return loaded_.has_value(); };
  if (budget.deadline == Budget::Clock::time_point::max()) {
    changed_.wait(lock, budget.stop, is_loaded);
  } else {
    changed_.wait_until(lock, budget.stop, budget.deadline, is_loaded);
  }
  return std::exchange(loaded_, std::nullopt);
}

Result<> TieredPool::Core::serve_first(const Engine& first, const Budget& budget) {
  WAPC_TRY(auto module, GuestModule::load(first, wasm_, options_.module, budget));
  return serve(std::move(module), Served::by_first, budget);
}

Result<> TieredPool::Core::serve(std::shared_ptr<const GuestModule> module, Served by,
                                 const Budget& budget) {
  WAPC_TRY(pool_, Pool::start(std::move(module), options_.pool, budget));
  const std::scoped_lock lock{mutex_};
  served_ = by;
  if (by == Served::by_second) status_.phase = TierStatus::Phase::second;
  changed_.notify_all();
  return {};
}

void TieredPool::Core::bring_second() {
  const Budget budget{.stop = stop_.get_token()};
  auto loaded = GuestModule::load(*second_, wasm_, options_.module, budget);
  {
    std::unique_lock lock{mutex_};
    if (served_ == Served::not_yet) loaded_ = loaded;
    changed_.notify_all();
    changed_.wait(lock, budget.stop, [this] { return served_ != Served::not_yet; });
    loaded_.reset();
    wasm_ = {};  // Nobody loads it any more.
    if (served_ != Served::by_first) return;
  }
  Result<> swapped;
  if (loaded) {
    swapped = pool_->swap(*std::move(loaded), {.from_version = 1}, budget);
  } else {
    swapped = std::unexpected{std::move(loaded).error()};
  }
  const std::scoped_lock lock{mutex_};
  status_.phase = swapped ? TierStatus::Phase::second : TierStatus::Phase::gave_up;
  if (!swapped) status_.reason = swapped.error().message();
}

Result<std::unique_ptr<TieredPool>> TieredPool::start(const std::shared_ptr<const Engine>& first,
                                                      std::shared_ptr<const Engine> second,
                                                      BytesView wasm, TieredOptions options,
                                                      const Budget& budget) {
  assert(first && second);
  auto core = std::make_unique<Core>(std::move(second), wasm, std::move(options));
  WAPC_CHECK(core->begin(*first, budget));
  return std::unique_ptr<TieredPool>{new TieredPool{std::move(core)}};
}

TieredPool::TieredPool(std::unique_ptr<Core> core) : core_{std::move(core)} {}

TieredPool::~TieredPool() {
  if (!core_->forked()) return;  // Else its thread is not here, and nobody knows what it left.
  [[maybe_unused]] const auto* const left_behind = core_.release();
}

Result<> TieredPool::invoke_into(const Invocation& invocation, Bytes& response) {
  return core_->pool().invoke_into(invocation, response);
}

Pool& TieredPool::pool() noexcept {
  return core_->pool();
}

TierStatus TieredPool::status() const {
  return core_->status();
}

}  // namespace wapc
