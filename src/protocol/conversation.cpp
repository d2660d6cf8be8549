#include "wapc/protocol/conversation.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <utility>

#include "base/coarse_clock.hpp"
#include "base/try.hpp"
#include "protocol/utf16.hpp"
#include "wapc/base/utf8.hpp"

namespace wapc {
namespace {

[[gnu::cold]] std::unexpected<Error> outside_memory(std::string_view function,
                                                    std::uint32_t pointer, std::size_t length,
                                                    std::size_t memory_size) {
  return failure(Errc::protocol_violation, std::string{function} + ": " + std::to_string(length) +
                                               " bytes at " + std::to_string(pointer) +
                                               " are outside the guest's memory of " +
                                               std::to_string(memory_size) + " bytes");
}

/// Where the `length` bytes at `pointer` end. Nothing at all may stand anywhere: for a block of no
/// bytes Zig's allocator, for one, gives the highest address there is.
std::uint64_t end_of(std::uint32_t pointer, std::size_t length) {
  return length == 0 ? 0 : std::uint64_t{pointer} + length;
}

/// The block of `length` bytes at `pointer`; nothing when it is not within the memory.
std::optional<GuestMemory> block(GuestMemory memory, std::uint32_t pointer, std::size_t length) {
  if (length == 0) return GuestMemory{};
  return slice(memory, pointer, length);
}

Result<BytesView> read(GuestMemory memory, std::string_view function, std::uint32_t pointer,
                       std::uint32_t length) {
  const auto bytes = block(memory, pointer, length);
  if (!bytes) [[unlikely]]
    return outside_memory(function, pointer, length, memory.size());
  return BytesView{*bytes};
}

Result<BytesView> read(Caller& caller, std::string_view function, std::uint32_t pointer,
                       std::uint32_t length) {
  if (length == 0) return BytesView{};
  return read(caller.memory_before(end_of(pointer, length)), function, pointer, length);
}

/// Writes `bytes` to `pointer`, or fails and writes nothing.
Result<> give(GuestMemory memory, std::string_view function, std::uint32_t pointer,
              BytesView bytes) {
  const auto target = block(memory, pointer, bytes.size());
  if (!target) [[unlikely]]
    return outside_memory(function, pointer, bytes.size(), memory.size());
  write(*target, bytes);
  return {};
}

constexpr std::size_t kLineMax = 1U << 20U;  // Bytes of a line of the log.

/// The start of a text that is for people: enough of it, and no more to repair than that.
std::string_view text_of(BytesView bytes, std::size_t bytes_max) {
  return as_text(bytes.first(std::min(bytes.size(), bytes_max)));
}

[[gnu::cold]] std::unexpected<Error> too_large(std::size_t bytes, std::size_t limit,
                                               std::string_view what) {
  return failure(Errc::limit_exceeded, std::string{what} + " of " + std::to_string(bytes) +
                                           " bytes; the limit is " + std::to_string(limit));
}

[[gnu::cold]] std::unexpected<Error> too_many_host_calls(std::uint64_t limit) {
  return failure(Errc::limit_exceeded,
                 "the guest made more than " + std::to_string(limit) + " host calls in one call");
}

}  // namespace

Conversation::Conversation(ConversationOptions options) : options_{std::move(options)} {
  if (!options_.log) options_.log = std::make_shared<GuestLog>(nullptr, options_.guest_id);
}

ImportTable Conversation::imports() {
  static constexpr std::array kFunctions{
      offer<&Conversation::guest_request>("wapc", "__guest_request"),
      offer<&Conversation::guest_response>("wapc", "__guest_response"),
      offer<&Conversation::guest_error>("wapc", "__guest_error"),
      offer<&Conversation::host_call>("wapc", "__host_call"),
      offer<&Conversation::host_response_length>("wapc", "__host_response_len"),
      offer<&Conversation::host_response>("wapc", "__host_response"),
      offer<&Conversation::host_error_length>("wapc", "__host_error_len"),
      offer<&Conversation::host_error>("wapc", "__host_error"),
      offer<&Conversation::console_log>("wapc", "__console_log"),
      offer<&Conversation::abort>("env", "abort"),
  };
  return {kFunctions, &typeid(Conversation)};
}

Result<> Conversation::finish(const Result<std::uint64_t>& returned, Bytes& response) {
  invocation_ = nullptr;
  const bool succeeded = returned && static_cast<std::uint32_t>(*returned) != 0;
  if (!succeeded || !responded_) [[unlikely]]
    return why_unanswered(returned);
  if (guest_error_) [[unlikely]]
    report_dropped(*guest_error_);
  std::swap(response, response_);
  return {};
}

void Conversation::report_dropped(const std::string& error) const {
  options_.log->report("the guest answered, and dropped its error: " + error);
}

std::unexpected<Error> Conversation::why_unanswered(const Result<std::uint64_t>& returned) {
  if (!returned) return std::unexpected{explain(returned.error())};
  if (guest_error_) return failure(Errc::guest_error, *std::move(guest_error_));
  if (static_cast<std::uint32_t>(*returned) == 0) {
    return failure(Errc::protocol_violation, "the guest failed and gave no reason");
  }
  return failure(Errc::protocol_violation, "the guest gave neither response nor error");
}

Error Conversation::explain(const Error& error) const {
  const bool explained = guest_error_ && error.code() == Errc::trapped;
  return explained ? error.within(*guest_error_) : error;
}

Result<> Conversation::guest_request(Caller& caller, std::uint32_t operation_pointer,
                                     std::uint32_t payload_pointer) {
  if (invocation_ == nullptr) return {};
  const auto operation = as_bytes(invocation_->operation);
  const auto payload = invocation_->payload;
  const auto memory = caller.memory_before(std::max(end_of(operation_pointer, operation.size()),
                                                    end_of(payload_pointer, payload.size())));
  const auto payload_block = block(memory, payload_pointer, payload.size());
  if (!payload_block) [[unlikely]]
    return outside_memory("__guest_request", payload_pointer, payload.size(), memory.size());
  WAPC_CHECK(give(memory, "__guest_request", operation_pointer, operation));
  write(*payload_block, payload);
  return {};
}

Result<> Conversation::guest_response(Caller& caller, std::uint32_t pointer, std::uint32_t length) {
  WAPC_TRY(const auto bytes, read(caller, "__guest_response", pointer, length));
  const auto limit = options_.limits.response_bytes;
  if (bytes.size() > limit) [[unlikely]] {
    return too_large(bytes.size(), limit, "__guest_response: a response");
  }
  response_.assign(bytes.begin(), bytes.end());
  responded_ = true;
  return {};
}

Result<> Conversation::guest_error(Caller& caller, std::uint32_t pointer, std::uint32_t length) {
  WAPC_TRY(const auto bytes, read(caller, "__guest_error", pointer, length));
  guest_error_ = to_utf8(text_of(bytes, options_.limits.error_bytes));
  return {};
}

Result<std::uint32_t> Conversation::host_call(
    Caller& caller, std::uint32_t binding_pointer, std::uint32_t binding_length,
    std::uint32_t namespace_pointer, std::uint32_t namespace_length,
    std::uint32_t operation_pointer, std::uint32_t operation_length, std::uint32_t payload_pointer,
    std::uint32_t payload_length) {
  const auto end = std::max(
      {end_of(binding_pointer, binding_length), end_of(namespace_pointer, namespace_length),
       end_of(operation_pointer, operation_length), end_of(payload_pointer, payload_length)});
  const auto part = [memory = caller.memory_before(end)](std::uint32_t pointer,
                                                         std::uint32_t length) {
    return read(memory, "__host_call", pointer, length);
  };
  WAPC_TRY(const auto binding, part(binding_pointer, binding_length));
  WAPC_TRY(const auto name_space, part(namespace_pointer, namespace_length));
  WAPC_TRY(const auto operation, part(operation_pointer, operation_length));
  WAPC_TRY(const auto payload, part(payload_pointer, payload_length));
  const auto& limits = options_.limits;
  const auto longest = std::max({binding.size(), name_space.size(), operation.size()});
  if (longest > limits.name_bytes) [[unlikely]] {
    return too_large(longest, limits.name_bytes, "__host_call: a name");
  }
  if (payload.size() > limits.host_call_bytes) [[unlikely]] {
    return too_large(payload.size(), limits.host_call_bytes, "__host_call: a payload");
  }
  if (++host_calls_ > limits.host_calls) [[unlikely]] {
    return too_many_host_calls(limits.host_calls);
  }
  const HostCall call{.guest_id = options_.guest_id,
                      .binding = as_text(binding),
                      .name_space = as_text(name_space),
                      .operation = as_text(operation),
                      .payload = payload,
                      .budget = caller.budget(),
                      .invocation = invocation_,
                      .number = host_calls_};
  if (is_utf8(call.binding) && is_utf8(call.name_space) && is_utf8(call.operation)) [[likely]] {
    return answer(call);
  }
  return answer_in_utf8(call);
}

Result<std::uint32_t> Conversation::answer_in_utf8(const HostCall& call) {
  const auto binding = to_utf8(call.binding);
  const auto name_space = to_utf8(call.name_space);
  const auto operation = to_utf8(call.operation);
  return answer({.guest_id = call.guest_id,
                 .binding = binding,
                 .name_space = name_space,
                 .operation = operation,
                 .payload = call.payload,
                 .budget = call.budget,
                 .invocation = call.invocation,
                 .number = call.number});
}

Result<std::uint32_t> Conversation::answer(const HostCall& call) {
  // The coarse time, and the end of it once for all: it costs as much as what it is read for.
  const bool recorded = options_.events != nullptr;
  const auto begun = recorded ? coarse_now() : Budget::Clock::time_point{};
  auto asked = ask_handler(call);
  const bool limited = call.budget.limited();
  const auto now = recorded || limited ? coarse_now() : Budget::Clock::time_point{};
  if (recorded) record(call, now - begun);
  if (!asked) return std::unexpected{std::move(asked).error()};
  // An answer that comes too late is dropped. One that is late by less than the coarse clock shows
  // is not, and then the engine ends the guest at its next tick.
  if (limited) [[likely]] {
    if (const auto why = call.budget.spent(now)) return std::unexpected{budget_spent(*why)};
  }
  return host_answered_ ? 1 : 0;
}

void Conversation::record(const HostCall& call, std::chrono::nanoseconds duration) {
  const bool denied = host_call_failure_ == Errc::denied;
  record_safely(options_.events.get(), {.kind = denied ? EventKind::denied : EventKind::host_call,
                                        .guest_id = call.guest_id,
                                        .binding = call.binding,
                                        .name_space = call.name_space,
                                        .operation = call.operation,
                                        .payload_bytes = call.payload.size(),
                                        .answer_bytes = host_answered_ ? host_response_.size() : 0,
                                        .failure = host_call_failure_,
                                        .message = host_error_,
                                        .duration = duration});
}

Result<> Conversation::ask_handler(const HostCall& call) {
  host_error_.clear();
  host_response_.clear();
  host_answered_ = false;
  host_call_failure_.reset();
  if (options_.handler == nullptr) {
    host_error_ = "Missing host callback function!";  // To the letter what the Rust host says.
    host_call_failure_ = Errc::unavailable;
    return {};
  }
  try {
    if (auto answered = options_.handler->answer(call, host_response_); !answered) {
      const auto& error = answered.error();
      host_error_ = to_utf8(error.message());
      host_call_failure_ = error.code();
      if (std::ranges::find(options_.ending_codes, error.code()) == options_.ending_codes.end()) {
        return {};
      }
      return failure(error.code(), host_error_);
    }
    if (host_response_.size() > std::numeric_limits<std::uint32_t>::max()) {
      host_error_ = "the host's answer is of more than 4 GiB";
      host_call_failure_ = Errc::limit_exceeded;
      return {};
    }
    host_answered_ = true;
  } catch (const std::exception& e) {
    threw(e.what());
  } catch (...) {
    threw(nullptr);
  }
  return {};
}

void Conversation::threw(const char* what) {
  host_call_failure_ = Errc::internal;
  constexpr auto* kThrew = "the host handler threw";
  host_error_ = what == nullptr ? kThrew : to_utf8(what);
  options_.log->report(what == nullptr ? kThrew : std::string{kThrew} + ": " + host_error_);
}

Result<std::uint32_t> Conversation::host_response_length(Caller& /*caller*/) {
  return host_answered_ ? static_cast<std::uint32_t>(host_response_.size()) : 0;
}

Result<> Conversation::host_response(Caller& caller, std::uint32_t pointer) {
  if (!host_answered_) return {};
  return give(caller.memory_before(end_of(pointer, host_response_.size())), "__host_response",
              pointer, host_response_);
}

Result<std::uint32_t> Conversation::host_error_length(Caller& /*caller*/) {
  return static_cast<std::uint32_t>(host_error_.size());
}

Result<> Conversation::host_error(Caller& caller, std::uint32_t pointer) {
  if (host_error_.empty()) return {};
  return give(caller.memory(), "__host_error", pointer, as_bytes(host_error_));
}

Result<> Conversation::console_log(Caller& caller, std::uint32_t pointer, std::uint32_t length) {
  WAPC_TRY(const auto bytes, read(caller, "__console_log", pointer, length));
  const auto text = text_of(bytes, kLineMax);
  if (is_utf8(text)) [[likely]]
    return options_.log->log(LogSource::console, text);
  return options_.log->log(LogSource::console, to_utf8(text));
}

Result<> Conversation::abort(Caller& caller, std::uint32_t message_pointer,
                             std::uint32_t file_pointer, std::uint32_t line, std::uint32_t column) {
  WAPC_TRY(const auto message, assembly_script_string(caller.memory(), message_pointer));
  WAPC_TRY(const auto file, assembly_script_string(caller.memory(), file_pointer));
  std::string text = "the guest aborted";
  if (!message.empty()) text += ": " + message;
  if (!file.empty()) {
    text += " (" + file + ":" + std::to_string(line) + ":" + std::to_string(column) + ")";
  }
  if (text.size() > options_.limits.error_bytes) {
    text = to_utf8(std::string_view{text}.substr(0, options_.limits.error_bytes));
  }
  return failure(Errc::trapped, std::move(text));
}

}  // namespace wapc
