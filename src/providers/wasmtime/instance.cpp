#include "providers/wasmtime/instance.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/try.hpp"
#include "engine/native_stack.hpp"
#include "providers/wasmtime/errors.hpp"

namespace wapc::wasmtime {
namespace {

static_assert(std::endian::native == std::endian::little,
              "wasmtime keeps raw values in little-endian order");

// How many parameters an exported function may have for us to call it.
constexpr std::size_t kParametersMax = 32;

constexpr std::string_view kStopped = "stopped by the host";

std::int64_t clamped(std::size_t limit) {
  return static_cast<std::int64_t>(
      std::min<std::size_t>(limit, std::numeric_limits<std::int64_t>::max()));
}

std::uint64_t from_raw(const wasmtime_val_raw_t& value, bool wide) noexcept {
  return wide ? static_cast<std::uint64_t>(value.i64) : static_cast<std::uint32_t>(value.i32);
}

bool is_integer(ValueType type) {
  return type == ValueType::i32 || type == ValueType::i64;
}

bool callable(const Signature& type) {
  return type.parameters.size() <= kParametersMax && type.results.size() <= 1 &&
         std::ranges::all_of(type.parameters, is_integer) &&
         std::ranges::all_of(type.results, is_integer);
}

}  // namespace

/// The time between the entry into guest code and its end.
class WasmtimeInstance::Entered {
 public:
  Entered(WasmtimeInstance& instance, const Budget& budget)
      : instance_{instance}, outer_{std::exchange(running, &instance)} {
    assert(instance_.budget_ == nullptr && "an instance answers one call at a time");
    instance_.budget_ = &budget;
  }

  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

  ~Entered() {
    instance_.budget_ = nullptr;
    instance_.caller_ = nullptr;
    running = outer_;
  }

  /// The one whose guest code runs on this thread. The store's data would tell too, through two
  /// functions of the engine's, for each host call.
  static constinit thread_local WasmtimeInstance* running;

 private:
  WasmtimeInstance& instance_;
  WasmtimeInstance* const outer_;
};

constinit thread_local WasmtimeInstance* WasmtimeInstance::Entered::running = nullptr;

WasmtimeInstance::WasmtimeInstance(std::shared_ptr<const WasmtimeLinkedModule> linked,
                                   std::span<HostState* const> states, const InstanceLimits& limits,
                                   Slots::Lease slot)
    : linked_{std::move(linked)},
      core_{linked_->module().core()},
      states_{states.begin(), states.end()},
      fuel_{limits.fuel},
      ticks_{core_.ticker()},
      slot_{std::move(slot)},
      store_{wasmtime_store_new(linked_->engine(static_cast<bool>(slot_)), nullptr, nullptr)},
      context_{wasmtime_store_context(store_.get())} {
  wasmtime_store_limiter(store_.get(), clamped(limits.memory_bytes), clamped(limits.table_elements),
                         1, clamped(limits.tables), clamped(limits.memories));
  const auto look = [](const wasmtime_context_t*, void* self, std::uint64_t* ticks,
                       wasmtime_update_deadline_kind_t* kind) noexcept {
    *ticks = 1;
    *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
    return static_cast<WasmtimeInstance*>(self)->look_at_budget();
  };
  wasmtime_store_epoch_deadline_callback(store_.get(), look, this, nullptr);
  wasmtime_context_set_epoch_deadline(context_, 1);
}

WasmtimeInstance::~WasmtimeInstance() {
  if (!slot_ || core_.ticker().alive()) return;
  // In a forked process: see Slots::~Slots.
  [[maybe_unused]] const auto* const left_behind = store_.release();
}

Result<> WasmtimeInstance::start(const Budget& budget) {
  if (!may_enter(budget)) return std::unexpected{why_not_enter(budget)};
  refuel();
  wasmtime_instance_t instance;
  wasm_trap_t* raw_trap = nullptr;
  ErrorHandle error;
  {
    const Entered entered{*this, budget};
    error.reset(wasmtime_instance_pre_instantiate(linked_->prepared(static_cast<bool>(slot_)),
                                                  context_, &instance, &raw_trap));
  }
  const TrapHandle trap{raw_trap};
  if (!error && !trap) {
    instance_ = instance;
    return {};
  }
  const bool refused = error && !stopped_by_;
  auto reason = why(error.get(), trap.get());
  // What the module declares was checked before: what is left is what the machine does not give.
  if (refused) return failure(Errc::limit_exceeded, "no room for an instance: " + reason.message());
  return std::unexpected{std::move(reason)};
}

Result<std::uint64_t> WasmtimeInstance::call(ExportIndex index,
                                             std::span<const std::uint64_t> arguments,
                                             const Budget& budget) {
  entered_ = false;
  if (!may_enter(budget)) [[unlikely]] {
    return std::unexpected{why_not_enter(budget)};
  }
  const auto* function = find(index);
  if (function == nullptr) [[unlikely]] {
    WAPC_TRY(function, look_up(index));
  }
  assert(arguments.size() == function->parameters);
  refuel();

  // Not cleared: that costs more than the call.
  std::array<wasmtime_val_raw_t, kParametersMax> values;  // NOLINT(*-member-init)
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    values[i].i64 = static_cast<std::int64_t>(arguments[i]);
  }
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;
  {
    const Entered entered{*this, budget};
    entered_ = true;
    error = wasmtime_func_call_unchecked(context_, &function->handle, values.data(),
                                         std::max<std::size_t>(arguments.size(), 1), &trap);
  }
  if (error != nullptr || trap != nullptr) [[unlikely]] {
    const ErrorHandle owned_error{error};
    const TrapHandle owned_trap{trap};
    return std::unexpected{why(error, trap)};
  }
  if (!function->result) return 0;
  return from_raw(values[0], *function->result == ValueType::i64);
}

