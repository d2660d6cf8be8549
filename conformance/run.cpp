#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "given_folder.hpp"
#include "guests.hpp"
#include "program.hpp"
#include "show.hpp"
#include "wapc/conformance/suite.hpp"

// Runs one case: loads its guest, does its steps, and compares what comes with what must come.

namespace wapc::conformance {
namespace {

/// Why `engine` need not pass a case that needs `needs`; nothing when it must.
std::optional<std::string> lacks(const EngineInfo& engine, const Needs& needs) {
  // An engine without any feature of WebAssembly's runs none: mutable globals at least all have.
  if (needs.webassembly && engine.features.empty()) {
    return "about WebAssembly, which " + engine.name + " does not run";
  }
  const auto missing = needs.features.without(engine.features);
  if (!missing.empty()) return engine.name + " lacks " + to_string(missing);
  return std::nullopt;
}

std::string what_came(const Result<Bytes>& result) {
  if (result) return "the answer " + show(as_text(*result));
  return "the error " + std::string{to_string(result.error().code())} + " " +
         show(result.error().message());
}

/// What of `result` is not as it must be; empty when all is.
std::string difference(const Expected& expected, const Result<Bytes>& result, BytesView answer) {
  if (!expected.failure) {
    if (result && BytesView{*result}.size() == answer.size() &&
        std::equal(answer.begin(), answer.end(), result->begin())) {
      return {};
    }
    return "expected the answer " + show(as_text(answer)) + ", got " + what_came(result);
  }
  if (result || result.error().code() != *expected.failure) {
    return "expected the error " + std::string{to_string(*expected.failure)} + " " +
           show(expected.message) + ", got " + what_came(result);
  }
  const auto& error = result.error();
  if (!expected.message.empty() && error.message() != expected.message) {
    return "expected the message " + show(expected.message) + ", got " + show(error.message());
  }
  for (const auto& part : expected.mentions) {
    if (error.message().find(part) == std::string::npos) {
      return "expected a message that mentions " + show(part) + ", got " + show(error.message());
    }
  }
  if (expected.backtrace && error.backtrace().empty()) return "expected a backtrace";
  return {};
}

/// What of what the program saw is not as it must be.
std::string difference(const Expected& expected, const Program& program) {
  if (program.host_calls() != expected.host_calls) {
    return "expected the host calls " + show(expected.host_calls) + ", saw " +
           show(program.host_calls());
  }
  if (!expected.any_log && program.lines() != expected.log) {
    return "expected the log " + show(expected.log) + ", saw " + show(program.lines());
  }
  return {};
}

class Trial {
 public:
  Trial(const Case& test, const Engine& engine, const GuestSource& guests)
      : test_{test}, engine_{engine}, guests_{guests} {}

  /// What went wrong; empty when nothing did.
  [[nodiscard]] std::string run() {
    auto problem = give_folder();
    if (problem.empty()) problem = start_and_take_steps();
    if (problem.empty() && folder_ && !folder_->is_untouched_outside()) {
      problem = "outside of the folder that was given something changed";
    }
    return problem;
  }

 private:
  [[nodiscard]] std::string give_folder() {
    if (!test_.setup.folder) return {};
    auto folder = GivenFolder::make();
    if (!folder) return "giving a folder: " + folder.error().message();
    folder_ = *std::move(folder);
    return {};
  }

  [[nodiscard]] std::string start_and_take_steps() {
    auto problem = start();
    if (!problem.empty()) return "starting " + test_.guest + ": " + problem;
    if (!host_) return other_guest_answers();
    problem = next_call_is_answered(InstanceAfter::replaced);
    if (!problem.empty()) return "the first call: " + problem;
    for (std::size_t i = 0; i < test_.steps.size(); ++i) {
      const auto& step = test_.steps[i];
      problem = take(step);
      if (problem.empty()) {
        problem = next_call_is_answered(step.expected.instance);
        if (!problem.empty()) problem.insert(0, "the call after it: ");
      }
      if (!problem.empty()) {
        return "step " + std::to_string(i + 1) + ", " + show(step) + ": " + problem;
      }
    }
    return {};
  }

  [[nodiscard]] Result<std::shared_ptr<const GuestModule>> load_guest(
      std::string_view guest) const {
    auto bytes = no_module(guest);
    if (!bytes) {
      auto found = guests_(guest);
      if (!found) return std::unexpected{std::move(found).error()};
      bytes = *std::move(found);
    }
    return GuestModule::load(engine_, *bytes);
  }

