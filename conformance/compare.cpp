#include "compare.hpp"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "guests.hpp"
#include "peer.hpp"
#include "show.hpp"

namespace wapc::conformance {
namespace {

using nlohmann::json;

std::string to_hex(BytesView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const auto byte : bytes) {
    text += kDigits[std::to_integer<std::size_t>(byte) >> 4U];
    text += kDigits[std::to_integer<std::size_t>(byte) & 15U];
  }
  return text;
}

/// What a step comes to: on this host by the table, on the other by its answer.
struct Came {
  std::string kind;    // answer, error, panic, or what became of the process.
  std::string detail;  // The answer in hexadecimal digits, or the text.

  [[nodiscard]] std::string shown() const {
    return kind + (kind == "answer" ? "" : detail.empty() ? "" : " " + show(detail));
  }
};

Came ours(const Expected& expected, BytesView answer) {
  if (!expected.failure) return {"answer", to_hex(answer)};
  auto text = expected.message;
  for (const auto& part : expected.mentions) text += (text.empty() ? "" : " ... ") + part;
  return {"error " + std::string{to_string(*expected.failure)}, std::move(text)};
}

Came theirs(const std::expected<json, std::string>& reply) {
  if (!reply) return {reply.error(), ""};
  for (const auto* kind : {"ok", "error", "panic"}) {
    if (!reply->contains(kind)) continue;
    return {kind == std::string_view{"ok"} ? "answer" : kind, reply->at(kind).get<std::string>()};
  }
  return {"answers in another protocol", ""};
}

/// Whether both are answers, and the same; or both errors, with the guest's own text in both.
bool same(const Expected& expected, const Came& mine, const Came& other) {
  if (!expected.failure) return mine.kind == other.kind && mine.detail == other.detail;
  if (other.kind != "error") return false;
  return *expected.failure != Errc::guest_error ||
         other.detail.find(expected.message) != std::string::npos;
}

std::string calls_of(const std::vector<SeenCall>& calls) {
  std::string text;
  for (const auto& call : calls) {
    text += " " + show(call.binding) + "/" + show(call.name_space) + "/" + show(call.operation);
  }
  return text.empty() ? " none" : text;
}

std::string calls_of(const json& reply) {
  std::string text;
  for (const auto& call : reply.value("host_calls", json::array())) {
    text += " " + show(call.value("binding", "")) + "/" + show(call.value("namespace", "")) + "/" +
            show(call.value("operation", ""));
  }
  return text.empty() ? " none" : text;
}

class Comparing {
 public:
  Comparing(const Case& test, const std::string& command, const GuestSource& guests,
            std::chrono::milliseconds patience)
      : test_{test}, guests_{guests}, patience_{patience}, peer_{command} {}

  [[nodiscard]] std::vector<std::string> run() {
    if (!step("starting", start(), test_.start, test_.start.answer) || test_.start.failure) {
      return std::move(differences_);
    }
    probe("the first call", InstanceAfter::replaced);
    for (const auto& one : test_.steps) {
      if (!take(one)) break;
      probe("the call after " + show(one), one.expected.instance);
    }
    return std::move(differences_);
  }

 private:
  [[nodiscard]] std::string guest(const std::string& name) const {
    if (const auto bytes = no_module(name)) return to_hex(*bytes);
    const auto bytes = guests_(name);
    if (!bytes) throw std::runtime_error{bytes.error().message()};
    return to_hex(*bytes);
  }

  [[nodiscard]] json start() const {
    json request{{"do", "start"},
                 {"guest", guest(test_.guest)},
                 {"handler", test_.setup.handler},
                 {"memory_bytes", test_.setup.limits.memory_bytes},
                 {"table_elements", test_.setup.limits.table_elements},
                 {"answers", json::object()}};
    for (const auto& [operation, answer] : test_.setup.scripts) {
      request["answers"][operation] = to_hex(answer);
    }
    return request;
  }

  /// Whether the other host came to the same; where it did not, there is no point in going on.
  bool step(const std::string& what, const json& request, const Expected& expected,
            BytesView answer) {
    const auto reply = peer_.ask(request, patience_);
    const auto mine = ours(expected, answer);
    const auto other = theirs(reply);
    if (!same(expected, mine, other)) {
      const bool both_answer = mine.kind == "answer" && other.kind == "answer";
      differences_.push_back(what + ": ours: " + mine.shown() +
                             "; theirs: " + (both_answer ? "another answer" : other.shown()));
      return false;
    }
    if (calls_of(expected.host_calls) != calls_of(*reply)) {
      differences_.push_back(what + ": ours: host calls" + calls_of(expected.host_calls) +
                             "; theirs:" + calls_of(*reply));
    }
    return true;
  }

  bool take(const Step& one) {
    if (const auto* replace = std::get_if<Replace>(&one.action)) {
      return step(show(one), {{"do", "replace"}, {"guest", guest(replace->guest)}}, one.expected,
                  one.expected.answer);
    }
    ++calls_;
    const auto& invoke = std::get<Invoke>(one.action);
    auto payload = invoke.payload;
    payload.resize(payload.size() + invoke.padding, std::byte{0xA5});
    return step(show(one),
                {{"do", "invoke"},
                 {"operation", to_hex(as_bytes(invoke.operation))},
                 {"payload", to_hex(payload)}},
                one.expected, one.expected.echoes ? payload : one.expected.answer);
  }

  void probe(const std::string& what, InstanceAfter before) {
    if (!test_.counts_calls) return;
    calls_ = before == InstanceAfter::kept ? calls_ + 1 : 1;
    const auto reply = peer_.ask(
        {{"do", "invoke"}, {"operation", to_hex(as_bytes("calls"))}, {"payload", ""}}, patience_);
    const auto other = theirs(reply);
    if (other.kind != "answer") {
      differences_.push_back(what + ": ours: answer; theirs: " + other.shown());
    } else if (other.detail.substr(0, 2) != to_hex(std::as_bytes(std::span{&calls_, 1}))) {
      differences_.push_back(
          what + ": ours: a " + (before == InstanceAfter::kept ? "kept" : "fresh") +
          " instance; theirs: " + (before == InstanceAfter::kept ? "another one" : "the old one"));
      calls_ = static_cast<std::uint8_t>(std::stoi(other.detail.substr(0, 2), nullptr, 16));
    }
  }

  const Case& test_;
  const GuestSource& guests_;
  std::chrono::milliseconds patience_;
  Peer peer_;
  std::vector<std::string> differences_;
  std::uint8_t calls_ = 0;  // That the instance was given.
};

bool stops(const Case& test) {
  if (test.setup.stop_start != Stop::none) return true;
  for (const auto& step : test.steps) {
    const auto* invoke = std::get_if<Invoke>(&step.action);
    if (invoke != nullptr && invoke->stop != Stop::none) return true;
  }
  return false;
}

bool grants(const Setup& setup) {
  return setup.folder || !setup.wasi.arguments.empty() || !setup.wasi.environment.empty() ||
         setup.wasi.realtime_clock || setup.wasi.random;
}

}  // namespace

Comparison compare(const Case& test, const std::string& command, const GuestSource& guests,
                   std::chrono::milliseconds patience) {
  if (stops(test)) return {.not_comparable = "stop tokens"};
  if (grants(test.setup)) return {.not_comparable = "what WASI grants"};
  return {.differences = Comparing{test, command, guests, patience}.run()};
}

}  // namespace wapc::conformance
