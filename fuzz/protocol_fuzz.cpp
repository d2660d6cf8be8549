// Calls the functions that a guest imports from module `wapc`, and `env.abort`, with any arguments
// over a memory of any size, and handlers that answer, fail, throw, and answer too late. A model of
// docs/protocol.md, kept beside the conversation, says what each call must lead to: its outcome,
// what is written to the guest's memory and that nothing else is, what the handler and the log see,
// and what is in the slots. AddressSanitizer sees what is read beyond the memory.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.hpp"
#include "choices.hpp"
#include "wapc/base/utf8.hpp"
#include "wapc/protocol/conversation.hpp"

namespace wapc::fuzzing {
namespace {

constexpr int kActsMax = 64;
constexpr std::size_t kNameMax = 64U << 10U;
constexpr std::size_t kTextMax = 1U << 20U;
constexpr std::uint64_t kGuestId = 7;

class Memory final : public Caller {
 public:
  explicit Memory(std::size_t size) : bytes_(size) {}

  GuestMemory memory() override { return bytes_; }

  const Budget& budget() const override { return budget_; }

  void grow(std::size_t more) { bytes_.resize(bytes_.size() + more); }

  void renew_budget(Choices& choices) {
    stop_ = std::stop_source{};
    budget_ = {};
    if (choices.rarely(2)) budget_.stop = stop_.get_token();
    if (choices.rarely(4)) budget_.deadline = Budget::Clock::now() + std::chrono::hours{1};
  }

  /// What happens to a call while its handler works.
  void spend_budget() {
    if (budget_.stop.stop_possible()) {
      stop_.request_stop();
    } else {
      budget_.deadline = Budget::Clock::now() - std::chrono::hours{1};
    }
  }

 private:
  Bytes bytes_;
  Budget budget_;
  std::stop_source stop_;
};

/// What a handler was asked; the names as text, the payload as where it lies.
struct Asked {
  std::string binding;
  std::string name_space;
  std::string operation;
  BytesView payload;
  const Invocation* invocation;
};

/// Does what it is told to before each host call.
class Handler final : public HostHandler {
 public:
  enum class Act : std::uint8_t {
    answer,
    fail,
    fail_with_reply,
    throw_text,
    throw_any,
    throw_memory
  };

  Act act = Act::answer;
  bool late = false;
  std::string text;  // Of the answer or the error.
  Memory* caller = nullptr;
  std::optional<Asked> asked;

  Result<> answer(const HostCall& call, Bytes& reply) override {
    check(call.guest_id == kGuestId, "another guest's id");
    check(&call.budget == &caller->budget(), "another call's budget");
    check(reply.empty(), "a reply that is not empty at first");
    for (const auto name : {call.binding, call.name_space, call.operation}) {
      check(is_utf8(name), "a name that is not UTF-8");
    }
    asked = {std::string{call.binding}, std::string{call.name_space}, std::string{call.operation},
             call.payload, call.invocation};
    if (late) caller->spend_budget();
    const auto bytes = as_bytes(text);
    switch (act) {
      case Act::fail_with_reply: reply.assign(bytes.begin(), bytes.end()); [[fallthrough]];
      case Act::fail: return failure(Errc::denied, text);
      case Act::throw_text: throw std::runtime_error{text};
      case Act::throw_any: throw 5;
      case Act::throw_memory: throw std::bad_alloc{};
      case Act::answer: break;
    }
    reply.assign(bytes.begin(), bytes.end());
    return {};
  }

  /// What the guest is told of an error; nothing when it is answered.
  [[nodiscard]] std::optional<std::string> error() const {
    switch (act) {
      case Act::answer: return std::nullopt;
      case Act::throw_any: return "the host handler threw";
      case Act::throw_memory: return std::bad_alloc{}.what();
      case Act::throw_text: return to_utf8(text.c_str());
      default: return to_utf8(text);
    }
  }
};

class Log final : public LogSink {
 public:
  bool throws = false;
  std::vector<std::string> console;
  std::size_t host_lines = 0;