  [[nodiscard]] HostOptions options() const {
    HostOptions options{.limits = test_.setup.limits,
                        .call_limits = test_.setup.call_limits,
                        .guest_id = kGuestId,
                        .wasi = test_.setup.wasi};
    if (test_.setup.handler) options.handler = program_;
    if (test_.setup.log) options.log = program_;
    if (test_.setup.call_timeout) options.call_timeout = *test_.setup.call_timeout;
    if (test_.setup.start_timeout) options.start_timeout = *test_.setup.start_timeout;
    if (const auto access = test_.setup.folder) {
      options.wasi.directories.push_back(
          {.host_path = folder_->path().string(), .guest_path = "/", .access = *access});
    }
    return options;
  }

  [[nodiscard]] Result<Bytes> load_and_start() {
    auto module = load_guest(test_.guest);
    if (!module) return std::unexpected{std::move(module).error()};
    auto host = Host::start(*module, options(), {.stop = program_->stop_token()});
    if (!host) return std::unexpected{std::move(host).error()};
    host_ = *std::move(host);
    program_->set_own(host_.get(), *std::move(module));
    return Bytes{};
  }

  [[nodiscard]] std::string start() {
    program_->begin_step(test_.setup.stop_start);
    return compared(test_.start, load_and_start(), test_.start.answer);
  }

  [[nodiscard]] std::string compared(const Expected& expected, const Result<Bytes>& result,
                                     BytesView answer) {
    program_->end_step();
    auto problem = difference(expected, result, answer);
    return problem.empty() ? difference(expected, *program_) : problem;
  }

  [[nodiscard]] std::string take(const Step& step) {
    if (const auto* replace = std::get_if<Replace>(&step.action)) {
      program_->begin_step(Stop::none);
      return compared(step.expected, replaced(replace->guest), step.expected.answer);
    }
    const auto& invoke = std::get<Invoke>(step.action);
    auto payload = invoke.payload;
    payload.resize(payload.size() + invoke.padding, std::byte{0xA5});
    program_->begin_step(invoke.stop);
    Budget budget{.stop = program_->stop_token()};
    if (invoke.timeout) {
      budget.deadline = Budget::end_of(*invoke.timeout, Budget::Clock::now());
    }
    if (invoke.stop != Stop::used_before) ++calls_;  // Else the guest is not entered.
    const auto answer = host_->invoke(
        {.operation = invoke.operation, .payload = payload, .budget = std::move(budget)});
    return compared(step.expected, answer, step.expected.echoes ? payload : step.expected.answer);
  }

  [[nodiscard]] Result<Bytes> replaced(std::string_view guest) const {
    auto module = load_guest(guest);
    if (!module) return std::unexpected{std::move(module).error()};
    if (auto done = host_->replace_module(*std::move(module)); !done) {
      return std::unexpected{std::move(done).error()};
    }
    return Bytes{};
  }

  /// That the guest answers, and that it is the instance it should be: its calls are counted.
  [[nodiscard]] std::string next_call_is_answered(InstanceAfter before) {
    if (!test_.counts_calls) return {};
    calls_ = before == InstanceAfter::kept ? calls_ + 1 : 1;
    const auto answer = host_->invoke({.operation = "calls", .payload = {}});
    if (!answer) return "expected an answer, got " + what_came(answer);
    if (answer->size() != 4) return "expected 4 bytes, got " + what_came(answer);
    const auto counted = load<std::uint32_t>(*answer, 0);
    if (counted == calls_) return {};
    return "expected an instance in its call " + std::to_string(calls_) + ", met one in its call " +
           std::to_string(counted);
  }

  /// That the engine still runs guests, after one that it did not.
  [[nodiscard]] std::string other_guest_answers() const {
    const auto module = load_guest("puppet");
    if (!module) return "the puppet does not load: " + module.error().message();
    const auto host = Host::start(*module);
    if (!host) return "the puppet does not start: " + host.error().message();
    const auto answer = (*host)->invoke({.operation = "echo", .payload = as_bytes("alive")});
    if (answer && as_text(*answer) == "alive") return {};
    return "another guest does not answer any more: " + what_came(answer);
  }

  const Case& test_;
  const Engine& engine_;
  const GuestSource& guests_;
  std::shared_ptr<Program> program_ = std::make_shared<Program>(test_.setup);
  std::unique_ptr<const GivenFolder> folder_;
  std::unique_ptr<Host> host_;
  std::uint32_t calls_ = 0;  // That the instance was given.
};

}  // namespace

Outcome run(const Case& test, const Engine& engine, const GuestSource& guests) {
  if (auto missing = lacks(engine.info(), test.needs)) {
    return {.verdict = Verdict::skipped, .reason = *std::move(missing)};
  }
  auto problem = Trial{test, engine, guests}.run();
  if (problem.empty()) return {};
  return {.verdict = Verdict::failed, .reason = std::move(problem)};
}

}  // namespace wapc::conformance
