#include "providers/wasmtime/errors.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wapc/engine/trap.hpp"
#include "wasm/backtrace.hpp"

namespace wapc::wasmtime {
namespace {

Trap reason_for(wasmtime_trap_code_t code) {
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW: return Trap::stack_exhausted;
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS: return Trap::memory_out_of_bounds;
    case WASMTIME_TRAP_CODE_HEAP_MISALIGNED: return Trap::unaligned_atomic;
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS: return Trap::undefined_element;
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL: return Trap::uninitialized_element;
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE: return Trap::indirect_call_type_mismatch;
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW: return Trap::integer_overflow;
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO: return Trap::integer_division_by_zero;
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER: return Trap::invalid_conversion_to_integer;
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED: return Trap::unreachable;
    case WASMTIME_TRAP_CODE_NULL_REFERENCE: return Trap::null_reference;
    default: return Trap::other;
  }
}

// The last line of a message that tells causes, or else the first: the lines between are the
// guest's frames, with names that may say anything.
std::string root_of(const std::string& message) {
  constexpr std::string_view kCauses = "Caused by:";
  if (!message.contains(kCauses)) return message.substr(0, message.find('\n'));
  const auto end = message.find_last_not_of(" \n") + 1;
  const auto line = message.rfind('\n', end - 1) + 1;
  const auto start = message.find_first_not_of(" 0123456789:", line);
  return message.substr(start, end - start);
}

// Not known where a function had no stack to begin on.
std::optional<std::size_t> offset_of(const wasm_frame_t& frame) {
  constexpr auto kUnknown = std::numeric_limits<std::size_t>::max();
  const auto offset = wasm_frame_module_offset(&frame);
  return offset == kUnknown ? std::nullopt : std::optional{offset};
}

struct Frames {
  wasm_frame_vec_t list{};

  Frames() = default;
  Frames(const Frames&) = delete;
  Frames& operator=(const Frames&) = delete;

  ~Frames() { wasm_frame_vec_delete(&list); }

  [[nodiscard]] bool empty() const { return list.size == 0; }

  [[nodiscard]] std::string text(const ModuleInfo& module) const {
    std::vector<Frame> frames;
    for (const auto* frame : std::span{list.data, std::min(list.size, kFramesMax)}) {
      frames.push_back({wasm_frame_func_index(frame), offset_of(*frame)});
    }
    return backtrace(frames, module);
  }
};

}  // namespace

Error trapped_by(const wasm_trap_t& trap, const ModuleInfo& module) {
  Frames frames;
  wasm_trap_trace(&trap, &frames.list);
  wasmtime_trap_code_t code = 0;
  auto reason = wasmtime_trap_code(&trap, &code) ? reason_for(code) : Trap::other;
  if (code == WASMTIME_TRAP_CODE_OUT_OF_FUEL) {
    return {Errc::limit_exceeded, "the guest used up its fuel", frames.text(module)};
  }
  // wasmtime has one code for what the specification has two words for. Outside of any function it
  // was an element segment; within one, `call_indirect` is by far the likelier.
  if (reason == Trap::undefined_element && frames.empty()) {
    reason = Trap::table_out_of_bounds;
  }
  return trapped(reason, frames.text(module));
}

std::string frames_of(const wasmtime_error_t& error, const ModuleInfo& module) {
  Frames frames;
  wasmtime_error_wasm_trace(&error, &frames.list);
  return frames.text(module);
}

Error failed_by(const wasmtime_error_t& error, const ModuleInfo& module) {
  auto message = root_of(message_of(error));
  const bool memory = message.contains("memory") || message.contains("resource limit");
  return {memory ? Errc::limit_exceeded : Errc::internal, "wasmtime: " + std::move(message),
          frames_of(error, module)};
}

}  // namespace wapc::wasmtime
