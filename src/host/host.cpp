#include "wapc/host/host.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <exception>
#include <limits>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "base/coarse_clock.hpp"
#include "base/try.hpp"
#include "wapc/base/utf8.hpp"
#include "wapc/protocol/conversation.hpp"

namespace wapc {
namespace {

/// Clears a flag when it goes.
class Cleared {
 public:
  explicit Cleared(std::atomic_flag& flag) : flag_{flag} {}

  Cleared(const Cleared&) = delete;
  Cleared& operator=(const Cleared&) = delete;

  ~Cleared() { flag_.clear(std::memory_order_release); }

 private:
  std::atomic_flag& flag_;
};

// Counted for the process, and not for an engine or a module: logs of all guests go to one place.
std::uint64_t next_guest_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

std::unexpected<Error> busy() {
  return failure(Errc::busy, "the guest is answering a call already");
}

/// The time to count `timeout` from: for a second and more the coarse one is exact enough.
Budget::Clock::time_point now_for(std::chrono::nanoseconds timeout) {
  constexpr std::chrono::seconds kCoarseEnough{1};
  return timeout >= kCoarseEnough ? coarse_now() : Budget::Clock::now();
}

/// Hosts at work on this thread: a handler may call a guest, whose handler calls another.
constinit thread_local std::size_t hosts_at_work = 0;

/// One of them, while it lives.
class AtWork {
 public:
  AtWork() { ++hosts_at_work; }

  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

  ~AtWork() { --hosts_at_work; }
};

std::unexpected<Error> too_many_at_work(std::size_t limit) {
  return failure(Errc::limit_exceeded, "more than " + std::to_string(limit) +
                                           " guests at work on one thread, each called by the "
                                           "handler of the one before");
}

Result<> check_fuel(const EngineInfo& engine, const InstanceLimits& limits) {
  if (!limits.fuel || engine.counts_fuel) return {};
  return failure(Errc::unsupported, "fuel is limited, and this engine (" + engine.name +
                                        ", as it was made) does not count it");
}

/// What a program is told of a start function that failed: its code says whether it was the guest's
/// own doing, and the message which function it was.
Error start_error(const Error& error, std::string_view function) {
  const bool own_doing = error.code() == Errc::trapped || error.code() == Errc::protocol_violation;
  const Error told{own_doing ? Errc::init_failed : error.code(), error.message(),
                   error.backtrace()};
  return told.within(function);
}

}  // namespace

struct Host::Guest {
  Guest(const GuestModule& module, const HostOptions& options,
        const std::shared_ptr<const WasiGrants>& grants, std::uint64_t id)
      : log{std::make_shared<GuestLog>(options.log, id,
                                       GuestLog::Limits{.bytes = options.call_limits.log_bytes,
                                                        .lines = options.call_limits.log_lines})},
        conversation{{.guest_id = id,
                      .handler = options.handler,
                      .log = log,
                      .events = options.events,
                      .limits = options.call_limits,
                      .ending_codes = options.ending_codes}} {
    states.push_back(&conversation);
    if (module.uses_wasi()) {
      wasi = Wasi::make(grants, log);
      states.push_back(wasi.get());
    }
  }

  /// The program makes these, and so what it does is looked at: an engine would find out too late.
  Result<> make_own_states(const GuestModule& module) {
    for (const auto& own : module.own_imports()) {
      auto made = make_state(own);
      if (!made) return std::unexpected{std::move(made).error()};
      own_states.push_back(*std::move(made));
      states.push_back(own_states.back().get());
    }
    return {};
  }

  static Result<std::unique_ptr<HostState>> make_state(const OwnImports& own) noexcept {
    try {
      auto state = own.make_state();
      const auto* const made = state.get();
      if (made != nullptr && typeid(*made) == *own.table.state_type) return state;
      return failure(Errc::internal, "own imports: make_state gave no state of the table's type");
    } catch (const std::exception& e) {
      return failure(Errc::internal, std::string{"own imports: make_state threw: "} + e.what());
    } catch (...) {
      return failure(Errc::internal, "own imports: make_state threw");
    }
  }

