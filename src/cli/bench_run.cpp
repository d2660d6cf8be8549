#include "cli/bench_run.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <memory>
#include <numeric>
#include <string>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "base/try.hpp"

// Threads go through slices together: all of them call one target until its slice is over, meet at
// a barrier, and go on with the next. The last to arrive there says what comes next, while the
// others wait; so nothing of a run is locked, and all that is shared while calls are made is how
// many there were. A single target has one slice for its warm-up and one for the rest.
//
// A call's end is the begin of the next: the clock is read once for each.

namespace wapc::cli {
namespace {

using Clock = Budget::Clock;

constexpr std::chrono::milliseconds kSlice{10};

/// How many calls of average length each thread makes in a slice, where threads wait for each
/// other.
constexpr int kCallsMin = 20;

/// When calls are counted, how many slices a target has at least.
constexpr std::uint64_t kSlicesMin = 20;

/// What one thread has measured of one target; no two threads write to the same cache line.
struct alignas(128) Tally {
  LatencyHistogram latencies;
  std::array<std::uint64_t, std::to_underlying(Errc::internal) + 1> failures_by_code{};
  std::optional<Error> first_failure;
  Clock::time_point first_failed;
  std::size_t answer_bytes_min = std::numeric_limits<std::size_t>::max();
  std::size_t answer_bytes_max = 0;
  std::uint64_t calls_left = std::numeric_limits<std::uint64_t>::max();
  Clock::time_point slice_begun;  // Of the last slice, as the next two.
  Clock::time_point slice_ended;
  std::uint64_t slice_answered = 0;

  void note_answer(std::chrono::nanoseconds latency, std::size_t bytes) noexcept {
    latencies.record(latency);
    answer_bytes_min = std::min(answer_bytes_min, bytes);
    answer_bytes_max = std::max(answer_bytes_max, bytes);
  }

  void note_failure(const Error& error, Clock::time_point now) {
    ++failures_by_code[static_cast<std::size_t>(error.code())];
    if (first_failure) return;
    first_failure = error;
    first_failed = now;
  }
};

/// A thread's own. Its stop source too: the count of those who hold the token of one that all
/// threads share would be written to by all of them, in each call.
struct alignas(128) Worker {
  Worker(std::size_t targets, const std::stop_token& stop_all)
      : tallies(targets), on_stop{stop_all, Forward{&stop}} {}

  struct Forward {
    std::stop_source* to;

    void operator()() const noexcept { to->request_stop(); }
  };

  std::vector<Tally> tallies;  // By target.
  Bytes answer;
  std::atomic<std::uint64_t> calls = 0;  // Of all targets; for the line that shows how it goes.
  std::stop_source stop;
  std::stop_callback<Forward> on_stop;
};

struct Slice {
  std::size_t target;
  Clock::time_point begin;
  Clock::time_point end;
  std::uint64_t calls;  // Of each thread, at most.
};

class Run {
 public:
  Run(std::span<const std::unique_ptr<BenchTarget>> targets, const Invocation& invocation,
      const BenchScope& scope, const BenchWatch& watch);

  [[nodiscard]] Result<BenchOutcome> carry_out();

 private:
  struct Advance {
    Run* run;

    void operator()() const noexcept { run->advance(); }
  };

  void call_once(std::size_t target);
  [[nodiscard]] Result<> run_threads();
  void work(Worker& worker);
  void call_in_slice(Worker& worker) const;

  // What follows is for the last thread at the barrier.
  void advance() noexcept;
  void close_slice();
  [[nodiscard]] std::optional<Slice> next_slice();
  [[nodiscard]] bool is_over(std::size_t target) const;
  [[nodiscard]] bool end_warm_up();

  void add_up();
  [[nodiscard]] std::string status() const;

