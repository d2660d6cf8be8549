#include "program.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace wapc::conformance {
namespace {

std::string outcome_of(const Result<>& done) {
  return std::string{done ? "ok" : to_string(done.error().code())};
}

/// Waits for the deadline, or for the stop token.
void wait_for_the_end_of(const Budget& budget) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_until(lock, budget.stop, budget.deadline, [] { return false; });
}

}  // namespace

void Program::begin_step(Stop stop) {
  host_calls_.clear();
  lines_.clear();
  stop_ = stop;
  stop_source_ = {};
  if (stop == Stop::used_before) stop_source_.request_stop();
}

std::stop_token Program::stop_token() const {
  return stop_ == Stop::none ? std::stop_token{} : stop_source_.get_token();
}

std::string Program::call_own_guest() const {
  Bytes response;
  return outcome_of(own_host_->invoke_into({.operation = "calls", .payload = {}}, response));
}

std::string Program::replace_own_guest() const {
  return outcome_of(own_host_->replace_module(own_module_));
}

void Program::cancel_elsewhere() {
  // Nothing tells the thread that the guest has gone on; it yields to make that likely, and the
  // outcome is the same if it has not.
  canceller_ = std::jthread{[source = stop_source_]() mutable {
    std::this_thread::yield();
    source.request_stop();
  }};
}

Result<> Program::answer(const HostCall& call, Bytes& reply) {
  host_calls_.push_back({.binding = std::string{call.binding},
                         .name_space = std::string{call.name_space},
                         .operation = std::string{call.operation},
                         .payload = std::string{as_text(call.payload)},
                         .during = std::nullopt,
                         .guest_id = call.guest_id});
  if (call.invocation != nullptr) host_calls_.back().during = call.invocation->operation;
  const auto say = [&reply](std::string_view text) -> Result<> {
    const auto bytes = as_bytes(text);
    reply.assign(bytes.begin(), bytes.end());
    return {};
  };
  const auto payload = as_text(call.payload);
  const auto scripted =
      std::ranges::find(setup_.scripts, call.operation, &std::pair<std::string, Bytes>::first);
  if (scripted != setup_.scripts.end()) return say(as_text(scripted->second));
  if (call.operation == "echo") return say(payload);
  if (call.operation == "empty") return say("");
  if (call.operation == "error") return failure(Errc::internal, std::string{payload});
  if (call.operation == "throw") throw std::runtime_error{std::string{payload}};
  if (call.operation == "throw_int") throw 42;  // NOLINT: what programs do, this one must.
  if (call.operation == "own_call") return say(call_own_guest());
  if (call.operation == "own_replace") return say(replace_own_guest());
  if (call.operation == "own_call_elsewhere") {
    std::string outcome;
    std::jthread{[&] { outcome = call_own_guest(); }}.join();
    return say(outcome);
  }
  if (call.operation == "cancel") {
    stop_source_.request_stop();
    return say("");
  }
  if (call.operation == "cancel_elsewhere") {
    cancel_elsewhere();
    return say("");
  }
  if (call.operation == "wait") {
    wait_for_the_end_of(call.budget);
    return say("");
  }
  if (call.operation == "deadline") {
    return say(call.budget.deadline != Budget::Clock::time_point::max() ? "yes" : "no");
  }
  return failure(Errc::internal, "no such host operation: " + std::string{call.operation});
}

void Program::log(const LogEntry& entry) {
  lines_.push_back({entry.source, std::string{entry.text}, entry.guest_id});
}

}  // namespace wapc::conformance
