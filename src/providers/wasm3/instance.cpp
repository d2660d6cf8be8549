#include "providers/wasm3/instance.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <limits>
#include <utility>

#include "base/try.hpp"
#include "providers/wasm3/errors.hpp"
#include "wapc/engine/trap.hpp"
#include "wasm/backtrace.hpp"

namespace wapc::wasm3 {
namespace {

static_assert(std::endian::native == std::endian::little,
              "host functions take their arguments from wasm3's stack, an i32 in the low half");

// Ends the guest's call; `stopped_by_` says why. Told from traps by its address.
constexpr char kStopped[] = "stopped by the host";

constexpr std::uint32_t clamped(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t pages_max(const ModuleInfo& module, const InstanceLimits& limits) {
  if (module.memories.empty()) return 0;
  const auto& type = module.memories.front();
  constexpr std::uint64_t kAddresses = std::uint64_t{1} << 32U;
  const auto allowed = std::min<std::uint64_t>(limits.memory_bytes, kAddresses) / type.page_bytes;
  return clamped(type.pages_max ? std::min<std::uint64_t>(allowed, *type.pages_max) : allowed);
}

std::vector<std::uint32_t> elements_max(const ModuleInfo& module, const InstanceLimits& limits) {
  std::vector<std::uint32_t> numbers;
  for (const auto& type : module.tables) {
    numbers.push_back(clamped(type.elements_max.value_or(limits.table_elements)));
    numbers.back() = std::min(numbers.back(), clamped(limits.table_elements));
  }
  return numbers;
}

// An error of wasm3's while it makes an instance, when one that is not for want of memory can only
// be a segment that lies out of bounds.
Result<> segment_error(M3Result result, Trap out_of_bounds) {
  if (result == m3Err_none) return {};
  if (result == m3Err_mallocFailed) return std::unexpected{no_instance(result)};
  return std::unexpected{trapped(out_of_bounds)};
}

Result<> load_error(M3Result result) {
  if (result == m3Err_none) return {};
  return std::unexpected{no_instance(result)};
}

}  // namespace

/// The time in which the budget is looked at: guest code runs, or wasm3 translates it.
class Wasm3Instance::Entered {
 public:
  Entered(Wasm3Instance& instance, const Budget& budget) : instance_{instance} {
    assert(instance_.budget_ == nullptr && "an instance answers one call at a time");
    instance_.budget_ = &budget;
  }

  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

  ~Entered() { instance_.budget_ = nullptr; }

