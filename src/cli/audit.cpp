#include "cli/audit.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/text.hpp"

namespace wapc::cli {
namespace {

/// `2026-01-31T23:59:59.123456Z`.
std::string now() {
  const auto time = std::chrono::system_clock::now();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(time - seconds);
  const auto utc = fmt::gmtime(std::chrono::system_clock::to_time_t(seconds));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", utc, rest.count());
}

/// A text of the guest's: its start, and how long it is where that is not all. A guest could fill
/// the disk with it otherwise. A character that is cut in two becomes U+FFFD when it is written.
void put_text(nlohmann::ordered_json& object, const std::string& key, std::string_view text) {
  constexpr std::size_t kBytesMax = 1024;
  object[key] = text.substr(0, kBytesMax);
  if (text.size() > kBytesMax) object[key + "_bytes"] = text.size();
}

void put_names(nlohmann::ordered_json& object, const Event& event) {
  put_text(object, "binding", event.binding);
  put_text(object, "namespace", event.name_space);
  put_text(object, "operation", event.operation);
  object["payload_bytes"] = event.payload_bytes;
}

void put_what(nlohmann::ordered_json& object, const Event& event) {
  switch (event.kind) {
    case EventKind::loaded: object["module_bytes"] = event.payload_bytes; break;
    case EventKind::started:
    case EventKind::replaced: break;
    case EventKind::host_call:
      put_names(object, event);
      if (!event.failure) object["answer_bytes"] = event.answer_bytes;
      break;
    case EventKind::denied: put_names(object, event); break;
    case EventKind::call_failed:
      put_text(object, "operation", event.operation);
      object["payload_bytes"] = event.payload_bytes;
      break;
  }
}

}  // namespace

std::string audit_line(const Event& event, const std::string& guest) {
  nlohmann::ordered_json object{
      {"time", now()}, {"event", to_string(event.kind)}, {"guest", guest}};
  if (event.guest_id != 0) object["guest_id"] = event.guest_id;
  put_what(object, event);
  object["duration_ns"] = event.duration.count();
  if (event.failure) {
    object["failure"] = problem({*event.failure, ""}).code;
    put_text(object, "message", event.message);
  }
  constexpr bool kOnlyAscii = true;
  return object.dump(-1, ' ', kOnlyAscii, nlohmann::json::error_handler_t::replace) + "\n";
}

Outcome<std::shared_ptr<Audit>> Audit::open(const std::string& path, const std::string& guest,
                                            Streams& streams) {
  int file = -1;
  if (path != "-") {
    file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
    if (file < 0) {
      return file_problem(fmt::format("cannot write the audit to {}: {}", printable(path),
                                      std::generic_category().message(errno)));
    }
  }
  return std::shared_ptr<Audit>{new Audit{file, path, guest, streams}};
}

Audit::Audit(int file, std::string path, std::string guest, Streams& streams)
    : file_{file}, path_{std::move(path)}, guest_{std::move(guest)}, streams_{streams} {}

Audit::~Audit() {
  if (file_ >= 0) ::close(file_);
}

void Audit::record(const Event& event) {
  const auto line = audit_line(event, guest_);
  const std::scoped_lock lock{mutex_};
  if (file_ < 0) {
    streams_.error(line);
    return;
  }
  for (std::string_view rest = line; !rest.empty() && failure_ == 0;) {
    const auto written = ::write(file_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
}

Outcome<> Audit::check() const {
  const std::scoped_lock lock{mutex_};
  if (failure_ == 0) return {};
  return file_problem(fmt::format("cannot write the audit to {}: {}", printable(path_),
                                  std::generic_category().message(failure_)));
}

}  // namespace wapc::cli
