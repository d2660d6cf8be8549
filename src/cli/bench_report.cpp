#include "cli/bench_report.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "cli/paired_ratio.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"
#include "cli/wasi_options.hpp"

namespace wapc::cli {
namespace {

using Json = nlohmann::json;

/// `1,234,567`.
std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

/// Three figures, as for people who compare.
std::string figures(double number) {
  if (number < 10) return fmt::format("{:.2f}", number);
  if (number < 100) return fmt::format("{:.1f}", number);
  return grouped(static_cast<std::uint64_t>(std::llround(number)));
}

/// The most that this process has had in memory at a time.
std::uint64_t peak_memory_bytes() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// What a look at the clock takes, which is part of each latency.
std::chrono::nanoseconds clock_cost() {
  constexpr int kLooks = 10'000;
  const auto begun = Budget::Clock::now();
  auto last = begun;
  for (int i = 0; i < kLooks; ++i) last = Budget::Clock::now();
  return (last - begun) / kLooks;
}

/// `guest_error`: a code as programs know it, by its place in `BenchFigures::failures_by_code`.
std::string code_of(std::size_t place) {
  return problem({static_cast<Errc>(place), ""}).code;
}

/// The share of calls that a figure is of, and what it is called.
struct Percentile {
  double share;
  std::string_view name;
  const char* key;
};

constexpr std::array<Percentile, 4> kPercentiles{{{0.5, "p50", "p50_ns"},
                                                  {0.9, "p90", "p90_ns"},
                                                  {0.99, "p99", "p99_ns"},
                                                  {0.999, "p99.9", "p99_9_ns"}}};

double host_calls_per_call(const BenchFigures& of) {
  return of.calls() == 0 ? 0 : static_cast<double>(of.host_calls) / static_cast<double>(of.calls());
}

std::optional<PairedRatio> ratio_of(const BenchReport& report) {
  const auto& targets = report.outcome.targets;
  if (targets.size() != 2) return std::nullopt;
  return paired_ratio(targets[0].slices_ns, targets[1].slices_ns);
}

// --- For people ----------------------------------------------------------------------------------

std::string failures(const BenchFigures& of) {
  if (of.failures() == 0) return "none";
  std::string codes;
  for (std::size_t i = 0; i < of.failures_by_code.size(); ++i) {
    if (of.failures_by_code[i] == 0) continue;
    codes += fmt::format("{}{} {}", codes.empty() ? "" : ", ", code_of(i),
                         grouped(of.failures_by_code[i]));
  }
  return fmt::format("{} ({})", grouped(of.failures()), codes);
}

std::string load(const BenchedGuest& guest) {
  auto took = describe(guest.load);
  if (!guest.compiles) return took;
  return took + (guest.compiled ? ", compiled" : ", from the cache");
}

std::string answer(const BenchFigures& of) {
  if (of.latencies.count() == 0) return "-";
  if (of.answer_bytes_min == of.answer_bytes_max) return describe_size(of.answer_bytes_min);
  return fmt::format("{} to {}", describe_size(of.answer_bytes_min),
                     describe_size(of.answer_bytes_max));
}

/// A line of the table: what it is called, and how a guest's is told.
struct Row {
  std::string name;
  std::function<std::string(const BenchedGuest&, const BenchFigures&)> tell;
};

std::vector<Row> rows() {
  // A latency where there is none at all is no latency of 0.
  const auto latency = [](auto tell) {
    return [tell](const BenchedGuest& /*guest*/, const BenchFigures& of) {
      return of.latencies.count() == 0 ? std::string{"-"} : describe(tell(of.latencies));
    };
  };
  std::vector<Row> rows{
      {"calls", [](auto& /*guest*/, auto& of) { return grouped(of.calls()); }},
      {"failed", [](auto& /*guest*/, auto& of) { return failures(of); }},
      {"throughput",
       [](auto& /*guest*/, auto& of) { return figures(of.calls_per_second) + " calls/s"; }},
      {"latency  min", latency([](const LatencyHistogram& of) { return of.min(); })},
      {"         mean", latency([](const LatencyHistogram& of) { return of.mean(); })}};
  for (const auto& percentile : kPercentiles) {
    rows.push_back({fmt::format("         {}", percentile.name),
                    latency([share = percentile.share](const LatencyHistogram& of) {
                      return of.percentile(share);
                    })});
  }
  rows.insert(rows.end(),
              {{"         max", latency([](const LatencyHistogram& of) { return of.max(); })},
               {"load", [](auto& guest, auto& /*of*/) { return load(guest); }},
               {"start", [](auto& guest, auto& /*of*/) { return describe(guest.start); }},
               {"first call", [](auto& /*guest*/, auto& of) { return describe(of.first_call); }},
               {"memory", [](auto& /*guest*/, auto& of) { return describe_size(of.memory_bytes); }},
               {"host calls",
                [](auto& /*guest*/, auto& of) -> std::string {
                  if (of.host_calls == 0 || of.calls() == 0) return "none";
                  if (of.host_calls % of.calls() == 0)
                    return grouped(of.host_calls / of.calls()) + " a call";
                  return figures(host_calls_per_call(of)) + " a call";
                }},
               {"answer", [](auto& /*guest*/, auto& of) { return answer(of); }}});
  return rows;
}

std::string table(const BenchReport& report) {
  constexpr std::size_t kNames = 15;
  std::vector<std::string> lines{std::string(kNames, ' ')};
  const auto rows = cli::rows();
  for (const auto& row : rows) lines.push_back(fmt::format("{:{}}", row.name, kNames));
  for (std::size_t i = 0; i < report.guests.size(); ++i) {
    std::vector<std::string> column{name_of(report.guests[i])};
    for (const auto& row : rows) {
      column.push_back(row.tell(report.guests[i], report.outcome.targets[i]));
    }
    const auto width = std::ranges::max(column, {}, &std::string::size).size();
    const bool is_last = i + 1 == report.guests.size();
    for (std::size_t line = 0; line < lines.size(); ++line) {
      lines[line] += is_last ? column[line] : fmt::format("{:{}}", column[line], width + 3);
    }
  }
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::string comparison(const BenchReport& report) {
  const auto ratio = ratio_of(report);
  if (!ratio) return "there is nothing to compare: one of them has answered no call\n";
  const auto exact = [](double number) {
    return number < 10 ? fmt::format("{:.3f}", number) : figures(number);
  };
  auto text = fmt::format("{} takes {} times as long as {}", name_of(report.guests[1]),
                          exact(ratio->median), name_of(report.guests[0]));
  if (ratio->interval) {
    text += fmt::format(",\nwith 95 % certainty {} to {} times: the median of {} pairs of slices\n",
                        exact(ratio->interval->low), exact(ratio->interval->high), ratio->pairs);
  } else {
    text += fmt::format(",\nby {} of slices alone: measure for longer to be certain\n",
                        counted(ratio->pairs, "pair"));
  }
  return text;
}

// --- For programs --------------------------------------------------------------------------------

Json latency_json(const LatencyHistogram& latencies) {
  Json object{{"min_ns", latencies.min().count()},
              {"mean_ns", latencies.mean().count()},
              {"max_ns", latencies.max().count()}};
  for (const auto& percentile : kPercentiles) {
    object[percentile.key] = latencies.percentile(percentile.share).count();
  }
  return object;
}

Json guest_json(const BenchedGuest& guest, const BenchFigures& of) {
  Json object{{"guest", guest.guest},
              {"engine", guest.engine},
              {"engine_version", guest.engine_version},
              {"load_ns", guest.load.count()},
              {"compiled", guest.compiled},
              {"start_ns", guest.start.count()},
              {"first_call_ns", of.first_call.count()},
              {"calls", of.calls()},
              {"failures", Json::object()},
              {"duration_ns", of.duration.count()},
              {"calls_per_second", of.calls_per_second},
              {"latency", nullptr},
              {"answer_bytes_min", of.answer_bytes_min},
              {"answer_bytes_max", of.answer_bytes_max},
              {"memory_bytes", of.memory_bytes},
              {"host_calls_per_call", host_calls_per_call(of)}};
  if (of.latencies.count() > 0) object["latency"] = latency_json(of.latencies);
  for (std::size_t i = 0; i < of.failures_by_code.size(); ++i) {
    if (of.failures_by_code[i] == 0) continue;
    object["failures"][code_of(i)] = of.failures_by_code[i];
  }
  return object;
}

Json comparison_json(const PairedRatio& ratio) {
  Json object{{"time_ratio", ratio.median}, {"pairs", ratio.pairs}};
  if (ratio.interval) {
    object["time_ratio_low"] = ratio.interval->low;
    object["time_ratio_high"] = ratio.interval->high;
  }
  return object;
}

}  // namespace

std::string name_of(const BenchedGuest& guest) {
  return fmt::format("{} on {}", shortened(file_name(guest.guest)), guest.engine);
}

Outcome<> print(const BenchReport& report, Streams& streams) {
  const auto& scope = report.scope;
  auto text = fmt::format(
      "{} with {}, {}{}: {}{} after {} warm-up\n\n", in_quotes(report.operation, 40),
      describe_size(report.payload_bytes), counted(scope.threads, "thread"),
      report.fresh ? ", a fresh instance for each call" : "",
      describe(report.outcome.targets.front().duration), report.guests.size() > 1 ? " each" : "",
      scope.warm_up.count() == 0 ? "no" : describe(scope.warm_up) + " of");
  text += table(report) + "\n";
  if (report.guests.size() > 1) text += comparison(report);
  text += fmt::format("peak memory of the process {}; a look at the clock {}, in each latency\n",
                      describe_size(peak_memory_bytes()), describe(clock_cost()));
  return streams.out(text);
}

Outcome<> print_json(const BenchReport& report, Streams& streams) {
  Json object{{"ok", report.problems.empty()},
              {"operation", report.operation},
              {"payload_bytes", report.payload_bytes},
              {"threads", report.scope.threads},
              {"fresh", report.fresh},
              {"warm_up_ns", report.scope.warm_up.count()},
              {"interrupted", report.outcome.stopped},
              {"process_memory_bytes_max", peak_memory_bytes()},
              {"clock_ns", clock_cost().count()},
              {"guests", Json::array()}};
  for (std::size_t i = 0; i < report.guests.size(); ++i) {
    object["guests"].push_back(guest_json(report.guests[i], report.outcome.targets[i]));
  }
  if (const auto ratio = ratio_of(report)) object["comparison"] = comparison_json(*ratio);
  if (!report.problems.empty()) object["error"] = to_json(report.problems.front());
  return streams.out(json_text(object));
}

}  // namespace wapc::cli