 private:
  Wasm3Instance& instance_;
};

Wasm3Instance::Wasm3Instance(std::shared_ptr<const Wasm3LinkedModule> linked,
                             std::span<HostState* const> states)
    : linked_{std::move(linked)},
      core_{linked_->module().core()},
      ticks_{core_.ticker()},
      stack_bytes_{core_.options().stack_bytes},
      states_{states.begin(), states.end()} {
  const WapcWasm3Options options{
      .ticks = core_.ticks(),
      .look = [](void* self) { return static_cast<Wasm3Instance*>(self)->look_at_budget(); },
      .budget = this,
      .value_stack_bytes = static_cast<std::uint32_t>(core_.options().value_stack_bytes)};
  module_.reset(wapc_wasm3_new(&options));
  if (!module_) return;  // Said by `start`.
  values_ = wapc_wasm3_values(module_.get());
  if (linked_->module().exports_memory()) memory_ = wapc_wasm3_memory(module_.get());
}

Result<> Wasm3Instance::start(const InstanceLimits& limits, const Budget& budget) {
  if (budget.stop.stop_requested()) return std::unexpected{budget_spent(Errc::cancelled)};
  if (!core_.ticker().alive()) return std::unexpected{forked_since()};
  if (!module_) return std::unexpected{no_instance(m3Err_mallocFailed)};
  Result<> loaded;
  {
    const Entered entered{*this, budget};
    WAPC_CHECK(with_stack(linked_->module().compile_stack(),
                          [&](const void* stack_limit) { loaded = load(limits, stack_limit); }));
  }
  WAPC_CHECK(loaded);
  WAPC_CHECK(budget.check());  // What came after the last look took time too.
  const auto& start = linked_->module().info().start;
  if (!start) return {};
  WAPC_CHECK(run({.function = *start, .result = false, .wide = false}, {}, budget));
  return {};
}

Result<> Wasm3Instance::load(const InstanceLimits& limits, const void* stack_limit) {
  // What compiling takes is known: the module was compiled before.
  constexpr WapcWasm3LoadLimits kUnlimited{
      .work_max = std::numeric_limits<std::uint64_t>::max(),
      .code_bytes_max = std::numeric_limits<std::uint64_t>::max(),
      .validate = false};
  auto* const module = module_.get();
  const auto& info = linked_->module().info();
  const auto wasm = linked_->module().wasm();
  WAPC_CHECK(load_error(wapc_wasm3_parse(module, reinterpret_cast<const std::uint8_t*>(wasm.data()),
                                         wasm.size(), stack_limit, &kUnlimited)));
  // What the module declares was checked before: what is left is what the machine does not give.
  if (wapc_wasm3_make_memory(module, pages_max(info, limits)) != m3Err_none) {
    return std::unexpected{no_instance(m3Err_mallocFailed)};
  }
  WAPC_CHECK(load_error(wapc_wasm3_make_globals(module)));
  WAPC_CHECK(segment_error(wapc_wasm3_make_tables(module, elements_max(info, limits).data()),
                           Trap::table_out_of_bounds));
  WAPC_CHECK(segment_error(wapc_wasm3_fill_memory(module), Trap::memory_out_of_bounds));
  WAPC_CHECK(link());
  const auto compiled = wapc_wasm3_compile(module, nullptr);
  if (compiled == kStopped) return std::unexpected{take_reason()};
  return load_error(compiled);
}

// By position: by name, wasm3 compares each import with each.
Result<> Wasm3Instance::link() {
  const auto imports = linked_->imports();
  assert(wapc_wasm3_import_count(module_.get()) == imports.size());
  bindings_.reserve(imports.size());
  for (std::uint32_t i = 0; i < imports.size(); ++i) {
    const auto& [function, table] = imports[i];
    const auto& [parameters, results] = function->signature;
    assert(results.size() <= 1);
    const auto& binding = bindings_.emplace_back(Binding{
        function->body, states_[table], this, static_cast<std::uint32_t>(parameters.size())});
    auto* const answers = results.empty() ? answer<false> : answer<true>;
    WAPC_CHECK(load_error(wapc_wasm3_link(module_.get(), i, answers, &binding)));
  }
  return {};
}

Result<std::uint64_t> Wasm3Instance::call(ExportIndex index,
                                          std::span<const std::uint64_t> arguments,
                                          const Budget& budget) {
  const auto& module = linked_->module();
  assert(static_cast<std::size_t>(index) < module.exports().size());
  const auto* const callable = module.callable(index);
  if (callable == nullptr) [[unlikely]]
    return std::unexpected{module.not_callable(index)};
  assert(arguments.size() ==
         module.exports()[static_cast<std::size_t>(index)].type.parameters.size());
  return run(*callable, arguments, budget);
}

// The clock is not read on the way in: a deadline that has passed ends the guest at the next tick,
// and one that passes in the last tick of a call ends nothing.
Result<std::uint64_t> Wasm3Instance::run(const Callable& callable,
                                         std::span<const std::uint64_t> arguments,
                                         const Budget& budget) {
  entered_ = false;
  if (budget.stop.stop_requested()) return std::unexpected{budget_spent(Errc::cancelled)};
  if (!core_.ticker().alive()) [[unlikely]]
    return std::unexpected{forked_since()};
  const auto* const limit = stack_limit(stack_bytes_);
  if (limit == nullptr) [[unlikely]]
    return std::unexpected{too_little_stack()};
  std::copy(arguments.begin(), arguments.end(), values_ + (callable.result ? 1 : 0));
  M3Result trap = m3Err_none;
  {
    const Entered entered{*this, budget};
    entered_ = true;
    trap = wapc_wasm3_call(module_.get(), callable.function, limit);
  }
  if (trap != m3Err_none) [[unlikely]]
    return std::unexpected{why(trap, callable.function)};
  if (!callable.result) return 0;
  return callable.wide ? *values_ : static_cast<std::uint32_t>(*values_);
}

Error Wasm3Instance::why(M3Result trap, std::uint32_t function) {
  if (trap == kStopped) {
    auto reason = take_reason();
    const bool wants_frames = reason.code() == Errc::trapped && reason.backtrace().empty();
    return wants_frames ? reason.with_backtrace(frames(function)) : reason;
  }
  return trapped_by(trap, frames(function));
}

Error Wasm3Instance::take_reason() {
  assert(stopped_by_);
  return *std::exchange(stopped_by_, std::nullopt);  // NOLINT(*-unchecked-optional-access)
}

// The guest's frames when it was stopped in a call of `function`.
std::string Wasm3Instance::frames(std::uint32_t function) const {
  std::array<std::uint32_t, kFramesMax> functions{};
  const auto count = wapc_wasm3_frames(module_.get(), functions.data(), functions.size());
  std::vector<Frame> frames;
  for (const auto called : std::span{functions}.first(count)) frames.push_back({called, {}});
  frames.push_back({function, {}});
  return backtrace(frames, linked_->module().info());
}

GuestMemory Wasm3Instance::memory() {
  if (memory_ == nullptr) return {};
  auto* const header = *memory_;
  return {reinterpret_cast<std::byte*>(header + 1), header->size};
}

const Budget& Wasm3Instance::budget() const {
  static const Budget unlimited;
  return budget_ != nullptr ? *budget_ : unlimited;
}

template <bool HasResult>
const void* Wasm3Instance::answer(void* binding, std::uint64_t* stack) noexcept {
  const auto& [body, state, instance, parameters] = *static_cast<const Binding*>(binding);
  // The slot of the result comes first, as on the stack of a call.
  auto result = body(*state, *instance, {stack + (HasResult ? 1 : 0), parameters, 1});
  if (!result) [[unlikely]] {
    instance->stopped_by_ = std::move(result).error();
    return kStopped;
  }
  if constexpr (HasResult) *stack = *result;
  return m3Err_none;
}

M3Result Wasm3Instance::look_at_budget() noexcept {
  if (budget_ == nullptr) return m3Err_none;
  auto result = budget_->check();
  if (result) return m3Err_none;
  stopped_by_ = std::move(result).error();
  return kStopped;
}

}  // namespace wapc::wasm3
