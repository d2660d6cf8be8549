#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "wapc/conformance/case.hpp"
#include "wapc/host/host.hpp"

namespace wapc::conformance {

/// The program around the guest of a case: answers host calls as `Setup` says, and writes down what
/// it sees. Used by one thread, the guest's; it starts others itself.
class Program final : public HostHandler, public LogSink {
 public:
  explicit Program(const Setup& setup) : setup_{setup} {}

  /// Forgets what was seen, and makes the stop token of the next step.
  void begin_step(Stop stop);

  [[nodiscard]] std::stop_token stop_token() const;

  /// Waits for threads that the step left behind.
  void end_step() { canceller_ = {}; }

  /// The host that handlers call back into, and what they replace its module by; both outlive it.
  void set_own(Host* host, std::shared_ptr<const GuestModule> module) {
    own_host_ = host;
    own_module_ = std::move(module);
  }

  [[nodiscard]] const std::vector<SeenCall>& host_calls() const noexcept { return host_calls_; }

  [[nodiscard]] const std::vector<SeenLine>& lines() const noexcept { return lines_; }

  [[nodiscard]] Result<> answer(const HostCall& call, Bytes& reply) override;
  void log(const LogEntry& entry) override;

 private:
  [[nodiscard]] std::string call_own_guest() const;
  [[nodiscard]] std::string replace_own_guest() const;
  void cancel_elsewhere();

  const Setup& setup_;
  Stop stop_ = Stop::none;
  std::stop_source stop_source_;
  Host* own_host_ = nullptr;
  std::shared_ptr<const GuestModule> own_module_;
  std::vector<SeenCall> host_calls_;
  std::vector<SeenLine> lines_;
  std::jthread canceller_;
};

}  // namespace wapc::conformance
