#include "cli/audit.hpp"

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

namespace wapc::cli {
namespace {

/// More than a line has and the last one with it: four texts of 1,024 bytes and the name of a file,
/// each byte of which may take six.
constexpr std::uint64_t kLineBytesMax = 32U << 10U;

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

std::string text_of(const nlohmann::ordered_json& object) {
  constexpr bool kOnlyAscii = true;
  return object.dump(-1, ' ', kOnlyAscii, nlohmann::json::error_handler_t::replace) + "\n";
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
    case EventKind::tenant_loaded:
    case EventKind::tenant_dropped:
      put_text(object, "tenant", event.tenant);
      object["bytes"] = event.payload_bytes;
      break;
  }
}

/// The last line of an audit that has no room for more.
std::string full_line(const std::string& guest, std::uint64_t bytes_max) {
  nlohmann::ordered_json object{{"time", now()}, {"event", "audit_full"}, {"guest", guest}};
  object["audit_max_bytes"] = bytes_max;
  return text_of(object);
}

/// Whether the file ends within a line, as it does when a run was killed while it wrote. Where it
/// cannot be told: an empty line does less harm than two events in one.
bool ends_within_line(const std::string& path, off_t size) {
  if (size == 0) return false;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  char last = 0;
  const bool read = file >= 0 && ::pread(file, &last, 1, size - 1) == 1;
  if (file >= 0) ::close(file);
  return !read || last != '\n';
}

std::unexpected<Problem> cannot_write(const std::string& path, int number) {
  struct stat status{};
  const bool unread_pipe =
      number == ENXIO && ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
  return file_problem(fmt::format(
      "cannot write the audit to {}: {}", printable(path),
      unread_pipe ? "it is a pipe that nobody reads" : std::generic_category().message(number)));
}

class AuditedHandler final : public HostHandler {
 public:
  AuditedHandler(std::shared_ptr<HostHandler> next, std::shared_ptr<const Audit> audit)
      : next_{std::move(next)}, audit_{std::move(audit)} {}

  Result<> answer(const HostCall& call, Bytes& reply) override {
    if (audit_->works()) return next_->answer(call, reply);
    return failure(Errc::unavailable, "the host call cannot be written to the audit");
  }

 private:
  std::shared_ptr<HostHandler> next_;
  std::shared_ptr<const Audit> audit_;
};

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
  return text_of(object);
}

Outcome<std::shared_ptr<Audit>> Audit::open(const std::string& path, const std::string& guest,
                                            std::uint64_t bytes_max, Streams& streams) {
  int file = -1;
  if (path != "-") {
    // Without O_NONBLOCK, a pipe would be waited for until somebody reads it.
    file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  0666);
    if (file < 0) return cannot_write(path, errno);
  }
  std::shared_ptr<Audit> audit{new Audit{file, path, guest, bytes_max, streams}};
  WAPC_CHECK(audit->prepare());
  return audit;
}

Audit::Audit(int file, std::string path, std::string guest, std::uint64_t bytes_max,
             Streams& streams)
    : file_{file},
      path_{std::move(path)},
      guest_{std::move(guest)},
      bytes_max_{bytes_max},
      streams_{streams} {}

Audit::~Audit() {
  if (file_ >= 0) ::close(file_);
}

Outcome<> Audit::prepare() {
  if (file_ >= 0) {
    struct stat status{};
    const int flags = ::fcntl(file_, F_GETFL);
    if (flags < 0 || ::fcntl(file_, F_SETFL, flags & ~O_NONBLOCK) < 0 ||
        ::fstat(file_, &status) < 0) {
      return cannot_write(path_, errno);
    }
    is_regular_ = S_ISREG(status.st_mode);
    is_torn_ = is_regular_ && ends_within_line(path_, status.st_size);
  }
  if (has_room()) return {};
  return file_problem(
      fmt::format("cannot write the audit to {}: it has {}, and no room for a line of {} within {}",
                  printable(path_), describe_size(bytes()), describe_size(kLineBytesMax),
                  describe_size(bytes_max_)),
      "move it away, or allow it more with --audit-max");
}

bool Audit::has_room() const {
  const auto used = bytes();
  return used <= bytes_max_ && bytes_max_ - used >= kLineBytesMax;
}

/// Of a file, with what others append to it at the same time.
std::uint64_t Audit::bytes() const {
  struct stat status{};
  if (!is_regular_ || file_ < 0 || ::fstat(file_, &status) < 0) return written_;
  return static_cast<std::uint64_t>(status.st_size);
}

void Audit::record(const Event& event) {
  auto line = audit_line(event, guest_);
  const std::scoped_lock lock{mutex_};
  if (!works_) return;
  if (is_torn_) line.insert(0, "\n");
  is_torn_ = false;
  write(line);
  if (!works_ || has_room()) return;
  write(full_line(guest_, bytes_max_));
  works_ = false;
}

void Audit::write(std::string_view text) {
  written_ += text.size();
  if (file_ < 0) {
    streams_.error(text);
    return;
  }
  while (!text.empty()) {
    const auto written = ::write(file_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failure_ = errno;
      works_ = false;
      return;
    }
  }
}

Outcome<> Audit::check() const {
  const std::scoped_lock lock{mutex_};
  if (works_) return {};
  if (failure_ != 0) return cannot_write(path_, failure_);
  return file_problem(
      fmt::format("the audit is full: {} may have {}; host calls failed from then on",
                  path_ == "-" ? "standard error" : printable(path_), describe_size(bytes_max_)),
      "allow it more with --audit-max");
}

std::shared_ptr<HostHandler> audited(std::shared_ptr<HostHandler> next,
                                     std::shared_ptr<const Audit> audit) {
  return std::make_shared<AuditedHandler>(std::move(next), std::move(audit));
}

}  // namespace wapc::cli
