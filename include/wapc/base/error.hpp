#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wapc {

/// What went wrong, in terms of what the caller can do about it. The same on every engine.
enum class Errc {
  invalid_module,      ///< Not a module this engine runs, or not a waPC guest.
  init_failed,         ///< A start function trapped, or exited with a code other than 0.
  guest_error,         ///< The guest answered with an error of its own.
  trapped,             ///< The guest was stopped by a trap; the instance is spent.
  protocol_violation,  ///< The guest broke the waPC protocol.
  deadline_exceeded,   ///< The deadline passed; an instance in guest code is spent.
  cancelled,           ///< The stop token was used; an instance in guest code is spent.
  limit_exceeded,      ///< Memory, table, fuel, size or nesting limit met.
  denied,              ///< The guest may not call that host function.
  busy,                ///< The guest is answering a call already.
  overloaded,          ///< No capacity now; the same call may work later.
  unavailable,         ///< The other side of a connection cannot be reached.
  invalid_options,     ///< The program's own options make no sense, or name what is not there.
  unsupported,         ///< This engine or this build cannot do it.
  internal,            ///< A bug in this library, a host function that threw, a fault of an engine.
};

[[nodiscard]] std::string_view to_string(Errc code) noexcept;

/// A failure: a code for programs, a message for people, and for a trap the guest's backtrace.
/// A shared constant, so that a `Result` is small and cheap where nothing fails.
class Error {
 public:
  Error(Errc code, std::string message, std::string backtrace = {});

  [[nodiscard]] Errc code() const noexcept { return detail_->code; }

  [[nodiscard]] const std::string& message() const noexcept { return detail_->message; }

  /// The guest's frames, innermost first, a line each; empty when there are none.
  [[nodiscard]] const std::string& backtrace() const noexcept { return detail_->backtrace; }

  /// Says what was being done: `cannot open` becomes `load a.wasm: cannot open`.
  [[nodiscard]] Error within(std::string_view action) const;

  /// The same error with the guest's frames.
  [[nodiscard]] Error with_backtrace(std::string backtrace) const;

 private:
  struct Detail {
    Errc code;
    std::string message;
    std::string backtrace;
  };

  std::shared_ptr<const Detail> detail_;  // Null only after a move.
};

/// The outcome of anything that can fail while running.
template <typename T = void>
using Result = std::expected<T, Error>;

/// What a function returns to fail: `return failure(Errc::busy, "...")`.
[[nodiscard]] inline std::unexpected<Error> failure(Errc code, std::string message) {
  return std::unexpected<Error>{std::in_place, code, std::move(message)};
}

}  // namespace wapc
