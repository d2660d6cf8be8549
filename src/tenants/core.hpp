#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/fork.hpp"
#include "engine/native_thread.hpp"
#include "tenants/entry.hpp"
#include "tenants/names.hpp"
#include "tenants/room.hpp"
#include "wapc/rpc/event.hpp"
#include "wapc/tenants/tenants.hpp"

namespace wapc {

/// What tenants are made of. Outlives them by as long as handles do. In a process that was forked
/// off since, its locks may be held by threads that are not there: whatever takes one asks `forked`
/// first.
class Tenants::Core : public std::enable_shared_from_this<Core> {
 public:
  using Entry = tenants::Entry;

  /// `options` are checked and complete.
  Core(std::shared_ptr<const Engine> engine, TenantsOptions options);
  ~Core();

  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] bool forked() const noexcept { return forks() != forks_before_; }

  /// Starts the keeper.
  [[nodiscard]] Result<> begin();

  /// In a forked process: it is never freed, as nobody knows in which state the threads that are
  /// not here left it.
  void leave_behind() { left_behind_ = shared_from_this(); }

  /// Removes all tenants, and ends the threads.
  void shut_down();

  [[nodiscard]] Result<> add(std::string name, Tenant tenant);
  [[nodiscard]] Result<> remove(std::string_view name, const Budget& budget);
  [[nodiscard]] Result<std::shared_ptr<Entry>> find(std::string_view name) const;

  [[nodiscard]] Result<> invoke(std::string_view name, const Invocation& invocation,
                                Bytes& response);
  [[nodiscard]] Result<> invoke(Entry& entry, const Invocation& invocation, Bytes& response);

  [[nodiscard]] TenantsStats stats() const;
  [[nodiscard]] Result<TenantStats> stats(std::string_view name) const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  // Why a call is refused.
  [[nodiscard]] static std::unexpected<Error> forked_since();
  [[nodiscard]] static std::unexpected<Error> no_such(std::string_view name);
  [[nodiscard]] static std::unexpected<Error> removed(const std::string& name);

  // calling.cpp: a call, and who waits for a load.
  [[nodiscard]] Result<> call(Entry& entry, const Invocation& invocation, Bytes& response);
  [[nodiscard]] Result<> wait_and_call(Entry& entry, const Invocation& invocation, Bytes& response);
  [[nodiscard]] Result<Pool*> obtain(Entry& entry, const Budget& budget);
  [[nodiscard]] Result<> await(Lock& lock, Entry& entry, const Budget& budget);

  // loading.cpp: threads that load. Under the lock, but for `tell_loaded` and the last.
  [[nodiscard]] static bool awaits_this_thread(const Entry& entry);
  static void set_awaits(const tenants::Load* load);
  [[nodiscard]] static bool await_end(Lock& lock, tenants::Load& load, const Budget& budget);
  [[nodiscard]] std::shared_ptr<tenants::Load> request_load(Lock& lock, Entry& entry);
  void queue(Entry& entry);
  [[nodiscard]] bool unqueue(const Entry& entry);
  void load_queued(const std::stop_token& stop);
  void load(Lock& lock, Entry& entry);
  void tell_loaded(const Entry& entry, const Error* error, std::chrono::nanoseconds took) const;
  void finish_load(Entry& entry, const Result<>& outcome);
  [[nodiscard]] Result<std::unique_ptr<Pool>> load_pool(Entry& entry, const Budget& budget);

  // keeping.cpp: who goes, and the keeper, a thread that looks at what is loaded.
  [[nodiscard]] Result<> make_room(Entry& entry, const tenants::Size& size);
  void drop(tenants::Closed closed, std::string_view why) const;
  void tell(const Entry& entry, Event event) const;
  void keep(const std::stop_token& stop);
  void look();

  // removing.cpp: tenants come and go.
  [[nodiscard]] Result<> remove(Entry& entry, const Budget& budget);
  [[nodiscard]] Result<> end_load(Entry& entry, const Budget& budget);
  [[nodiscard]] Result<> drain(Entry& entry, const Budget& budget);

  const std::uint32_t forks_before_ = watch_forks();
  const std::shared_ptr<const Engine> engine_;
  const TenantsOptions options_;
  tenants::Names names_;
  std::shared_ptr<Core> left_behind_;  // Itself, or nothing.

  // All that follows is under the lock, and so is what entries say of themselves.
  mutable std::mutex mutex_;
  bool ending_ = false;  // Takes no tenants any more.
  tenants::Room room_;
  TenantsStats counted_;  // But for the calls.

  std::deque<std::shared_ptr<Entry>> queue_;  // To be loaded, first come, first served.
  std::condition_variable_any loader_wakes_;
  std::size_t loaders_at_rest_ = 0;
  std::condition_variable_any keeper_wakes_;

  std::stop_source stop_;
  std::optional<NativeThread> keeper_;
  std::vector<NativeThread> loaders_;  // Last, so that they end first.
};

}  // namespace wapc
