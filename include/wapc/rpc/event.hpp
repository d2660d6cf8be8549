#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "wapc/base/error.hpp"

namespace wapc {

/// What happened to a guest, or what it tried.
enum class EventKind : std::uint8_t {
  loaded,         ///< A module was compiled and checked as a guest, or was refused: see `failure`.
  started,        ///< An instance was started, or could not be.
  replaced,       ///< A host serves another module now, or does not: see `failure`.
  host_call,      ///< The guest called the host and was answered, or got an error.
  denied,         ///< The same, where the guest may not call that: the error is `denied`.
  call_failed,    ///< A call of the guest failed: a trap, a limit, a deadline, an error of its own.
  tenant_loaded,  ///< A tenant was loaded, or could not be.
  tenant_dropped,  ///< One that was loaded went: see `message`.
};

/// `loaded`, `started`, ...: the enumerator's name.
[[nodiscard]] std::string_view to_string(EventKind kind) noexcept;

/// One event. Views text that lives until the sink returns. Names and messages are valid UTF-8 and
/// otherwise the guest's: whoever writes them to a terminal or a file escapes them.
struct Event {
  EventKind kind{};
  std::uint64_t guest_id = 0;  ///< 0 when there is no guest yet, or many: of `loaded`, of tenants.

  /// Of a host call, also a denied one; else empty.
  std::string_view binding = {};
  std::string_view name_space = {};
  std::string_view operation = {};  ///< Of `call_failed`: the operation of the guest's.

  std::string_view tenant = {};  ///< Of a tenant's events its name; else empty.

  /// Of a host call or a call; of `loaded` the module; of a tenant what it takes, or took.
  std::size_t payload_bytes = 0;
  std::size_t answer_bytes = 0;  ///< Of a host call that was answered.

  std::optional<Errc> failure = std::nullopt;

  /// Of a failure; of `tenant_dropped` why: `room`, which others needed, `idle` or `removed`.
  std::string_view message = {};

  /// Of what took time; of a host call in steps of some milliseconds.
  std::chrono::nanoseconds duration{0};
};

/// Gets the events of guests. Called on the thread that calls a guest, and by several at once even
/// for one guest (the end of one call and the beginning of the next): it locks what it writes to.
class EventSink {
 public:
  virtual ~EventSink() = default;

  /// What it throws is dropped.
  virtual void record(const Event& event) = 0;
};

/// A sink that is a function.
[[nodiscard]] std::shared_ptr<EventSink> recording_to(std::function<void(const Event&)> function);

/// Hands `event` to `sink`, if there is one, and drops what it throws.
void record_safely(EventSink* sink, const Event& event) noexcept;

}  // namespace wapc
