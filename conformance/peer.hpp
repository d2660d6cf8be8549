#pragma once

#include <chrono>
#include <expected>
#include <string>

#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace wapc::conformance {

/// Another host, in a process of its own that answers a line of JSON with a line of JSON; what it
/// understands is in conformance/peers/README.md. The process ends with the object.
class Peer {
 public:
  /// Runs `command` in a shell.
  explicit Peer(const std::string& command);
  ~Peer();

  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// What it answers to `request`; or how it failed to: `died (...)`, or `no answer` when it takes
  /// longer than `patience`. After that it answers nothing any more.
  [[nodiscard]] std::expected<nlohmann::json, std::string> ask(const nlohmann::json& request,
                                                               std::chrono::milliseconds patience);

 private:
  /// How the process ended.
  [[nodiscard]] std::string last_words();
  void end() noexcept;

  pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string unread_;
};

}  // namespace wapc::conformance
