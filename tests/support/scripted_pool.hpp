#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "support/scripted_engine.hpp"
#include "wapc/pool/pool.hpp"

// Pools of guests that are C++ functions, and callers whose calls a test holds for a while.

namespace wapc::testing {

inline Result<std::uint64_t> respond(ScriptedGuest& guest, std::string_view text = "done") {
  auto responded = guest.host("__guest_response", {900, guest.put(900, text)});
  if (!responded) return responded;
  return 1;
}

inline Result<std::uint64_t> trap(ScriptedGuest& /*guest*/) {
  return failure(Errc::trapped, "unreachable");
}

inline std::shared_ptr<const GuestModule> load(ScriptedModule module) {
  return GuestModule::load(ScriptedEngine{std::move(module)}, {}).value();
}

inline std::shared_ptr<const GuestModule> load(Script guest_call) {
  return load(ScriptedModule{.functions = {{"__guest_call", std::move(guest_call)}}});
}

/// A guest that answers with `name`.
inline std::shared_ptr<const GuestModule> answering_with(std::string name) {
  return load([name](ScriptedGuest& guest) { return respond(guest, name); });
}

/// Calls the host, with nothing.
inline Result<std::uint64_t> ask(ScriptedGuest& guest) {
  return guest.host("__host_call", {0, 0, 0, 0, 0, 0, 0, 0});
}

/// The operation of the call that a script answers.
inline std::string operation_of(ScriptedGuest& guest) {
  const auto length = guest.argument(0);
  if (!guest.host("__guest_request", {0, 1024})) return {};
  return std::string{as_text(BytesView{guest.memory()}.first(length))};
}

/// Waits until something that other threads do has come to hold.
template <typename Condition>
void wait_until(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

/// Where scripts wait until they are let go, or their budget is spent.
class Gate {
 public:
  Result<> pass(const Budget& budget) {
    ++arrived_;
    while (!open_) {
      if (auto left = budget.check(); !left) return left;
      std::this_thread::yield();
    }
    return {};
  }

  /// Until so many have ever come.
  void await(int arrived) const {
    wait_until([&] { return arrived_ >= arrived; });
  }

  void open() { open_ = true; }

 private:
  std::atomic<int> arrived_ = 0;
  std::atomic<bool> open_ = false;
};

/// A call on a thread of its own.
class Caller {
 public:
  explicit Caller(Invoker& invoker, Invocation invocation = {.operation = "any"})
      : outcome_{std::async(std::launch::async,
                            [&invoker, invocation] { return invoker.invoke(invocation); })} {}

  Result<Bytes> outcome() { return outcome_.get(); }

 private:
  std::future<Result<Bytes>> outcome_;
};

inline const Invocation kAny{.operation = "any"};
inline const Invocation kWait{.operation = "wait"};

/// A guest that waits at `gate` when its operation is `wait`, and traps when it is `trap`.
inline Script waiting_at(std::shared_ptr<Gate> gate) {
  return [gate](ScriptedGuest& guest) -> Result<std::uint64_t> {
    const auto operation = operation_of(guest);
    if (operation == "trap") return trap(guest);
    if (operation == "wait") {
      if (auto passed = gate->pass(guest.budget()); !passed) {
        return std::unexpected{passed.error()};
      }
    }
    return respond(guest, operation);
  };
}

/// A pool of such guests.
struct Gated {
  explicit Gated(PoolOptions options)
      : pool{Pool::start(load(waiting_at(gate)), std::move(options)).value()} {}

  ~Gated() { gate->open(); }

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  std::unique_ptr<Pool> pool;
};

/// Waits until so many callers are in the queue.
inline void await_waiters(const Pool& pool, std::size_t count) {
  wait_until([&] { return pool.stats().waiting_now == count; });
}

}  // namespace wapc::testing
