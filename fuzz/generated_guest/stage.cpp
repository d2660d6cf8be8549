#include "generated_guest/stage.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "check.hpp"
#include "wapc/base/utf8.hpp"
#include "wapc/wasm/module_info.hpp"

namespace wapc::fuzzing {
namespace {

constexpr std::size_t kEventsMax = 2000;
constexpr std::size_t kLooksMax = 8;  // Of the whole memory.
constexpr InstanceLimits kLimits{.memory_bytes = 5U << 16U, .table_elements = 40};

std::size_t hash_of(BytesView bytes) {
  return std::hash<std::string_view>{}(as_text(bytes));
}

std::string shown(BytesView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = std::to_string(bytes.size()) + " bytes ";
  for (const auto byte : bytes.first(std::min<std::size_t>(bytes.size(), 32))) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    text += kDigits[std::to_integer<unsigned>(byte) & 0xFU];
  }
  return text + " #" + std::to_string(hash_of(bytes));
}

class Events {
 public:
  void add(std::string event) {
    if (transcript_.size() < kEventsMax) transcript_.push_back(std::move(event));
  }

  /// What is never left out.
  void add_end(std::string event) { transcript_.push_back(std::move(event)); }

  bool host_function_threw = false;
  std::size_t looks = 0;

  Transcript take() { return std::move(transcript_); }

  /// As it was made.
  void forget() { *this = Events{}; }

 private:
  Transcript transcript_;
};

/// The state of the functions that guests import from `witness`.
class Witness final : public HostState {
 public:
  explicit Witness(Events& events) : events_{events} {}

  Result<std::uint64_t> note(Caller& /*caller*/, std::uint64_t value, std::uint32_t index) {
    events_.add("note " + std::to_string(index) + ": " + std::to_string(value));
    switch (index) {
      case 100: return failure(Errc::trapped, "the witness stops the guest");
      case 101: return failure(Errc::denied, "the witness denies it");
      case 102: events_.host_function_threw = true; throw std::runtime_error{"the witness throws"};
      default: return value * 31 + index;
    }
  }

  Result<> look(Caller& caller) {
    const auto memory = caller.memory();
    events_.add("memory of " + std::to_string(memory.size()) +
                (++events_.looks <= kLooksMax ? " #" + std::to_string(hash_of(memory)) : ""));
    return {};
  }

 private:
  Events& events_;
};

constexpr std::array kWitnessFunctions{offer<&Witness::note>("witness", "note"),
                                       offer<&Witness::look>("witness", "look")};

OwnImports witness_of(Events& events) {
  return {{kWitnessFunctions, &typeid(Witness)},
          [&events] { return std::make_unique<Witness>(events); }};
}

class Log final : public LogSink {
 public:
  explicit Log(Events& events) : events_{events} {}

  void log(const LogEntry& entry) override {
    check(is_utf8(entry.text), "a line of the log is not UTF-8");
    events_.add("log " + std::string{to_string(entry.source)} + ": " + shown(as_bytes(entry.text)));
  }

 private:
  Events& events_;
};

/// Answers by what it is asked.
class Handler final : public HostHandler {
 public:
  explicit Handler(Events& events) : events_{events} {}

  Host* host = nullptr;
  std::stop_source stop;

  Result<> answer(const HostCall& call, Bytes& reply) override {
    events_.add("host call " + shown(as_bytes(call.binding)) + ", " +
                shown(as_bytes(call.name_space)) + ", " + shown(as_bytes(call.operation)) + ", " +
                shown(call.payload) + (call.invocation == nullptr ? " at the start" : ""));
    for (const auto name : {call.binding, call.name_space, call.operation}) {
      check(is_utf8(name), "a name is not UTF-8");
    }
    switch ((call.payload.size() + call.operation.size()) % 16) {
      case 1: return failure(Errc::unavailable, "not \xFF today");
      case 2: throw std::runtime_error{"the handler throws"};
      case 3: reply.resize(5000, std::byte{0x41}); break;
      case 4: call_again(); break;
      case 5:
        if (call.binding.size() % 8 == 5) stop.request_stop();
        break;
      case 6: break;
      default: reply.assign(call.payload.rbegin(), call.payload.rend()); break;
    }
    return {};
  }

 private:
  void call_again() {
    if (host == nullptr) return;
    const auto again = host->invoke({});
    check(!again && again.error().code() == Errc::busy, "a guest answers a call within a call");
  }