  std::span<const std::unique_ptr<BenchTarget>> targets_;
  const Invocation& invocation_;
  const BenchScope& scope_;
  const BenchWatch& watch_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::barrier<Advance> barrier_;
  BenchOutcome outcome_;
  std::vector<bool> answered_;  // By target: whether it has answered a call yet.
  std::vector<std::optional<Error>> first_failures_;  // By target: of its first call.
  std::vector<std::chrono::nanoseconds> elapsed_;     // By target: of this phase.
  std::vector<std::chrono::nanoseconds> slices_;      // By target: how long one lasts.
  Slice slice_{};
  bool has_begun_ = false;
  bool is_over_ = false;
  bool warming_up_ = true;
  bool given_up_ = false;
  std::size_t round_ = 0;                       // In which each target has a slice.
  std::size_t turn_ = 0;                        // How many it has had in this round.
  std::atomic<Clock::rep> measured_since_ = 0;  // 0 while it warms up.
};

Run::Run(std::span<const std::unique_ptr<BenchTarget>> targets, const Invocation& invocation,
         const BenchScope& scope, const BenchWatch& watch)
    : targets_{targets},
      invocation_{invocation},
      scope_{scope},
      watch_{watch},
      barrier_{static_cast<std::ptrdiff_t>(scope.threads), Advance{this}},
      answered_(targets.size()),
      first_failures_(targets.size()),
      elapsed_(targets.size()),
      slices_(targets.size(), kSlice) {
  outcome_.targets.resize(targets.size());
  for (std::size_t i = 0; i < scope.threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(targets.size(), watch.stop));
  }
}

Result<BenchOutcome> Run::carry_out() {
  for (std::size_t i = 0; i < targets_.size(); ++i) call_once(i);
  if (watch_.first_calls_done) watch_.first_calls_done();
  {
    const StatusLine line{watch_.line, [this] { return status(); }};
    WAPC_CHECK(run_threads());
  }
  add_up();
  return std::move(outcome_);
}

void Run::call_once(std::size_t target) {
  auto& figures = outcome_.targets[target];
  const auto begun = Clock::now();
  const auto done = targets_[target]->invoke_into({.operation = invocation_.operation,
                                                   .payload = invocation_.payload,
                                                   .budget = {.stop = watch_.stop}},
                                                  workers_.front()->answer);
  figures.first_call = Clock::now() - begun;
  answered_[target] = done.has_value();
  if (!done) first_failures_[target] = done.error();
  figures.memory_bytes = targets_[target]->memory_bytes();
}

Result<> Run::run_threads() {
  std::vector<std::jthread> threads;
  try {
    for (const auto& worker : workers_) {
      threads.emplace_back([this, &worker = *worker] { work(worker); });
    }
  } catch (const std::system_error&) {
    given_up_ = true;  // Seen behind the barrier, which nobody passes before those below are gone.
    for (auto i = threads.size(); i < workers_.size(); ++i) barrier_.arrive_and_drop();
    threads.clear();
    return failure(Errc::limit_exceeded,
                   fmt::format("this machine has no room for {} threads", scope_.threads));
  }
  return {};
}

void Run::work(Worker& worker) {
  while (true) {
    barrier_.arrive_and_wait();
    if (is_over_) return;
    call_in_slice(worker);
  }
}

void Run::call_in_slice(Worker& worker) const {
  auto& target = *targets_[slice_.target];
  auto& tally = worker.tallies[slice_.target];
  const auto stop = worker.stop.get_token();
  const Invocation invocation{
      .operation = invocation_.operation, .payload = invocation_.payload, .budget = {.stop = stop}};
  const auto answered_before = tally.latencies.count();
  const auto end = slice_.end;
  auto left = std::min(tally.calls_left, slice_.calls);
  tally.calls_left -= left;
  auto calls = worker.calls.load(std::memory_order_relaxed);
  const auto begun = Clock::now();
  auto before = begun;
  while (left > 0 && (before < end || before == begun)) {  // One call at least.
    const auto done = target.invoke_into(invocation, worker.answer);
    const auto now = Clock::now();
    if (done) {
      tally.note_answer(now - before, worker.answer.size());
    } else if (stop.stop_requested()) {
      break;  // The call may have failed for that alone.
    } else {
      tally.note_failure(done.error(), now);
    }
    before = now;
    --left;
    worker.calls.store(++calls, std::memory_order_relaxed);
    if (stop.stop_requested()) break;
  }
  tally.calls_left += left;
  tally.slice_begun = begun;
  tally.slice_ended = before;
  tally.slice_answered = tally.latencies.count() - answered_before;
}

void Run::advance() noexcept {
  if (has_begun_) close_slice();
  has_begun_ = true;
  const auto next = next_slice();
  is_over_ = !next;
  if (next) slice_ = *next;
}

void Run::close_slice() {
  const auto target = slice_.target;
  elapsed_[target] += Clock::now() - slice_.begin;
  auto begun = Clock::time_point::max();
  auto ended = Clock::time_point::min();
  std::chrono::nanoseconds busy{0};
  std::uint64_t answered = 0;
  for (const auto& worker : workers_) {
    const auto& tally = worker->tallies[target];
    if (tally.slice_ended == tally.slice_begun) continue;  // It had no call left to make.
    begun = std::min(begun, tally.slice_begun);
    ended = std::max(ended, tally.slice_ended);
    busy += tally.slice_ended - tally.slice_begun;
    answered += tally.slice_answered;
  }
  auto& figures = outcome_.targets[target];
  const auto lasted = ended > begun ? ended - begun : std::chrono::nanoseconds{0};
  figures.duration += lasted;
  figures.slices_ns.push_back(
      answered == 0 ? 0 : static_cast<double>(lasted.count()) / static_cast<double>(answered));
  if (answered == 0) return;
  answered_[target] = true;
  // Threads wait for the last of them when a slice ends: that should be little of it.
  if (scope_.threads > 1) {
    slices_[target] = std::max<std::chrono::nanoseconds>(
        kSlice, kCallsMin * (busy / static_cast<std::int64_t>(answered)));
  }
}

std::optional<Slice> Run::next_slice() {
  if (given_up_) return std::nullopt;
  outcome_.stopped = watch_.stop.stop_requested();
  if (outcome_.stopped) return std::nullopt;
  const bool takes_turns = targets_.size() > 1;
  while (true) {
    while (turn_ < targets_.size()) {
      // To and fro: first, second; second, first; so that neither always comes after the other.
      const auto target = round_ % 2 == 0 ? turn_ : targets_.size() - 1 - turn_;
      ++turn_;
      if (is_over(target)) continue;
      const auto now = Clock::now();
      auto lasts = (warming_up_ ? scope_.warm_up : scope_.duration) - elapsed_[target];
      if (takes_turns) lasts = std::min(lasts, slices_[target]);
      const auto share = scope_.calls / scope_.threads;
      const std::uint64_t least = scope_.threads > 1 ? kCallsMin : 1;
      return Slice{.target = target,
                   .begin = now,
                   .end = Budget::end_of(lasts, now),
                   .calls = takes_turns ? std::max(share / kSlicesMin, least)
                                        : std::numeric_limits<std::uint64_t>::max()};
    }
    ++round_;
    turn_ = 0;
    bool all_over = true;
    for (std::size_t i = 0; i < targets_.size(); ++i) all_over = all_over && is_over(i);
    if (!all_over) continue;
    if (!warming_up_ || !end_warm_up()) return std::nullopt;
  }
}

bool Run::is_over(std::size_t target) const {
  const auto duration = elapsed_[target];
  if (warming_up_) return duration >= scope_.warm_up;
  return duration >= scope_.duration || std::ranges::all_of(workers_, [&](const auto& worker) {
           return worker->tallies[target].calls_left == 0;
         });
}

bool Run::end_warm_up() {
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    if (answered_[target]) continue;
    const auto& error = first_failures_[target];
    if (error) outcome_.failing = {target, *error};
    return false;
  }
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    auto& figures = outcome_.targets[target];
    elapsed_[target] = {};
    figures.duration = {};
    figures.slices_ns.clear();
    figures.host_calls = targets_[target]->host_calls();
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      auto& tally = workers_[i]->tallies[target];
      tally = {};
      tally.calls_left =
          scope_.calls / scope_.threads + (i < scope_.calls % scope_.threads ? 1 : 0);
    }
  }
  for (const auto& worker : workers_) worker->calls = 0;
  warming_up_ = false;
  measured_since_ = Clock::now().time_since_epoch().count();
  return true;
}

