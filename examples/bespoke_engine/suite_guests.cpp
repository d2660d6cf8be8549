#include "suite_guests.hpp"

#include <array>
#include <utility>

#include "wapc/conformance/puppet.hpp"

namespace native {
namespace {

using wapc::ExternKind;
using wapc::FunctionType;
using wapc::Result;
using wapc::Trap;
using wapc::ValueType;
using wapc::conformance::Verb;

constexpr auto kI32 = ValueType::i32;
constexpr auto kOperationAt = wapc::conformance::kOperationAt;
constexpr auto kPayloadAt = wapc::conformance::kPayloadAt;
constexpr auto kStartScriptAt = wapc::conformance::kStartScriptAt;
constexpr auto kStoredScriptAt = wapc::conformance::kStoredScriptAt;
constexpr std::uint32_t kCallsAt = 0xd0;   // What `calls` answers.
constexpr std::uint32_t kVectorAt = 0xe0;  // What fd_write is to write.
constexpr std::uint32_t kTextAt = 0x100;   // Texts of the puppet's own.

FunctionType type_of(std::size_t parameters, std::size_t results) {
  return {std::vector(parameters, kI32), std::vector(results, kI32)};
}

wapc::Import import(std::string module, std::string name, FunctionType type) {
  return {std::move(module), std::move(name), ExternKind::function, std::move(type)};
}

Export function(std::string name, FunctionType type, Function body) {
  return {{std::move(name), ExternKind::function, std::move(type)}, std::move(body)};
}

Export memory(std::string name) {
  return {{std::move(name), ExternKind::memory, {}}};
}

Export guest_call(Function body) {
  return function("__guest_call", type_of(2, 1), std::move(body));
}

/// A part of a text in the guest's memory.
struct Text {
  std::uint32_t pointer;
  std::uint32_t length;
};

/// Puts a text of the puppet's own where nothing else stands.
Text put(Guest& guest, std::string_view text, std::uint32_t pointer = kTextAt) {
  static_cast<void>(wapc::write(guest.memory(), pointer, wapc::as_bytes(text)));
  return {pointer, static_cast<std::uint32_t>(text.size())};
}

/// Reads a script, number by number, and does what it says.
class Reader {
 public:
  Reader(Guest& guest, std::uint32_t start, std::uint32_t length)
      : guest_{guest}, start_{start}, at_{start}, end_{start + length} {}

  /// Does the whole script; what the call returns.
  Result<std::uint64_t> run() {
    while (at_ < end_ && !returned_) {
      if (auto may = guest_.go_on(); !may) return std::unexpected{std::move(may).error()};
      if (auto done = next(); !done) return std::unexpected{std::move(done).error()};
    }
    return returned_.value_or(1);
  }

 private:
  std::uint32_t number() {
    const auto bytes = wapc::slice(guest_.memory(), at_, 4);
    at_ += 4;
    return bytes ? wapc::load<std::uint32_t>(*bytes, 0) : 0;
  }

  Result<> import(std::string_view name, std::initializer_list<std::uint64_t> arguments) {
    auto value = guest_.import(name, arguments);
    if (!value) return std::unexpected{std::move(value).error()};
    last_ = static_cast<std::uint32_t>(*value);
    return {};
  }

  Result<> import_with_two(std::string_view name) {
    const auto first = number();
    const auto second = number();
    return import(name, {first, second});
  }

  Result<> host_call() {
    std::array<std::uint32_t, 8> a{};
    for (auto& one : a) one = number();
    return import("__host_call", {a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]});
  }

  Result<> abort() {
    const auto message = number();
    const auto file = number();
    const auto line = number();
    return import("abort", {message, file, line, number()});
  }

  Result<> print() {
    const auto vector = guest_.memory().subspan(kVectorAt, 8);
    wapc::store(vector, 0, number());
    wapc::store(vector, 4, number());
    return import("fd_write", {1, kVectorAt, 1, kVectorAt + 8});
  }

  Result<> grow_fully() {
    constexpr auto kRefused = static_cast<std::uint32_t>(-1);
    while (guest_.grow(1) != kRefused) {
      if (auto may = guest_.go_on(); !may) return may;
    }
    last_ = static_cast<std::uint32_t>(guest_.memory().size() / kPageBytes);
    return {};
  }

  Result<> save() {
    const auto target = wapc::slice(guest_.memory(), number(), 4);
    if (!target) return guest_.trap(Trap::memory_out_of_bounds);
    wapc::store(*target, 0, last_);
    return {};
  }

  Result<> copy() {
    const auto pointer = number();
    const auto length = number();
    const auto bytes = wapc::slice(guest_.memory(), at_, length);
    if (!bytes || !wapc::write(guest_.memory(), pointer, *bytes)) {
      return guest_.trap(Trap::memory_out_of_bounds);
    }
    at_ += (length + 3) & ~3U;
    return {};
  }

  /// C++ does not trap by itself: a native guest says what went wrong.
  Result<> trap() const {
    return guest_.trap(kTraps.at(wapc::load<std::uint32_t>(guest_.memory().subspan(at_, 4), 0)));
  }

