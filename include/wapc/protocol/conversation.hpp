#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/base/guest_log.hpp"
#include "wapc/engine/host_function.hpp"
#include "wapc/protocol/call_limits.hpp"
#include "wapc/rpc/event.hpp"
#include "wapc/rpc/host_handler.hpp"
#include "wapc/rpc/invoker.hpp"

namespace wapc {

/// Who takes part in a conversation beside the guest.
struct ConversationOptions {
  std::uint64_t guest_id = 0;
  std::shared_ptr<HostHandler> handler = nullptr;  ///< None: every host call fails.
  std::shared_ptr<GuestLog> log = nullptr;         ///< None: what the guest logs is dropped.
  std::shared_ptr<EventSink> events = nullptr;     ///< Is told of each host call.
  CallLimits limits = {};

  /// Errors of the handler's with one of these codes end the guest's call, instead of being told to
  /// the guest.
  std::vector<Errc> ending_codes = {};
};

/// What host and guest say to each other: the state behind the functions that a guest imports from
/// module `wapc`, and behind AssemblyScript's `env.abort`. One for each instance; not thread-safe.
///
/// A pointer or length outside the guest's memory ends the guest's call with `protocol_violation`,
/// and nothing is read or written. Text that is not UTF-8 is read with U+FFFD in its place. What is
/// beyond the limits ends the call with `limit_exceeded`; of an error what fits counts, and of a
/// line of the log the first 1 MiB.
class Conversation final : public HostState {
 public:
  explicit Conversation(ConversationOptions options);

  /// All nine functions of module `wapc`, and `env.abort`; each works on a Conversation.
  [[nodiscard]] static ImportTable imports();

  /// Forgets what was said so far: the guest starts anew.
  void clear() {
    invocation_ = nullptr;
    responded_ = false;
    guest_error_.reset();
    host_answered_ = false;
    host_error_.clear();
  }

  /// Forgets the last call and sets the request of the next one, which outlives it.
  void begin(const Invocation& invocation) {
    clear();
    host_calls_ = 0;
    invocation_ = &invocation;
  }

  /// The outcome of the call, given what `__guest_call` returned or failed with; swaps the
  /// guest's response with what is in `response`.
  [[nodiscard]] Result<> finish(const Result<std::uint64_t>& returned, Bytes& response);

  /// `error`, with the guest's own words before it when it is a trap that the guest gave an error
  /// for.
  [[nodiscard]] Error explain(const Error& error) const;

  /// How many host calls the guest has made in this call, or in the last one.
  [[nodiscard]] std::uint64_t host_calls() const noexcept { return host_calls_; }

 private:
  // Apart from `finish`, which is quicker without them.
  [[gnu::cold]] void report_dropped(const std::string& error) const;
  [[gnu::cold]] std::unexpected<Error> why_unanswered(const Result<std::uint64_t>& returned);

  Result<> guest_request(Caller& caller, std::uint32_t operation_pointer,
                         std::uint32_t payload_pointer);
  Result<> guest_response(Caller& caller, std::uint32_t pointer, std::uint32_t length);
  Result<> guest_error(Caller& caller, std::uint32_t pointer, std::uint32_t length);
  Result<std::uint32_t> host_call(Caller& caller, std::uint32_t binding_pointer,
                                  std::uint32_t binding_length, std::uint32_t namespace_pointer,
                                  std::uint32_t namespace_length, std::uint32_t operation_pointer,
                                  std::uint32_t operation_length, std::uint32_t payload_pointer,
                                  std::uint32_t payload_length);
  Result<std::uint32_t> host_response_length(Caller& caller);
  Result<> host_response(Caller& caller, std::uint32_t pointer);
  Result<std::uint32_t> host_error_length(Caller& caller);
  Result<> host_error(Caller& caller, std::uint32_t pointer);
  Result<> console_log(Caller& caller, std::uint32_t pointer, std::uint32_t length);
  Result<> abort(Caller& caller, std::uint32_t message_pointer, std::uint32_t file_pointer,
                 std::uint32_t line, std::uint32_t column);

  /// What the guest is told of `call`: whether there is a reply.
  [[nodiscard]] Result<std::uint32_t> answer(const HostCall& call);

  /// The same for one whose names are not UTF-8: of copies with what is not replaced.
  [[nodiscard]] Result<std::uint32_t> answer_in_utf8(const HostCall& call);

  /// What the handler says to `call`: its reply in `host_response_`, or its error's text. Fails
  /// with what ends the guest's call.
  [[nodiscard]] Result<> ask_handler(const HostCall& call);
  void record(const HostCall& call, std::chrono::nanoseconds duration);

  /// What is told of a handler that threw.
  void threw(const char* what);

  ConversationOptions options_;
  const Invocation* invocation_ = nullptr;
  Bytes response_;
  bool responded_ = false;
  std::optional<std::string> guest_error_;
  Bytes host_response_;
  bool host_answered_ = false;
  std::string host_error_;
  std::uint64_t host_calls_ = 0;           // In this call.
  std::optional<Errc> host_call_failure_;  // Of the last one.
};

}  // namespace wapc
