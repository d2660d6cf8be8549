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

std::unexpected<Error> outside_memory(std::string_view function, std::uint32_t pointer,
                                      std::size_t length, std::size_t memory_size) {
  return failure(Errc::protocol_violation, std::string{function} + ": " + std::to_string(length) +
                                               " bytes at " + std::to_string(pointer) +
                                               " are outside the guest's memory of " +
                                               std::to_string(memory_size) + " bytes");
}

// Nothing at all may stand anywhere: for a block of no bytes Zig's allocator, for one, gives the
// highest address there is.
Result<BytesView> read(GuestMemory memory, std::string_view function, std::uint32_t pointer,
                       std::uint32_t length) {
  if (length == 0) return BytesView{};
  const auto bytes = slice(memory, pointer, length);
  if (!bytes) return outside_memory(function, pointer, length, memory.size());
  return BytesView{*bytes};
}

/// Writes `bytes` to `pointer`, or fails and writes nothing. No bytes fit anywhere, as above.
Result<> give(GuestMemory memory, std::string_view function, std::uint32_t pointer,
              BytesView bytes) {
  if (!bytes.empty() && !write(memory, pointer, bytes)) {
    return outside_memory(function, pointer, bytes.size(), memory.size());
  }
  return {};
}

constexpr std::size_t kNameMax = 64U << 10U;  // Bytes of a binding, namespace, or operation.
constexpr std::size_t kTextMax = 1U << 20U;   // Bytes of an error or a line of the log.

/// The start of a text that is for people: enough of it, and no more to repair than that.
std::string_view text_of(BytesView bytes) {
  return as_text(bytes.first(std::min(bytes.size(), kTextMax)));
}

/// A name from the guest: a view of its memory when that is UTF-8, and it nearly always is, else of
/// a copy with what is not UTF-8 replaced.
class Name {
 public:
  explicit Name(std::string_view text) : view_{text} {
    if (is_utf8(view_)) return;
    replaced_ = to_utf8(view_);
    view_ = replaced_;
  }

  Name(const Name&) = delete;
  Name& operator=(const Name&) = delete;
  ~Name() = default;

  [[nodiscard]] std::string_view text() const noexcept { return view_; }

 private:
  std::string replaced_;
  std::string_view view_;
};

}  // namespace

Conversation::Conversation(ConversationOptions options) : options_{std::move(options)} {}

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

void Conversation::begin(const Invocation& invocation) {
  clear();
  invocation_ = &invocation;
}

void Conversation::clear() {
  invocation_ = nullptr;
  responded_ = false;
  guest_error_.reset();
  host_answered_ = false;
  host_error_.clear();
}