  void log(const LogEntry& entry) override {
    check(is_utf8(entry.text), "a line of the log is not UTF-8");
    check(entry.guest_id == kGuestId, "another guest's id in the log");
    if (entry.source == LogSource::host) {
      ++host_lines;
    } else {
      check(entry.source == LogSource::console, "a line of another source");
      console.emplace_back(entry.text);
    }
    if (throws) throw std::runtime_error{"no room in the log"};
  }
};

/// The slots, as docs/protocol.md has them.
struct Slots {
  std::optional<Bytes> response;
  std::optional<std::string> guest_error;
  std::optional<Bytes> host_answer;
  std::string host_error;
};

/// Limits as they are, or so small that guests meet them.
CallLimits some_limits(Choices& choices) {
  CallLimits limits{.error_bytes = kTextMax, .name_bytes = kNameMax};
  if (choices.rarely(4)) limits.response_bytes = choices.byte();
  if (choices.rarely(4)) limits.error_bytes = choices.byte();
  if (choices.rarely(4)) limits.host_call_bytes = choices.byte();
  if (choices.rarely(4)) limits.name_bytes = choices.byte();
  if (choices.rarely(4)) limits.host_calls = choices.below(8);
  if (choices.rarely(4)) limits.log_bytes = choices.byte();
  if (choices.rarely(4)) limits.log_lines = choices.below(8);
  return limits;
}

/// What the log takes in one call, as GuestLog counts it.
class LogRoom {
 public:
  explicit LogRoom(const CallLimits& limits) : limits_{limits} { renew(); }

  void renew() {
    bytes_ = limits_.log_bytes;
    lines_ = limits_.log_lines;
  }

  /// Whether there is room for a line, which then takes it.
  bool take(std::size_t size) {
    if (lines_ == 0 || size > bytes_) return false;
    --lines_;
    bytes_ -= size;
    return true;
  }