  /// Runs a start function. A guest that ends itself with code 0 has ended that function, not its
  /// life: TinyGo's `_start` does so.
  Result<> run(const GuestModule::StartFunction& function, const Budget& budget) {
    conversation.clear();
    const auto returned = instance->call(function.index, {}, budget);
    flush_output();
    if (returned) return {};
    if (wasi && wasi->exit_code() == 0) {
      wasi->forget_exit();
      return {};
    }
    return std::unexpected{start_error(conversation.explain(returned.error()), function.name)};
  }

  void flush_output() {
    if (wasi) wasi->flush();
  }

  void begin(const Invocation& invocation) {
    log->begin_call();
    conversation.begin(invocation);
    if (wasi) wasi->begin_call();
  }

  std::shared_ptr<GuestLog> log;
  Conversation conversation;   // The instance refers to the states, and therefore goes first.
  std::unique_ptr<Wasi> wasi;  // None when the module imports none of it.
  std::vector<std::unique_ptr<HostState>> own_states;
  std::vector<HostState*> states;  // In the order of the tables that the module was linked with.
  std::unique_ptr<Instance> instance;
};

Result<std::unique_ptr<Host>> Host::start(std::shared_ptr<const GuestModule> module,
                                          HostOptions options, const Budget& budget) {
  assert(module);
  std::unique_ptr<Host> host{new Host{std::move(module), std::move(options)}};
  WAPC_CHECK(host->recorded(EventKind::started, [&] { return host->start_first(budget); }));
  return host;
}

Host::Host(std::shared_ptr<const GuestModule> module, HostOptions options)
    : module_{std::move(module)},
      options_{std::move(options)},
      guest_id_{options_.guest_id ? *options_.guest_id : next_guest_id()} {}

Host::~Host() = default;

/// Does `work` and tells what came of it.
template <typename Work>
std::invoke_result_t<Work> Host::recorded(EventKind kind, Work work) const {
  if (options_.events == nullptr) return work();
  const auto begun = Budget::Clock::now();
  auto outcome = work();
  record(kind, outcome ? nullptr : &outcome.error(), begun);
  return outcome;
}

Result<> Host::start_first(const Budget& budget) {
  const AtWork at_work;  // A handler may start guests whose start functions call a handler.
  if (hosts_at_work > options_.nesting_max) return too_many_at_work(options_.nesting_max);
  WAPC_CHECK(check_fuel(module_->engine(), options_.limits));
  if (options_.grants) {
    grants_ = options_.grants;
  } else {
    WAPC_TRY(grants_, WasiGrants::open(std::move(options_.wasi)));
  }
  WAPC_TRY(guest_, start_guest(*module_, budget));
  return {};
}

Result<std::unique_ptr<Host::Guest>> Host::start_guest(const GuestModule& module,
                                                       const Budget& budget) const {
  auto guest = std::make_unique<Guest>(module, options_, grants_, guest_id_);
  WAPC_CHECK(guest->make_own_states(module));
  const auto start = budget.within(options_.start_timeout, now_for(options_.start_timeout));
  auto instance = module.linked().instantiate(guest->states, options_.limits, start);
  guest->flush_output();
  if (!instance) {
    return std::unexpected{
        start_error(guest->conversation.explain(instance.error()), "instantiate")};
  }
  guest->instance = *std::move(instance);
  for (const auto& function : module.start_functions()) {
    WAPC_CHECK(guest->run(function, start));
  }
  return guest;
}

void Host::record(EventKind kind, const Error* error, Budget::Clock::time_point begun,
                  const Invocation* invocation) const {
  Event event{.kind = kind, .guest_id = guest_id_, .duration = Budget::Clock::now() - begun};
  std::string operation;
  std::string message;
  if (invocation != nullptr) {
    operation = to_utf8(invocation->operation);
    event.operation = operation;
    event.payload_bytes = invocation->payload.size();
  }
  if (error != nullptr) {
    message = to_utf8(error->message());
    event.failure = error->code();
    event.message = message;
  }
  record_safely(options_.events.get(), event);
}

// This and the next are in one function with invoke_into: apart, each costs 2 of 60 ns.
[[gnu::always_inline]] inline Result<> Host::answer(const Invocation& invocation,
                                                    const Budget& budget, Bytes& response) {
  if (!guest_) [[unlikely]]
    WAPC_CHECK(restart(budget));
  guest_->begin(invocation);
  const std::array<std::uint64_t, 2> lengths{invocation.operation.size(),
                                             invocation.payload.size()};
  const auto returned = guest_->instance->call(module_->guest_call(), lengths, budget);
  guest_->flush_output();
  if (!returned) [[unlikely]]
    return failed(returned, response);
  return guest_->conversation.finish(returned, response);
}

Result<> Host::failed(const Result<std::uint64_t>& returned, Bytes& response) {
  auto outcome = guest_->conversation.finish(returned, response);
  if (guest_->instance->was_entered()) {
    spent_host_calls_ = guest_->conversation.host_calls();
    guest_.reset();
  }
  return outcome;
}

[[gnu::always_inline]] inline Result<> Host::call(const Invocation& invocation, Bytes& response,
                                                  std::optional<Budget::Clock::time_point>& begun) {
  constexpr auto kLengthMax = std::numeric_limits<std::uint32_t>::max();
  if (invocation.operation.size() > kLengthMax || invocation.payload.size() > kLengthMax) {
    return failure(Errc::limit_exceeded, "an operation or payload of 4 GiB or more");
  }
  if (busy_.test_and_set(std::memory_order_acquire)) return busy();
  const Cleared cleared{busy_};
  const AtWork at_work;
  if (hosts_at_work > options_.nesting_max) return too_many_at_work(options_.nesting_max);
  // Before the guest is entered: what it keeps in memory survives a call that never began.
  if (invocation.budget.stop.stop_requested()) {
    return std::unexpected{budget_spent(Errc::cancelled)};
  }
  begun = now_for(options_.call_timeout);
  return answer(invocation, invocation.budget.within(options_.call_timeout, *begun), response);
}

Result<> Host::invoke_into(const Invocation& invocation, Bytes& response) {
  std::optional<Budget::Clock::time_point> begun;
  if (options_.events == nullptr) return call(invocation, response, begun);
  auto outcome = call(invocation, response, begun);
  if (!outcome) {
    record(EventKind::call_failed, &outcome.error(), begun.value_or(Budget::Clock::now()),
           &invocation);
  }
  return outcome;
}

std::uint64_t Host::host_calls() const noexcept {
  return guest_ ? guest_->conversation.host_calls() : spent_host_calls_;
}

std::size_t Host::memory_bytes() const {
  return guest_ ? guest_->instance->memory().size() : 0;
}

Result<> Host::restart(const Budget& budget) {
  if (failed_start_ && Budget::Clock::now() < failed_start_->next) {
    return std::unexpected{failed_start_->error.within("not started again yet; the last time")};
  }
  WAPC_CHECK(module_->linked().may_enter());  // Else the thread would fail, and not the guest.
  auto guest = recorded(EventKind::started, [&] { return start_guest(*module_, budget); });
  if (guest) {
    guest_ = *std::move(guest);
    failed_start_.reset();
    return {};
  }
  // A caller who gave up, or had too little time, has learnt nothing of the guest.
  if (budget.check()) {
    const auto wait = failed_start_ ? std::min(failed_start_->wait * 2, options_.restart_wait_max)
                                    : options_.restart_wait;
    failed_start_ = {guest.error(), wait, Budget::end_of(wait, Budget::Clock::now())};
  }
  return std::unexpected{std::move(guest).error()};
}

Result<> Host::replace_module(std::shared_ptr<const GuestModule> module, const Budget& budget) {
  assert(module);
  return recorded(EventKind::replaced, [&] { return replace(std::move(module), budget); });
}

Result<> Host::replace(std::shared_ptr<const GuestModule> module, const Budget& budget) {
  if (busy_.test_and_set(std::memory_order_acquire)) return busy();
  const Cleared cleared{busy_};
  const AtWork at_work;
  if (hosts_at_work > options_.nesting_max) return too_many_at_work(options_.nesting_max);
  WAPC_CHECK(check_fuel(module->engine(), options_.limits));
  WAPC_TRY(guest_, recorded(EventKind::started, [&] { return start_guest(*module, budget); }));
  module_ = std::move(module);
  failed_start_.reset();
  return {};
}

}  // namespace wapc