  Result<> loop() const {
    while (true) {
      if (auto may = guest_.go_on(); !may) return may;
    }
  }

  Result<> recurse() {  // NOLINT(misc-no-recursion)
    const Guest::Frame frame{guest_};
    if (auto room = frame.has_room(); !room) return room;
    return recurse();
  }

  Result<> give(std::uint32_t value) {
    returned_ = value;
    return {};
  }

  Result<> next() {
    const auto verb = number();
    if (verb < kFirst || verb > kLast) return guest_.trap(Trap::unreachable);
    switch (static_cast<Verb>(verb)) {
      case Verb::guest_request: return import_with_two("__guest_request");
      case Verb::guest_response: return import_with_two("__guest_response");
      case Verb::guest_error: return import_with_two("__guest_error");
      case Verb::host_call: return host_call();
      case Verb::host_response_length: return import("__host_response_len", {});
      case Verb::host_response: return import("__host_response", {number()});
      case Verb::host_error_length: return import("__host_error_len", {});
      case Verb::host_error: return import("__host_error", {number()});
      case Verb::console_log: return import_with_two("__console_log");
      case Verb::abort: return abort();
      case Verb::exit: return import("proc_exit", {number()});
      case Verb::print: return print();
      case Verb::grow: last_ = guest_.grow(number()); return {};
      case Verb::grow_fully: return grow_fully();
      case Verb::save: return save();
      case Verb::put: return copy();
      case Verb::give: return give(number());
      case Verb::give_last: return give(last_);
      case Verb::trap: return trap();
      case Verb::loop: return loop();
      case Verb::recurse: return recurse();
      case Verb::again: at_ = start_; return {};
    }
    std::unreachable();
  }

  static constexpr auto kFirst = static_cast<std::uint32_t>(Verb::guest_request);
  static constexpr auto kLast = static_cast<std::uint32_t>(Verb::again);
  static constexpr std::array kTraps{Trap::unreachable,
                                     Trap::memory_out_of_bounds,
                                     Trap::undefined_element,
                                     Trap::uninitialized_element,
                                     Trap::indirect_call_type_mismatch,
                                     Trap::integer_overflow,
                                     Trap::integer_division_by_zero,
                                     Trap::invalid_conversion_to_integer};  // As PuppetTrap.