void Run::add_up() {
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    auto& figures = outcome_.targets[target];
    std::optional<Clock::time_point> first_failed;
    figures.answer_bytes_min = std::numeric_limits<std::size_t>::max();
    if (warming_up_) figures.duration = {};
    for (const auto& worker : workers_) {
      const auto& tally = worker->tallies[target];
      if (warming_up_) continue;  // Nothing of that counts.
      figures.latencies.add(tally.latencies);
      for (std::size_t code = 0; code < figures.failures_by_code.size(); ++code) {
        figures.failures_by_code[code] += tally.failures_by_code[code];
      }
      if (tally.first_failure && (!first_failed || tally.first_failed < *first_failed)) {
        figures.first_failure = tally.first_failure;
        first_failed = tally.first_failed;
      }
      figures.answer_bytes_min = std::min(figures.answer_bytes_min, tally.answer_bytes_min);
      figures.answer_bytes_max = std::max(figures.answer_bytes_max, tally.answer_bytes_max);
    }
    if (figures.latencies.count() == 0) figures.answer_bytes_min = 0;
    const auto seconds = std::chrono::duration<double>{figures.duration}.count();
    if (seconds > 0) {
      figures.calls_per_second = static_cast<double>(figures.latencies.count()) / seconds;
    }
    figures.host_calls = targets_[target]->host_calls() - figures.host_calls;
    figures.memory_bytes = std::max(figures.memory_bytes, targets_[target]->memory_bytes());
  }
}

