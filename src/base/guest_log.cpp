#include "wapc/base/guest_log.hpp"

#include <string>
#include <utility>

namespace wapc {
namespace {

std::unexpected<Error> too_much(std::uint64_t limit, std::string_view of_what) {
  return failure(Errc::limit_exceeded, "the guest logged more than " + std::to_string(limit) + " " +
                                           std::string{of_what} + " in one call");
}

}  // namespace

GuestLog::GuestLog(std::shared_ptr<LogSink> sink, std::uint64_t guest_id, Limits limits)
    : sink_{std::move(sink)}, guest_id_{guest_id}, limits_{limits} {}

GuestLog::GuestLog(std::shared_ptr<LogSink> sink, std::uint64_t guest_id)
    : GuestLog{std::move(sink), guest_id, Limits{}} {}

Result<> GuestLog::log(LogSource source, std::string_view text) {
  if (lines_ >= limits_.lines) return too_much(limits_.lines, "lines");
  if (text.size() > limits_.bytes - bytes_) return too_much(limits_.bytes, "bytes");
  ++lines_;
  bytes_ += text.size();
  log_safely(sink_.get(), {guest_id_, source, text});
  return {};
}

void GuestLog::report(std::string_view text) noexcept {
  // Not the guest's words; but it may well be the guest that brings them about.
  if (lines_ >= limits_.lines || text.size() > limits_.bytes - bytes_) return;
  ++lines_;
  bytes_ += text.size();
  log_safely(sink_.get(), {guest_id_, LogSource::host, text});
}

}  // namespace wapc