Result<> Conversation::finish(Result<std::uint64_t> returned, Bytes& response) {
  invocation_ = nullptr;
  if (!returned) return std::unexpected{explain(returned.error())};
  const bool succeeded = static_cast<std::uint32_t>(*returned) != 0;
  if (succeeded && responded_) {
    if (guest_error_) report("the guest answered, and dropped its error: " + *guest_error_);
    std::swap(response, response_);
    return {};
  }
  if (guest_error_) return failure(Errc::guest_error, *std::move(guest_error_));
  if (!succeeded) {
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
  const auto memory = caller.memory();
  if (!payload.empty() && !slice(memory, payload_pointer, payload.size())) {
    return outside_memory("__guest_request", payload_pointer, payload.size(), memory.size());
  }
  WAPC_CHECK(give(memory, "__guest_request", operation_pointer, operation));
  return give(memory, "__guest_request", payload_pointer, payload);
}

Result<> Conversation::guest_response(Caller& caller, std::uint32_t pointer, std::uint32_t length) {
  WAPC_TRY(const auto bytes, read(caller.memory(), "__guest_response", pointer, length));
  response_.assign(bytes.begin(), bytes.end());
  responded_ = true;
  return {};
}

Result<> Conversation::guest_error(Caller& caller, std::uint32_t pointer, std::uint32_t length) {
  WAPC_TRY(const auto bytes, read(caller.memory(), "__guest_error", pointer, length));
  guest_error_ = to_utf8(text_of(bytes));
  return {};
}

Result<std::uint32_t> Conversation::host_call(
    Caller& caller, std::uint32_t binding_pointer, std::uint32_t binding_length,
    std::uint32_t namespace_pointer, std::uint32_t namespace_length,
    std::uint32_t operation_pointer, std::uint32_t operation_length, std::uint32_t payload_pointer,
    std::uint32_t payload_length) {
  const auto part = [memory = caller.memory()](std::uint32_t pointer, std::uint32_t length) {
    return read(memory, "__host_call", pointer, length);
  };
  WAPC_TRY(const auto binding, part(binding_pointer, binding_length));
  WAPC_TRY(const auto name_space, part(namespace_pointer, namespace_length));
  WAPC_TRY(const auto operation, part(operation_pointer, operation_length));
  WAPC_TRY(const auto payload, part(payload_pointer, payload_length));
  if (std::max({binding.size(), name_space.size(), operation.size()}) > kNameMax) {
    return failure(Errc::limit_exceeded, "__host_call: a name of more than 64 KiB");
  }
  const Name binding_name{as_text(binding)};
  const Name namespace_name{as_text(name_space)};
  const Name operation_name{as_text(operation)};
  ask_handler({.guest_id = options_.guest_id,
               .binding = binding_name.text(),
               .name_space = namespace_name.text(),
               .operation = operation_name.text(),
               .payload = payload,
               .budget = caller.budget(),
               .invocation = invocation_});
  // An answer that comes too late is dropped. One that is late by less than the coarse clock shows
  // is not, and then the engine ends the guest at its next tick.
  if (const auto& budget = caller.budget(); budget.limited()) [[likely]] {
    if (const auto why = budget.spent(coarse_now())) return std::unexpected{budget_spent(*why)};
  }
  return host_answered_ ? 1 : 0;
}

void Conversation::ask_handler(const HostCall& call) {
  host_error_.clear();
  host_response_.clear();
  host_answered_ = false;
  if (options_.handler == nullptr) {
    host_error_ = "Missing host callback function!";  // To the letter what the Rust host says.
    return;
  }
  try {
    if (auto answered = options_.handler->answer(call, host_response_); !answered) {
      host_error_ = to_utf8(answered.error().message());
      return;
    }
    if (host_response_.size() > std::numeric_limits<std::uint32_t>::max()) {
      host_error_ = "the host's answer is of more than 4 GiB";
      return;
    }
    host_answered_ = true;
    return;
  } catch (const std::exception& e) {
    host_error_ = to_utf8(e.what());
    report("the host handler threw: " + host_error_);
  } catch (...) {
    host_error_ = "the host handler threw";
    report(host_error_);
  }
}

Result<std::uint32_t> Conversation::host_response_length(Caller& /*caller*/) {
  return host_answered_ ? static_cast<std::uint32_t>(host_response_.size()) : 0;
}

Result<> Conversation::host_response(Caller& caller, std::uint32_t pointer) {
  if (!host_answered_) return {};
  return give(caller.memory(), "__host_response", pointer, host_response_);
}

Result<std::uint32_t> Conversation::host_error_length(Caller& /*caller*/) {
  return static_cast<std::uint32_t>(host_error_.size());
}

Result<> Conversation::host_error(Caller& caller, std::uint32_t pointer) {
  if (host_error_.empty()) return {};
  return give(caller.memory(), "__host_error", pointer, as_bytes(host_error_));
}

Result<> Conversation::console_log(Caller& caller, std::uint32_t pointer, std::uint32_t length) {
  WAPC_TRY(const auto bytes, read(caller.memory(), "__console_log", pointer, length));
  if (options_.log == nullptr) return {};
  const Name text{text_of(bytes)};
  log_safely(options_.log.get(), {options_.guest_id, LogSource::console, text.text()});
  return {};
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
  return failure(Errc::trapped, std::move(text));
}

void Conversation::report(std::string_view text) noexcept {
  log_safely(options_.log.get(), {options_.guest_id, LogSource::host, text});
}

}  // namespace wapc