GuestMemory WasmtimeInstance::memory() {
  if (!memory_) find_memory();
  if (!memory_) return {};
  const GuestMemory now{reinterpret_cast<std::byte*>(wasmtime_memory_data(context_, &*memory_)),
                        wasmtime_memory_data_size(context_, &*memory_)};
  if (linked_->module().memory_stays()) {
    assert(known_memory_.empty() || known_memory_.data() == now.data());
    known_memory_ = now;
  }
  return now;
}

GuestMemory WasmtimeInstance::memory_before(std::uint64_t end) {
  return end <= known_memory_.size() ? known_memory_ : memory();
}

const Budget& WasmtimeInstance::budget() const {
  static const Budget unlimited;
  return budget_ != nullptr ? *budget_ : unlimited;
}

wasm_trap_t* WasmtimeInstance::answer(void* import, wasmtime_caller_t* caller,
                                      wasmtime_val_raw_t* values, std::size_t /*count*/) noexcept {
  auto& self = *Entered::running;
  const auto& function = *static_cast<const HostImport*>(import);
  self.caller_ = caller;
  constexpr std::uint32_t kStride = sizeof *values / sizeof(std::uint64_t);
  const RawArguments arguments{reinterpret_cast<const std::uint64_t*>(values), function.parameters,
                               kStride};
  auto result = function.body(*self.states_[function.table], self, arguments);
  if (!result) [[unlikely]] {
    self.stopped_by_ = std::move(result).error();
    return wasmtime_trap_new(kStopped.data(), kStopped.size());
  }
  if (function.result) values[0].i64 = static_cast<std::int64_t>(*result);
  return nullptr;
}

// Before every entry into guest code. The clock is not read: a deadline that has passed ends the
// guest at the next tick, and one that passes in the last tick of a call ends nothing.
bool WasmtimeInstance::may_enter(const Budget& budget) const noexcept {
  return !budget.stop.stop_requested() && core_.may_enter();
}

Error WasmtimeInstance::why_not_enter(const Budget& budget) const {
  if (budget.stop.stop_requested()) return budget_spent(Errc::cancelled);
  return core_.why_not_enter();
}

// Where fuel is counted, a store without any runs nothing.
void WasmtimeInstance::refuel() noexcept {
  if (!core_.info().counts_fuel) [[likely]]
    return;
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  [[maybe_unused]] const ErrorHandle error{
      wasmtime_context_set_fuel(context_, fuel_.value_or(kMost))};
  assert(!error);
}

// Hosts call a handful of functions: a walk along those is faster than any map.
const WasmtimeInstance::Function* WasmtimeInstance::find(ExportIndex index) const noexcept {
  for (const auto& function : functions_) {
    if (function.index == index) return &function;
  }
  return nullptr;
}

Result<const WasmtimeInstance::Function*> WasmtimeInstance::look_up(ExportIndex index) {
  const auto& exports = linked_->module().info().exports;
  assert(instance_ && static_cast<std::size_t>(index) < exports.size());
  const auto& wanted = exports[static_cast<std::size_t>(index)];
  assert(wanted.kind == ExternKind::function);
  const auto type = wanted.type.signature();
  if (!callable(type)) {
    return failure(Errc::unsupported,
                   "only functions of whole numbers can be called: " + to_string(type));
  }
  wasmtime_extern_t item;
  const bool found = wasmtime_instance_export_get(context_, &*instance_, wanted.name.data(),
                                                  wanted.name.size(), &item);
  if (!found || item.kind != WASMTIME_EXTERN_FUNC) {
    return failure(Errc::internal, "wasmtime does not know an export of its module");
  }
  Function function{index, item.of.func, type.parameters.size(), std::nullopt};
  if (!type.results.empty()) function.result = type.results.front();
  return &functions_.emplace_back(function);
}

// In the start section there is no instance to ask yet, but there is a caller.
void WasmtimeInstance::find_memory() {
  const auto* const wanted = linked_->module().memory();
  if (wanted == nullptr) return;
  const auto& name = wanted->name;
  wasmtime_extern_t item;
  const bool found =
      instance_
          ? wasmtime_instance_export_get(context_, &*instance_, name.data(), name.size(), &item)
          : caller_ != nullptr &&
                wasmtime_caller_export_get(caller_, name.data(), name.size(), &item);
  if (!found || item.kind != WASMTIME_EXTERN_MEMORY) return;
  memory_ = item.of.memory;
}

// A host function's error, or a spent budget, is the reason if there is one: what the engine says
// then only repeats that it was told to stop.
Error WasmtimeInstance::why(const wasmtime_error_t* error, const wasm_trap_t* trap) {
  const auto& module = linked_->module().info();
  if (stopped_by_) {
    auto reason = *std::move(stopped_by_);
    stopped_by_.reset();
    const bool wants_frames = reason.code() == Errc::trapped && reason.backtrace().empty();
    // wasmtime calls only its own traps so: what a host function stopped it with is an error.
    return wants_frames && error != nullptr ? reason.with_backtrace(frames_of(*error, module))
                                            : reason;
  }
  return trap != nullptr ? trapped_by(*trap, module) : failed_by(*error, module);
}

wasmtime_error_t* WasmtimeInstance::look_at_budget() noexcept {
  if (budget_ == nullptr) return nullptr;
  auto result = budget_->check();
  if (result) return nullptr;
  stopped_by_ = std::move(result).error();
  return wasmtime_error_new(kStopped.data());  // NOLINT(bugprone-suspicious-stringview-data-usage)
}

}  // namespace wapc::wasmtime