  Guest& guest_;
  const std::uint32_t start_;
  std::uint32_t at_;
  const std::uint32_t end_;
  std::uint32_t last_ = 0;
  std::optional<std::uint64_t> returned_;
};

Result<std::uint64_t> finish(Guest& guest, std::string_view slot, Text text, std::uint64_t value) {
  auto done = guest.import(slot, {text.pointer, text.length});
  if (!done) return done;
  return value;
}

/// The puppet's `__guest_call`.
Result<std::uint64_t> answer(Guest& guest, std::span<const std::uint64_t> lengths) {
  const auto operation_length = static_cast<std::uint32_t>(lengths[0]);
  const auto payload_length = static_cast<std::uint32_t>(lengths[1]);
  wapc::store(guest.memory(), kCallsAt, ++guest.calls);
  const auto needed = (std::size_t{kPayloadAt} + payload_length + kPageBytes - 1) / kPageBytes;
  const auto pages = guest.memory().size() / kPageBytes;
  if (needed > pages && guest.grow(static_cast<std::uint32_t>(needed - pages)) + 1 == 0) {
    return finish(guest, "__guest_error", put(guest, "out of memory"), 0);
  }
  if (auto fetched = guest.import("__guest_request", {kOperationAt, kPayloadAt}); !fetched) {
    return fetched;
  }
  const auto bytes = wapc::slice(guest.memory(), kOperationAt, operation_length);
  const auto operation = bytes ? wapc::as_text(*bytes) : std::string_view{};
  if (operation == "calls") return finish(guest, "__guest_response", {kCallsAt, 4}, 1);
  if (operation == "echo") {
    return finish(guest, "__guest_response", {kPayloadAt, payload_length}, 1);
  }
  if (operation == "script") return Reader{guest, kPayloadAt, payload_length}.run();
  const auto stored = wapc::load<std::uint32_t>(guest.memory(), kStoredScriptAt);
  if (operation.empty() && stored != 0) return Reader{guest, kStoredScriptAt + 4, stored}.run();
  return finish(guest, "__guest_error", put(guest, "no such operation"), 0);
}

/// What a start function of the puppet does: asks the host for a script of its name.
Function asking(std::string name) {
  return [name = std::move(name)](Guest& guest,
                                  std::span<const std::uint64_t>) -> Result<std::uint64_t> {
    const auto binding = put(guest, "puppet");
    const auto name_space = put(guest, "start", kTextAt + 16);
    const auto operation = put(guest, name, kTextAt + 32);
    auto answered =
        guest.import("__host_call", {binding.pointer, binding.length, name_space.pointer,
                                     name_space.length, operation.pointer, operation.length, 0, 0});
    if (!answered || static_cast<std::uint32_t>(*answered) != 1) return answered;
    const auto length = guest.import("__host_response_len", {});
    if (!length) return length;
    if (auto fetched = guest.import("__host_response", {kStartScriptAt}); !fetched) return fetched;
    return Reader{guest, kStartScriptAt, static_cast<std::uint32_t>(*length)}.run();
  };
}

GuestCode puppet() {
  return {.imports = {import("wapc", "__guest_request", type_of(2, 0)),
                      import("wapc", "__guest_response", type_of(2, 0)),
                      import("wapc", "__guest_error", type_of(2, 0)),
                      import("wapc", "__host_call", type_of(8, 1)),
                      import("wapc", "__host_response_len", type_of(0, 1)),
                      import("wapc", "__host_response", type_of(1, 0)),
                      import("wapc", "__host_error_len", type_of(0, 1)),
                      import("wapc", "__host_error", type_of(1, 0)),
                      import("wapc", "__console_log", type_of(2, 0))},
          .exports = {memory("memory"), guest_call(answer)},
          .memory_pages = wapc::conformance::kPuppetPages};
}

GuestCode puppet_with_starts() {
  auto code = puppet();
  code.start = asking("section");
  for (const auto* name : {"wapc_init", "_start", "_initialize"}) {
    code.exports.push_back(function(name, {}, asking(name)));
  }
  return code;
}

GuestCode puppet_with_abort() {
  auto code = puppet();
  code.imports.push_back(import("env", "abort", type_of(4, 0)));
  return code;
}

GuestCode puppet_with_wasi(const std::string& module) {
  auto code = puppet_with_starts();
  code.imports.push_back(import(module, "proc_exit", type_of(1, 0)));
  code.imports.push_back(import(module, "fd_write", type_of(4, 1)));
  return code;
}

/// A guest that returns 1 and does nothing, with `more` imports and exports.
GuestCode idle(std::vector<wapc::Import> imports = {}, std::vector<Export> more = {}) {
  more.push_back(memory("memory"));
  more.push_back(guest_call([](Guest&, std::span<const std::uint64_t>) { return 1; }));
  return {.imports = std::move(imports), .exports = std::move(more)};
}

/// A guest that says the same to everything, and imports nothing but what that takes.
GuestCode saying(const std::string& text, std::string memory_name) {
  const auto length = static_cast<std::uint32_t>(text.size());
  return {.imports = {import("wapc", "__guest_response", type_of(2, 0))},
          .exports = {memory(std::move(memory_name)),
                      guest_call([length](Guest& guest, std::span<const std::uint64_t>) {
                        return finish(guest, "__guest_response", {kDataAt, length}, 1);
                      })},
          .data = text};
}

void add_shapes(GuestTable& guests) {
  const Function nothing = [](Guest&, std::span<const std::uint64_t>) { return 0; };
  guests["no_guest_call"] = {.exports = {memory("memory")}};
  guests["guest_call_is_a_memory"] = {.exports = {memory("memory"), memory("__guest_call")}};
  guests["guest_call_of_another_type"] = {
      .exports = {memory("memory"),
                  function("__guest_call", {{kI32, ValueType::i64}, {kI32}}, nothing)}};
  guests["no_memory"] = {.exports = {guest_call(nothing)}};
  guests["memory_of_another_name"] = saying("from ram", "ram");
  guests["imports_one"] = saying("one is enough", "memory");
  guests["imports_nothing"] = idle();
  guests["start_of_another_type"] = idle({}, {function("_start", type_of(0, 1), nothing)});
  guests["initialize_of_another_type"] =
      idle({}, {function("_initialize", type_of(1, 0), nothing)});
  guests["wapc_init_of_another_type"] = idle({}, {function("wapc_init", type_of(2, 1), nothing)});
  guests["start_is_a_memory"] = idle({}, {memory("_start")});
  guests["protocol_of_four_parameters"] = idle({import("wapc", "__host_call", type_of(4, 1))});
  guests["protocol_of_six_parameters"] = idle({import("wapc", "__host_call", type_of(6, 1))});
  guests["unknown_imports"] = idle({import("wapc", "__guest_response", type_of(2, 0)),
                                    import("wapc", "__guest_wish", type_of(1, 0)),
                                    import("wapc", "__console_log", {{ValueType::i64}, {kI32}}),
                                    import("env", "print", {{ValueType::f64}, {ValueType::f32}}),
                                    {"env", "memory", ExternKind::memory, {}},
                                    {"env", "table", ExternKind::table, {}},
                                    {"env", "base", ExternKind::global, {}}});
}

}  // namespace

GuestTable suite_guests() {
  GuestTable guests;
  guests["puppet"] = puppet();
  guests["puppet_abort"] = puppet_with_abort();
  guests["puppet_starts"] = puppet_with_starts();
  guests["puppet_wasi"] = puppet_with_wasi("wasi_snapshot_preview1");
  guests["puppet_wasi_unstable"] = puppet_with_wasi("wasi_unstable");
  add_shapes(guests);
  return guests;
}

}  // namespace native
