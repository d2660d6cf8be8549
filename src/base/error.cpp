#include "wapc/base/error.hpp"

#include <utility>

namespace wapc {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_module: return "invalid module";
    case Errc::init_failed: return "start-up failed";
    case Errc::guest_error: return "guest error";
    case Errc::trapped: return "trapped";
    case Errc::protocol_violation: return "protocol violation";
    case Errc::deadline_exceeded: return "deadline exceeded";
    case Errc::cancelled: return "cancelled";
    case Errc::limit_exceeded: return "limit exceeded";
    case Errc::denied: return "denied";
    case Errc::busy: return "busy";
    case Errc::overloaded: return "overloaded";
    case Errc::unavailable: return "unavailable";
    case Errc::invalid_options: return "invalid options";
    case Errc::unsupported: return "unsupported";
    case Errc::internal: return "internal error";
  }
  std::unreachable();
}

Error::Error(Errc code, std::string message, std::string backtrace)
    : detail_{std::make_shared<const Detail>(code, std::move(message), std::move(backtrace))} {}

Error Error::within(std::string_view action) const {
  return {code(), std::string{action} + ": " + message(), backtrace()};
}

Error Error::with_backtrace(std::string backtrace) const {
  return {code(), message(), std::move(backtrace)};
}

}  // namespace wapc