 private:
  CallLimits limits_;
  std::size_t bytes_ = 0;
  std::uint64_t lines_ = 0;
};

std::size_t some_size(Choices& choices) {
  constexpr std::array<std::size_t, 8> kSizes{65536, 65536, 131072, 0, 1, 4, 100, 200'000};
  return choices.one_of(kSizes);
}

class Talk {
 public:
  explicit Talk(Choices& choices)
      : choices_{choices},
        caller_{some_size(choices)},
        functions_{Conversation::imports().functions},
        limits_{some_limits(choices)},
        denial_ends_{choices.rarely(4)},
        room_{limits_} {
    const auto talkers = choices.below(8);
    if (talkers != 1) handler_ = std::make_shared<Handler>();
    if (talkers != 2) log_ = std::make_shared<Log>();
    if (handler_) handler_->caller = &caller_;
    guest_log_ = std::make_shared<GuestLog>(
        log_, kGuestId, GuestLog::Limits{.bytes = limits_.log_bytes, .lines = limits_.log_lines});
    ConversationOptions options{.guest_id = kGuestId,
                                .handler = handler_,
                                .log = guest_log_,
                                .limits = limits_,
                                .ending_codes = {}};
    if (denial_ends_) options.ending_codes = {Errc::denied};
    conversation_.emplace(std::move(options));
    caller_.renew_budget(choices);
    const auto memory = caller_.memory();
    const auto pattern = choices.bytes(64);
    for (std::size_t i = 0; !pattern.empty() && i < memory.size(); ++i) {
      memory[i] = pattern[i % pattern.size()];
    }
    before_.assign(memory.begin(), memory.end());
  }

  void act() {
    const auto choice = choices_.below(functions_.size() + 8);
    if (choice < functions_.size()) return call(functions_[choice]);
    switch (choice - functions_.size()) {
      case 0:
      case 1: return begin();
      case 2: return forget();
      case 3:
      case 4: return finish();
      case 5: return poke();
      case 6: return grow();
      default: return call(functions_[3]);  // `__host_call`, of which most hangs.
    }
  }

 private:
  void begin() {
    operation_ = some_text();
    const auto payload = some_text();
    payload_.assign(as_bytes(payload).begin(), as_bytes(payload).end());
    invocation_ = {.operation = operation_, .payload = payload_};
    caller_.renew_budget(choices_);
    conversation_->begin(invocation_);
    guest_log_->begin_call();
    room_.renew();
    host_calls_ = 0;
    in_call_ = true;
    slots_ = {};
  }

  void forget() {
    conversation_->clear();
    in_call_ = false;
    slots_ = {};
    caller_.renew_budget(choices_);
  }

  void poke() {
    const auto at = some_pointer(0);
    (void)write(caller_.memory(), at, choices_.bytes(64));
    const auto memory = caller_.memory();
    before_.assign(memory.begin(), memory.end());
  }

  void grow() {
    if (before_.size() > (1U << 20U)) return;
    caller_.grow(choices_.number<std::uint16_t>());
    before_.resize(caller_.memory().size());
  }

  std::string some_text() {
    std::string text{as_text(choices_.bytes(255))};
    if (choices_.rarely(16) && !text.empty()) {
      while (text.size() < kNameMax + 10) text += text;
    }
    return text;
  }

  std::uint32_t some_length() {
    const auto size = static_cast<std::uint32_t>(caller_.memory().size());
    switch (choices_.below(8)) {
      case 0:
      case 1:
      case 2: return choices_.byte();
      case 3: return 0;
      case 4: return size;
      case 5: return kNameMax + choices_.byte() % 2;
      case 6: return choices_.number<std::uint16_t>();
      default: return choices_.number<std::uint32_t>();
    }
  }

  /// Where `length` bytes fit, more often than not.
  std::uint32_t some_pointer(std::uint32_t length) {
    const auto size = static_cast<std::uint32_t>(caller_.memory().size());
    switch (choices_.below(8)) {
      case 0:
      case 1:
      case 2: return choices_.number<std::uint16_t>();
      case 3: return size - length;
      case 4: return size - length + choices_.byte() % 3;
      case 5: return choices_.byte();
      case 6: return std::numeric_limits<std::uint32_t>::max() - choices_.byte();
      default: return choices_.number<std::uint32_t>();
    }
  }

  [[nodiscard]] bool inside(std::uint32_t pointer, std::size_t length) const {
    return length == 0 || pointer + std::uint64_t{length} <= before_.size();
  }

  [[nodiscard]] std::string_view text_at(std::uint32_t pointer, std::uint32_t length) const {
    return length == 0 ? std::string_view{} : as_text(before_).substr(pointer, length);
  }

  /// A call ended in an error that spends the instance: nothing of it is used again.
  void expect_failure(const Result<std::uint64_t>& result, Errc code, std::string_view name) {
    check(!result, "succeeds where it should fail", name);
    check(result.error().code() == code, result.error().message(), name);
    check(is_utf8(result.error().message()), "a message is not UTF-8", name);
  }

  void expect_value(const Result<std::uint64_t>& result, std::uint64_t value,
                    std::string_view name) {
    check(result.has_value(), "fails where it should succeed", name);
    check(static_cast<std::uint32_t>(*result) == value, "another result", name);
  }

  /// The guest is to find `bytes` at `pointer`.
  void expect_written(std::uint32_t pointer, BytesView bytes) {
    std::copy(bytes.begin(), bytes.end(),
              before_.begin() + static_cast<std::ptrdiff_t>(bytes.empty() ? 0 : pointer));
  }

  void call(const HostFunction& function) {
    std::array<std::uint32_t, 8> numbers{};
    const auto count = function.signature.parameters.size();
    // Lengths follow their pointers, where there are any.
    for (std::size_t i = 0; i < count; i += 2) {
      numbers.at(i + 1) = some_length();
      numbers.at(i) = some_pointer(numbers.at(i + 1));
    }
    if (function.name == "__guest_request") {
      numbers[0] = some_pointer(static_cast<std::uint32_t>(operation_.size()));
      numbers[1] = some_pointer(static_cast<std::uint32_t>(payload_.size()));
    }
    // An i32 is in the low half; what is in the other means nothing.
    const std::uint64_t other_half = choices_.rarely(4) ? 0xFFFF'FFFF'0000'0000U : 0;
    std::array<std::uint64_t, 8> arguments{};
    for (std::size_t i = 0; i < count; ++i) arguments.at(i) = other_half | numbers.at(i);
    prepare_handler();

    const auto result = function.body(*conversation_, caller_,
                                      std::span<const std::uint64_t>{arguments}.first(count));
    judge(function.name, numbers, result);

    const auto memory = caller_.memory();
    check(std::ranges::equal(memory, before_), "memory is not as it should be", function.name);
    if (!result) forget();
  }

  void prepare_handler() {
    if (log_) {
      *log_ = {};
      log_->throws = choices_.rarely(4);
    }
    if (!handler_) return;
    handler_->act = static_cast<Handler::Act>(choices_.below(6));
    handler_->late = choices_.rarely(16);
    handler_->text = some_text();
    handler_->asked.reset();
  }

  void judge(std::string_view name, const std::array<std::uint32_t, 8>& numbers,
             const Result<std::uint64_t>& result) {
    if (name == "__guest_request") return judge_request(numbers[0], numbers[1], result);
    if (name == "__host_call") return judge_host_call(numbers, result);
    if (name == "abort") return judge_abort(result);
    if (name == "__host_response_len") {
      return expect_value(result, slots_.host_answer ? slots_.host_answer->size() : 0, name);
    }
    if (name == "__host_error_len") return expect_value(result, slots_.host_error.size(), name);
    if (name == "__host_response" || name == "__host_error") {
      auto bytes = as_bytes(slots_.host_error);
      if (name == "__host_response") bytes = slots_.host_answer ? *slots_.host_answer : BytesView{};
      if (!inside(numbers[0], bytes.size())) {
        return expect_failure(result, Errc::protocol_violation, name);
      }
      expect_value(result, 0, name);
      return expect_written(numbers[0], bytes);
    }
    judge_said(name, numbers[0], numbers[1], result);
  }

  void judge_request(std::uint32_t operation_pointer, std::uint32_t payload_pointer,
                     const Result<std::uint64_t>& result) {
    constexpr std::string_view kName = "__guest_request";
    if (!in_call_) return expect_value(result, 0, kName);
    if (!inside(operation_pointer, operation_.size()) ||
        !inside(payload_pointer, payload_.size())) {
      return expect_failure(result, Errc::protocol_violation, kName);
    }
    expect_value(result, 0, kName);
    expect_written(operation_pointer, as_bytes(operation_));
    expect_written(payload_pointer, payload_);
  }

  /// Response, error or line of the log.
  void judge_said(std::string_view name, std::uint32_t pointer, std::uint32_t length,
                  const Result<std::uint64_t>& result) {
    if (!inside(pointer, length)) return expect_failure(result, Errc::protocol_violation, name);
    const auto said = text_at(pointer, length);
    if (name == "__guest_response" && length > limits_.response_bytes) {
      return expect_failure(result, Errc::limit_exceeded, name);
    }
    const auto line = to_utf8(said.substr(0, kTextMax));
    if (name == "__console_log" && !room_.take(line.size())) {
      check(!log_ || log_->console.empty(), "a line for which there was no room", name);
      return expect_failure(result, Errc::limit_exceeded, name);
    }
    expect_value(result, 0, name);
    if (name == "__guest_response") {
      slots_.response.emplace(as_bytes(said).begin(), as_bytes(said).end());
    } else if (name == "__guest_error") {
      slots_.guest_error = to_utf8(said.substr(0, limits_.error_bytes));
    } else {
      check(name == "__console_log", "a function that is not known here", name);
      if (!log_) return;
      check(log_->console == std::vector{line}, "another line", name);
    }
  }

  void judge_host_call(const std::array<std::uint32_t, 8>& numbers,
                       const Result<std::uint64_t>& result) {
    constexpr std::string_view kName = "__host_call";
    const bool asked = handler_ && handler_->asked;
    for (std::size_t i = 0; i < 8; i += 2) {
      if (inside(numbers.at(i), numbers.at(i + 1))) continue;
      check(!asked, "the handler was asked, though a pointer is out of bounds");
      return expect_failure(result, Errc::protocol_violation, kName);
    }
    if (std::max({numbers[1], numbers[3], numbers[5]}) > limits_.name_bytes ||
        numbers[7] > limits_.host_call_bytes || ++host_calls_ > limits_.host_calls) {
      check(!asked, "the handler was asked, though a name, a payload or their number is too much");
      return expect_failure(result, Errc::limit_exceeded, kName);
    }
    slots_.host_answer.reset();
    slots_.host_error = "Missing host callback function!";
    if (handler_) {
      check(asked, "the handler was not asked");
      judge_asked(numbers);
      const bool denied =
          handler_->act == Handler::Act::fail || handler_->act == Handler::Act::fail_with_reply;
      if (denied && denial_ends_) return expect_failure(result, Errc::denied, kName);
      if (handler_->late) {
        const bool cancelled = caller_.budget().stop.stop_requested();
        return expect_failure(result, cancelled ? Errc::cancelled : Errc::deadline_exceeded, kName);
      }
      slots_.host_error = handler_->error().value_or("");
      const auto text = as_bytes(handler_->text);
      if (!handler_->error()) slots_.host_answer.emplace(text.begin(), text.end());
    }
    expect_value(result, slots_.host_answer ? 1 : 0, kName);
  }

  void judge_asked(const std::array<std::uint32_t, 8>& numbers) {
    const auto& asked = *handler_->asked;
    check(asked.binding == to_utf8(text_at(numbers[0], numbers[1])), "another binding");
    check(asked.name_space == to_utf8(text_at(numbers[2], numbers[3])), "another namespace");
    check(asked.operation == to_utf8(text_at(numbers[4], numbers[5])), "another operation");
    check(as_text(asked.payload) == text_at(numbers[6], numbers[7]), "another payload");
    check(asked.invocation == (in_call_ ? &invocation_ : nullptr), "another invocation");
    bool told = handler_->act >= Handler::Act::throw_text;
    if (told) {
      std::string line = "the host handler threw";
      if (handler_->act != Handler::Act::throw_any) line += ": " + *handler_->error();
      told = room_.take(line.size());
    }
    check(!log_ || log_->host_lines == (told ? 1 : 0), "the program was not told that it threw");
  }

  void judge_abort(const Result<std::uint64_t>& result) {
    check(!result, "succeeds where it should fail", "abort");
    const auto code = result.error().code();
    check(code == Errc::trapped || code == Errc::protocol_violation, "another code", "abort");
    check(is_utf8(result.error().message()), "a message is not UTF-8", "abort");
  }

  void finish() {
    if (!in_call_) return;
    Result<std::uint64_t> returned = choices_.below(3);
    if (choices_.rarely(4)) {
      returned = failure(choices_.rarely(2) ? Errc::trapped : Errc::limit_exceeded, "a reason");
    }
    const auto outcome = conversation_->finish(returned, response_);
    if (!returned) {
      const bool explained = slots_.guest_error && returned.error().code() == Errc::trapped;
      check(!outcome && outcome.error().code() == returned.error().code(),
            "another code at the end");
      check(outcome.error().message() ==
                (explained ? *slots_.guest_error + ": a reason" : "a reason"),
            "another message at the end");
    } else if (*returned != 0 && slots_.response) {
      check(outcome.has_value(), "a response was not taken");
      check(response_ == *slots_.response, "another response");
      if (slots_.guest_error) {
        const std::string line =
            "the guest answered, and dropped its error: " + *slots_.guest_error;
        static_cast<void>(room_.take(line.size()));
      }
    } else if (slots_.guest_error) {
      check(!outcome && outcome.error().code() == Errc::guest_error, "an error was not taken");
      check(outcome.error().message() == *slots_.guest_error, "another error");
    } else {
      check(!outcome && outcome.error().code() == Errc::protocol_violation,
            "neither response nor error, and no violation");
    }
    forget();
  }

  Choices& choices_;
  Memory caller_;
  std::span<const HostFunction> functions_;
  std::shared_ptr<Handler> handler_;
  std::shared_ptr<Log> log_;
  CallLimits limits_;
  bool denial_ends_;
  LogRoom room_;
  std::shared_ptr<GuestLog> guest_log_;
  std::optional<Conversation> conversation_;
  std::string operation_;
  Bytes payload_;
  Invocation invocation_;
  bool in_call_ = false;
  std::uint64_t host_calls_ = 0;  // In this call.
  Slots slots_;
  Bytes before_;    // The memory as it should be.
  Bytes response_;  // Used again for each call, as a program does.
};

}  // namespace
}  // namespace wapc::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  wapc::fuzzing::Choices choices{{bytes, size}};
  wapc::fuzzing::Talk talk{choices};
  for (int acts = 0; acts < wapc::fuzzing::kActsMax && !choices.used_up(); ++acts) talk.act();
  return 0;
}