  Events& events_;
};

using Codes = std::span<const Errc>;

constexpr std::array kLoadCodes{Errc::invalid_module, Errc::limit_exceeded};
constexpr std::array kStartCodes{Errc::init_failed, Errc::deadline_exceeded, Errc::cancelled,
                                 Errc::limit_exceeded};
// `init_failed` is that of a fresh instance; `denied` is what the witness says.
constexpr std::array kCallCodes{
    Errc::guest_error,       Errc::trapped,        Errc::protocol_violation, Errc::cancelled,
    Errc::deadline_exceeded, Errc::limit_exceeded, Errc::init_failed};

std::string described(const Error& error, Codes documented, const Events& events) {
  const auto code = error.code();
  const bool own = code == Errc::denied || (code == Errc::internal && events.host_function_threw);
  check(own || std::ranges::find(documented, code) != documented.end(),
        "a code that is not documented", std::string{to_string(code)} + ": " + error.message());
  check(is_utf8(error.message()), "a message is not UTF-8");
  check(is_utf8(error.backtrace()), "a backtrace is not UTF-8");
  return std::string{to_string(code)} + ": " + error.message();
}

WasiConfig wasi_config() {
  WasiConfig config{
      .arguments = {"guest"},
      .limits = {.bytes_written = 100'000, .time_slept = std::chrono::microseconds{50}}};
  auto time = std::make_shared<std::int64_t>(0);
  const auto clock = [time] { return std::chrono::nanoseconds{*time += 1000}; };
  config.realtime_clock = clock;
  config.monotonic_clock = clock;
  config.random = [](std::span<std::byte> bytes) { std::ranges::fill(bytes, std::byte{4}); };
  return config;
}

void call_guest(Host& host, Handler& handler, Events& events, std::size_t calls) {
  constexpr std::array<std::string_view, 3> kOperations{"echo", "", "an operation with a name"};
  Bytes response;
  for (std::size_t i = 0; i < calls; ++i) {
    const Bytes payload(i * 100, std::byte{0x42});
    handler.stop = std::stop_source{};
    events.looks = 0;
    events.host_function_threw = false;
    const auto answered = host.invoke_into({.operation = kOperations.at(i % kOperations.size()),
                                            .payload = payload,
                                            .budget = {.stop = handler.stop.get_token()}},
                                           response);
    count_outcome(answered ? "answered" : to_string(answered.error().code()));
    events.add_end(answered ? "answer: " + shown(response)
                            : "failed: " + described(answered.error(), kCallCodes, events));
  }
}

class Outcomes {
 public:
  ~Outcomes() {
    if (std::getenv("WAPC_FUZZ_OUTCOMES") == nullptr) return;  // NOLINT(concurrency-mt-unsafe)
    for (const auto& [what, count] : counts_) {
      std::fprintf(stderr, "ended: %s %zu\n", what.c_str(), count);
    }
  }

  void count(std::string_view what) { ++counts_[std::string{what}]; }

 private:
  std::map<std::string, std::size_t> counts_;
};

/// With an instance of its own.
void play(const std::shared_ptr<const GuestModule>& module, const StageOptions& options,
          Events& events) {
  const auto handler = std::make_shared<Handler>(events);
  auto host = Host::start(module, {.handler = handler,
                                   .log = std::make_shared<Log>(events),
                                   .limits = kLimits,
                                   .call_timeout = options.timeout,
                                   .start_timeout = options.timeout,
                                   .guest_id = 1,
                                   .wasi = wasi_config()});
  if (!host) {
    count_outcome("not started");
    events.add_end("not started: " + described(host.error(), kStartCodes, events));
    return;
  }
  events.add_end("started");
  handler->host = host->get();
  call_guest(**host, *handler, events, options.calls);
}

}  // namespace

bool runs(const Engine& engine, BytesView wasm) {
  const auto& info = engine.info();
  return info.name != "winch" || read_module(wasm, info.features).has_value();
}

Transcript perform(const Engine& engine, BytesView wasm, const StageOptions& options) {
  Events events;
  const auto module = GuestModule::load(engine, wasm, {.imports = {witness_of(events)}});
  if (!module) {
    events.add_end("not loaded: " + described(module.error(), kLoadCodes, events));
    return events.take();
  }
  for (std::size_t i = 0; i < options.performances; ++i) {
    events.forget();
    play(*module, options, events);
  }
  return events.take();
}

std::string difference(const Transcript& one, const Transcript& other) {
  const auto [a, b] = std::ranges::mismatch(one, other);
  if (a == one.end() && b == other.end()) return {};
  return (a == one.end() ? "nothing" : *a) + "\n  and " + (b == other.end() ? "nothing" : *b);
}

void count_outcome(std::string_view what) {
  static Outcomes outcomes;
  outcomes.count(what);
}

}  // namespace wapc::fuzzing