std::string Run::status() const {
  const Clock::time_point since{Clock::duration{measured_since_.load()}};
  if (since == Clock::time_point{}) return "wapc: warming up";
  const auto taken = Clock::now() - since;
  const auto calls = std::accumulate(
      workers_.begin(), workers_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const auto& worker) { return sum + worker->calls.load(); });
  const auto rate = static_cast<double>(calls) / std::chrono::duration<double>{taken}.count();
  return fmt::format(
      "wapc: {}{} calls in {} s{}, {:.0f} a second", calls,
      scope_.calls == BenchScope{}.calls ? ""
                                         : fmt::format(" of {}", scope_.calls * targets_.size()),
      std::chrono::floor<std::chrono::seconds>(taken).count(),
      scope_.duration == BenchScope{}.duration
          ? ""
          : fmt::format(" of {:.3g} s", std::chrono::duration<double>{scope_.duration}.count() *
                                            static_cast<double>(targets_.size())),
      rate);
}

}  // namespace

std::uint64_t BenchFigures::failures() const {
  return std::accumulate(failures_by_code.begin(), failures_by_code.end(), std::uint64_t{0});
}

std::uint64_t BenchOutcome::calls() const {
  return std::accumulate(
      targets.begin(), targets.end(), std::uint64_t{0},
      [](std::uint64_t sum, const BenchFigures& of) { return sum + of.calls(); });
}

Result<BenchOutcome> measure(std::span<const std::unique_ptr<BenchTarget>> targets,
                             const Invocation& invocation, const BenchScope& scope,
                             const BenchWatch& watch) {
  return Run{targets, invocation, scope, watch}.carry_out();
}

}  // namespace wapc::cli
