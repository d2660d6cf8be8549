#include "wapc/policy/restricting.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "policy/call_counter.hpp"
#include "policy/glob.hpp"
#include "policy/names.hpp"
#include "policy/quantity.hpp"
#include "policy/rate.hpp"
#include "policy/rule_index.hpp"
#include "policy/toml_text.hpp"
#include "wapc/base/utf8.hpp"

namespace wapc {
namespace {

constexpr std::size_t kNameShownMax = 200;  // Bytes.

class RestrictingHandler final : public HostHandler {
 public:
  RestrictingHandler(const GuestPolicy& policy, std::shared_ptr<HostHandler> next,
                     PolicyClock clock)
      : section_{"guest." + quoted(policy.guest)},
        is_for_many_{!Glob{policy.guest}.is_exact()},
        deny_{policy.deny},
        allow_{names_of(policy.allow)},
        rules_{policy.allow},
        next_{std::move(next)},
        clock_{std::move(clock)},
        counts_calls_{std::ranges::any_of(
            rules_, [](const AllowRule& rule) { return rule.calls_per_call.has_value(); })},
        uses_(policy.allow.size()) {}

  Result<> answer(const HostCall& call, Bytes& reply) override {
    if (counts_calls_) note(call);
    if (deny_.find(call)) return denied(call, "[[" + section_ + ".deny]] names it");
    const auto index = allow_.find(call);
    if (!index) return denied(call, advice(call));
    const auto& rule = rules_[*index];
    if (rule.payload_bytes && call.payload.size() > *rule.payload_bytes) {
      return too_much(call, call.payload.size(), "payload", *rule.payload_bytes);
    }
    if (rule.calls_per_call || rule.calls_per_second) {
      if (auto counted = count(call, *index); !counted) return counted;
    }
    if (next_ == nullptr) return failure(Errc::unavailable, "nobody answers host calls");
    if (auto answered = next_->answer(call, reply); !answered) return answered;
    if (rule.answer_bytes && reply.size() > *rule.answer_bytes) {
      return too_much(call, reply.size(), "answer", *rule.answer_bytes);
    }
    return {};
  }

 private:
  /// What was used of a rule.
  struct Use {
    std::uint64_t guest_call = 0;  // In which the calls were made.
    std::uint64_t calls = 0;
    Rate rate = {};
  };

  static std::vector<HostCallNames> names_of(const std::vector<AllowRule>& rules) {
    std::vector<HostCallNames> names;
    for (const auto& rule : rules) names.push_back(rule.names);
    return names;
  }

  static Result<> denied(const HostCall& call, const std::string& why) {
    return failure(Errc::denied, "the policy denies the host call " + shown(call) + ": " + why);
  }

  static Result<> too_much(const HostCall& call, std::size_t bytes, const std::string& key,
                           std::uint64_t bound) {
    return denied(call, "its " + key + " has " + std::to_string(bytes) +
                            " bytes, and its rule says " + key + " = " + quoted(bytes_text(bound)));
  }

  Result<> too_often(const HostCall& call, const std::string& key, std::uint64_t bound) const {
    return denied(call, "its rule says " + key + " = " + std::to_string(bound));
  }

  /// What to add to the policy. Nothing where no policy can say it, or nobody could copy it.
  [[nodiscard]] std::string advice(const HostCall& call) const {
    for (const auto name : {call.binding, call.name_space, call.operation}) {
      const bool can_be_said = name.size() <= kNameShownMax && !has_replacement(name) &&
                               is_utf8(name) && name.find('\0') == std::string_view::npos;
      if (!can_be_said) return "no rule allows it";
    }
    const auto value = [](std::string_view name) { return quoted(glob_of(name)); };
    return "to allow it, add [[" + section_ + ".allow]] with binding = " + value(call.binding) +
           ", namespace = " + value(call.name_space) + ", operation = " + value(call.operation) +
           (is_for_many_ ? ", which allows it to all guests of that part" : "");
  }

  /// Sees every host call, also those that no counting rule is for.
  void note(const HostCall& call) {
    const std::scoped_lock lock{mutex_};
    guest_call_ = counter_.call_of(call);
  }

  Result<> count(const HostCall& call, std::size_t index) {
    const auto& rule = rules_[index];
    const auto now = rule.calls_per_second ? (clock_ ? clock_() : std::chrono::steady_clock::now())
                                           : Rate::Time{};
    const std::scoped_lock lock{mutex_};
    auto& use = uses_[index];
    if (use.guest_call != guest_call_) use.calls = 0;
    use.guest_call = guest_call_;
    if (rule.calls_per_call && use.calls >= *rule.calls_per_call) {
      return too_often(call, "calls_per_call", *rule.calls_per_call);
    }
    if (rule.calls_per_second && !use.rate.take(*rule.calls_per_second, now)) {
      return too_often(call, "calls_per_second", *rule.calls_per_second);
    }
    ++use.calls;
    return {};
  }

  std::string section_;
  bool is_for_many_;
  RuleIndex deny_;
  RuleIndex allow_;
  std::vector<AllowRule> rules_;
  std::shared_ptr<HostHandler> next_;
  PolicyClock clock_;
  bool counts_calls_;

  std::mutex mutex_;  // Guards what follows.
  CallCounter counter_;
  std::uint64_t guest_call_ = 0;
  std::vector<Use> uses_;
};

}  // namespace

std::shared_ptr<HostHandler> restricting(const GuestPolicy& policy,
                                         std::shared_ptr<HostHandler> next, PolicyClock clock) {
  return std::make_shared<RestrictingHandler>(policy, std::move(next), std::move(clock));
}

}  // namespace wapc
