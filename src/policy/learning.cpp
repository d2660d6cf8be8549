#include "wapc/policy/learning.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/try.hpp"
#include "policy/call_counter.hpp"
#include "policy/glob.hpp"
#include "policy/names.hpp"
#include "wapc/base/utf8.hpp"

namespace wapc {
namespace {

constexpr std::size_t kNamesMax = 1'000;
constexpr std::size_t kNameMax = 4'096;  // What `parse_policy` takes.

struct Names {
  std::string binding;
  std::string name_space;
  std::string operation;
};

using NamesView = std::tuple<std::string_view, std::string_view, std::string_view>;

NamesView view(const Names& names) {
  return {names.binding, names.name_space, names.operation};
}

/// Lets a map be asked by views.
struct InOrder {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's word.

  bool operator()(const Names& a, const Names& b) const { return view(a) < view(b); }

  bool operator()(const Names& a, const NamesView& b) const { return view(a) < b; }

  bool operator()(const NamesView& a, const Names& b) const { return a < view(b); }
};

/// What was used of the calls with the same names.
struct Use {
  std::uint64_t guest_call = 0;
  std::uint64_t calls = 0;  // In that call of the guest.
  std::uint64_t calls_max = 0;
  std::size_t payload_max = 0;
  std::size_t answer_max = 0;
};

/// Why no policy can say `name`; empty when one can.
std::string_view why_not(std::string_view name) {
  if (!is_utf8(name) || has_replacement(name)) return "a name is not UTF-8";
  if (name.find('\0') != std::string_view::npos) return "a name has a NUL in it";
  if (glob_of(name).size() > kNameMax) return "a name has more than 4,096 bytes";
  return "";
}

AllowRule rule_for(const Names& names, const Use& use) {
  return {.names = {.bindings = {glob_of(names.binding)},
                    .name_spaces = {glob_of(names.name_space)},
                    .operations = {glob_of(names.operation)}},
          .calls_per_call = round_count(use.calls_max),
          .payload_bytes = round_size(use.payload_max),
          .answer_bytes = round_size(use.answer_max)};
}

class Learner final : public LearningHandler {
 public:
  explicit Learner(std::shared_ptr<HostHandler> next) : next_{std::move(next)} {}

  Result<> answer(const HostCall& call, Bytes& reply) override {
    WAPC_CHECK(note(call));
    if (next_ == nullptr) return failure(Errc::unavailable, "nobody answers host calls");
    auto answered = next_->answer(call, reply);
    const bool refused = !answered && (answered.error().code() == Errc::denied ||
                                       answered.error().code() == Errc::unavailable);
    if (!refused) add(call, answered ? reply.size() : 0);
    return answered;
  }

  GuestPolicy learnt() const override {
    const std::scoped_lock lock{mutex_};
    GuestPolicy policy;
    // A rule for each, although they may look alike: a rule counts all calls that it allows.
    for (const auto& [names, use] : uses_) policy.allow.push_back(rule_for(names, use));
    return policy;
  }

  LeftOut left_out() const override {
    const std::scoped_lock lock{mutex_};
    return left_out_;
  }

 private:
  Result<> note(const HostCall& call) {
    std::string_view why;
    for (const auto name : {call.binding, call.name_space, call.operation}) {
      if (why.empty()) why = why_not(name);
    }
    const std::scoped_lock lock{mutex_};
    guest_call_ = counter_.call_of(call);
    if (why.empty()) {
      const bool known = uses_.contains(NamesView{call.binding, call.name_space, call.operation});
      if (known || uses_.size() < kNamesMax) return {};
      why = "the guest has made 1,000 others by then";
    }
    leave_out(shown(call).append(": ").append(why));
    return failure(Errc::denied, "no policy is learnt for the host call " + shown(call) + ": " +
                                     std::string{why});
  }

  void leave_out(std::string what) {
    constexpr std::size_t kKept = 20;
    ++left_out_.calls;
    auto& kept = left_out_.first;
    if (kept.size() == kKept || std::ranges::find(kept, what) != kept.end()) return;
    kept.push_back(std::move(what));
  }

  void add(const HostCall& call, std::size_t answer_bytes) {
    const std::scoped_lock lock{mutex_};
    auto found = uses_.find(NamesView{call.binding, call.name_space, call.operation});
    if (found == uses_.end()) {
      found = uses_
                  .emplace(Names{std::string{call.binding}, std::string{call.name_space},
                                 std::string{call.operation}},
                           Use{})
                  .first;
    }
    auto& use = found->second;
    if (use.guest_call != guest_call_) use.calls = 0;
    use.guest_call = guest_call_;
    use.calls_max = std::max(use.calls_max, ++use.calls);
    use.payload_max = std::max(use.payload_max, call.payload.size());
    use.answer_max = std::max(use.answer_max, answer_bytes);
  }

  std::shared_ptr<HostHandler> next_;

  mutable std::mutex mutex_;  // Guards what follows.
  CallCounter counter_;
  std::uint64_t guest_call_ = 0;
  std::map<Names, Use, InOrder> uses_;
  LeftOut left_out_;
};

}  // namespace

std::shared_ptr<LearningHandler> learning(std::shared_ptr<HostHandler> next) {
  return std::make_shared<Learner>(std::move(next));
}

std::uint64_t round_size(std::uint64_t bytes) {
  constexpr std::uint64_t kMax = std::uint64_t{1} << 62U;
  if (bytes == 0) return 0;
  return bytes > kMax ? std::numeric_limits<std::int64_t>::max() : std::bit_ceil(bytes);
}

std::uint64_t round_count(std::uint64_t count) {
  if (count == 0) return 0;
  constexpr std::uint64_t kStepMax = 1'000'000'000'000'000'000;
  for (std::uint64_t step = 1; step < kStepMax; step *= 10) {
    for (const std::uint64_t digit : {1U, 2U, 5U}) {
      if (count <= digit * step) return digit * step;
    }
  }
  return std::max(count, kStepMax);
}

}  // namespace wapc
