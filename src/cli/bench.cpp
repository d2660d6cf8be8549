#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/bench_report.hpp"
#include "cli/bench_run.hpp"
#include "cli/bench_target.hpp"
#include "cli/call_report.hpp"
#include "cli/commands.hpp"
#include "cli/guest_engine.hpp"
#include "cli/guest_setup.hpp"
#include "cli/interrupt.hpp"
#include "cli/options.hpp"
#include "cli/payload.hpp"
#include "cli/policy_file.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/policy/restricted.hpp"

// wapc bench GUEST OPERATION [PAYLOAD]

namespace wapc::cli {
namespace {

constexpr std::uint64_t kCallsMax = 1'000'000'000'000;
constexpr std::uint64_t kThreadsMax = 256;

constexpr std::string_view kExamples = R"(Examples:
  wapc bench hello.wasm 'wapc:sample!Hello' 'this is a test'
  wapc bench guest.wasm resize @photo.jpg --duration 30s --threads 4
  wapc bench guest.wasm work --calls 1000 --fresh --json | jq '.guests[].latency'
  wapc bench guest.wasm work --against-engine wasm3
  wapc bench old.wasm work --against new.wasm --host '*/*/*=echo'

PAYLOAD is as in wapc call. What the guest prints is shown until its first call is over.)";

/// As the user gave them.
struct Arguments {
  GuestArguments guest;
  std::string operation;
  std::optional<std::string> payload;
  std::optional<std::string> policy;
  std::optional<std::string> calls;
  std::optional<std::string> duration;
  std::optional<std::string> threads;
  std::optional<std::string> warm_up;
  std::optional<std::string> against;
  std::optional<std::string> against_engine;
  bool fresh = false;
  bool profile = false;
  bool json = false;
};

/// One of those that are compared.
struct Side {
  GuestArguments arguments;
  std::string engine_option;  // That its engine was given by.
  GuestSetup setup = {};
  std::optional<GuestPolicy> policy = std::nullopt;
};

/// The arguments, understood, with everything read that has to be read.
struct Plan {
  BenchScope scope;
  std::vector<Side> sides;
  Bytes payload;
};

Outcome<BenchScope> scope_of(const Arguments& arguments) {
  BenchScope scope{.duration = std::chrono::seconds{5}, .warm_up = std::chrono::seconds{1}};
  if (arguments.calls) {
    WAPC_TRY(scope.calls, parse_count("--calls", *arguments.calls, kCallsMax));
    scope.duration = BenchScope{}.duration;
  }
  if (arguments.duration) {
    WAPC_TRY(scope.duration, parse_duration("--duration", *arguments.duration));
  }
  if (arguments.threads) {
    WAPC_TRY(scope.threads, parse_count("--threads", *arguments.threads, kThreadsMax));
  }
  constexpr std::array<std::string_view, 6> kNone{"0", "0s", "0ms", "0us", "0ns", "0m"};
  if (arguments.warm_up && std::ranges::find(kNone, *arguments.warm_up) != kNone.end()) {
    scope.warm_up = {};
  } else if (arguments.warm_up) {
    WAPC_TRY(scope.warm_up, parse_duration("--warm-up", *arguments.warm_up));
  }
  return scope;
}

std::vector<Side> sides_of(const Arguments& arguments) {
  std::vector<Side> sides;
  sides.push_back({.arguments = arguments.guest, .engine_option = "--engine"});
  if (!arguments.against && !arguments.against_engine) return sides;
  auto other = arguments.guest;
  if (arguments.against) other.guest = *arguments.against;
  if (arguments.against_engine) other.engine = arguments.against_engine;
  sides.push_back({.arguments = std::move(other),
                   .engine_option = arguments.against_engine ? "--against-engine" : "--engine"});
  return sides;
}

Outcome<Plan> plan(const Arguments& arguments) {
  Plan plan;
  WAPC_TRY(plan.scope, scope_of(arguments));
  WAPC_CHECK(check_inputs(arguments.payload, arguments.guest));
  if (arguments.policy) WAPC_CHECK(check_beside_policy(arguments.guest));
  plan.sides = sides_of(arguments);
  for (auto& side : plan.sides) {
    WAPC_TRY(side.setup, set_up_guest(side.arguments));
    if (!arguments.policy) continue;
    WAPC_TRY(side.policy, policy_for(*arguments.policy, side.arguments.guest));
  }
  WAPC_TRY(plan.payload, read_payload(arguments.payload, plan.sides.front().setup.form));
  return plan;
}

/// Guests may print, and host calls are shown, as long as `shows` says so: a terminal is slower
/// than most guests.
HostOptions options_for(const Side& side, const std::atomic<bool>& shows, Streams& streams) {
  auto options = host_options(side.arguments, side.setup, streams);
  if (side.policy) options = under_policy(std::move(options), *side.policy, side.setup);
  if (options.log) {
    options.log = logging_to([log = std::move(options.log), &shows](const LogEntry& entry) {
      if (shows.load(std::memory_order_relaxed)) log->log(entry);
    });
  }
  if (side.arguments.show_host_calls) {
    options.handler =
        watched(std::move(options.handler),
                [&shows, &streams](const HostCall& call, const Result<>& outcome, BytesView reply) {
                  if (!shows.load(std::memory_order_relaxed)) return;
                  streams.error(describe_host_call(call.number, call, outcome, reply));
                });
  }
  return options;
}

/// What can be told of a failure, under all that the guest was given.
Problem told(const Error& error, const Side& side, const Arguments& arguments) {
  auto said = advised(error, side.arguments, side.setup);
  if (side.policy && arguments.policy) advise_on_policy(said, *arguments.policy);
  return said;
}

/// `said` about `what`.
Problem about(std::string what, Problem said) {
  if (!said.subject.empty()) what += ": " + said.subject;
  said.subject = std::move(what);
  return said;
}

struct Context {
  const Arguments& arguments;
  const Plan& plan;
  const std::atomic<bool>& shows;
  std::stop_token stop;
  Streams& streams;
};

/// A guest that is ready to be called.
struct Started {
  BenchedGuest guest;
  std::unique_ptr<BenchTarget> target;
};

/// Loads and starts the guest, and says how long that took.
Outcome<Started> start(const Side& side, const Context& context) {
  BenchedGuest guest{.guest = side.arguments.guest};
  WAPC_TRY(const auto engine,
           make_guest_engine({.engine = side.arguments.engine,
                              .guest = side.arguments.guest,
                              .no_cache = side.arguments.no_cache,
                              .built_in = {.perf_map = context.arguments.profile},
                              .option = side.engine_option,
                              .begun = [&guest] { guest.compiled = true; }},
                             context.streams));
  guest.engine = engine->info().name;
  guest.engine_version = engine->info().version;
  guest.compiles = engine->info().makes_artefacts;
  const auto failed = [&](const Error& error) {
    auto said = told(error, side, context.arguments);
    const bool is_clear = context.plan.sides.size() == 1 || said.subject == side.arguments.guest;
    return std::unexpected{is_clear ? said : about(name_of(guest), std::move(said))};
  };
  const Budget budget{.stop = context.stop};
  GuestModuleOptions options;
  if (side.policy) options = restricted(std::move(options), *side.policy);
  const auto begun = Budget::Clock::now();
  const auto module = GuestModule::load(*engine, side.setup.wasm, std::move(options), budget);
  if (!module) return failed(module.error());
  const auto loaded = Budget::Clock::now();
  const auto threads = context.plan.scope.threads;
  auto target = start_target(*module, options_for(side, context.shows, context.streams),
                             {.threads = threads, .fresh = context.arguments.fresh}, budget);
  if (!target) return failed(target.error());
  guest.load = loaded - begun;
  guest.compiled = guest.compiled && guest.compiles;
  guest.start = (Budget::Clock::now() - loaded) /
                static_cast<std::int64_t>(context.arguments.fresh ? 1 : threads);
  note_unseen_options(side.arguments, **module, context.streams);
  return Started{std::move(guest), *std::move(target)};
}

/// What was wrong with a run that has figures; the first counts.
std::vector<Problem> problems_of(const BenchReport& report, const std::vector<Side>& sides,
                                 const Arguments& arguments) {
  std::vector<Problem> problems;
  if (report.outcome.stopped) {
    problems.push_back(problem({Errc::cancelled, "ended by Ctrl-C; this is what came before"}));
  }
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const auto& figures = report.outcome.targets[i];
    if (!figures.first_failure) continue;
    auto said =
        about(fmt::format("{} of {} failed", figures.failures(), counted(figures.calls(), "call")),
              told(*figures.first_failure, sides[i], arguments));
    problems.push_back(sides.size() == 1 ? said : about(name_of(report.guests[i]), said));
  }
  return problems;
}

/// Prints what came of a run that has measured something, and says how it ended.
Outcome<ExitCode> tell(const BenchReport& report, const Arguments& arguments, Streams& streams) {
  WAPC_CHECK(arguments.json ? print_json(report, streams) : print(report, streams));
  if (!arguments.json) {
    for (const auto& said : report.problems) streams.error(describe(said));
  }
  return report.problems.empty() ? ExitCode::ok : report.problems.front().exit;
}

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  WAPC_TRY(const auto plan, cli::plan(arguments));
  const Interrupt interrupt;  // Before the engine: its threads must not get the signal.
  std::atomic<bool> shows = true;
  const Context context{arguments, plan, shows, interrupt.token(), streams};
  BenchReport report{.operation = arguments.operation,
                     .payload_bytes = plan.payload.size(),
                     .scope = plan.scope,
                     .fresh = arguments.fresh};
  std::vector<std::unique_ptr<BenchTarget>> targets;
  for (const auto& side : plan.sides) {
    WAPC_TRY(auto started, start(side, context));
    report.guests.push_back(std::move(started.guest));
    targets.push_back(std::move(started.target));
  }
  auto outcome =
      measure(targets, {.operation = arguments.operation, .payload = plan.payload}, plan.scope,
              {.stop = interrupt.token(),
               .first_calls_done = [&shows] { shows = false; },
               .line = {.write = terminal_of(streams)}});
  if (!outcome) return std::unexpected{problem(outcome.error())};
  report.outcome = *std::move(outcome);
  if (const auto& failing = report.outcome.failing) {
    auto said = told(failing->error, plan.sides[failing->target], arguments);
    return std::unexpected{
        plan.sides.size() == 1 ? said : about(name_of(report.guests[failing->target]), said)};
  }
  if (report.outcome.calls() == 0) {
    return std::unexpected{
        problem({Errc::cancelled, "ended by Ctrl-C before anything was measured"})};
  }
  report.problems = problems_of(report, plan.sides, arguments);
  return tell(report, arguments, streams);
}

void add_options(CLI::App& app, Arguments& into) {
  add_guest(app, into.guest);
  app.add_option("OPERATION", into.operation, "What to call")->required()->type_name("");
  add_text(app, "PAYLOAD", into.payload, "What to send: text, @FILE, or - for standard input");
  add_text(app, "--calls", into.calls, "How many calls to make, of all threads together")
      ->type_name("N");
  add_text(app, "--duration", into.duration,
           "How long to go on, if there are not that many calls before: 500ms, 2m (units ns, us, "
           "ms, s, m). Otherwise 5s, or with --calls until they are made")
      ->type_name("TIME");
  add_text(app, "--warm-up", into.warm_up,
           "How long to call before anything is measured; 0 for not at all. Otherwise 1s")
      ->type_name("TIME");
  add_text(app, "--threads", into.threads,
           "How many threads call at a time, each an instance. Otherwise 1")
      ->type_name("N");
  app.add_flag("--fresh", into.fresh, "Start a fresh instance for each call, and measure that too");
  add_text(app, "--against", into.against,
           "Compare with that guest, in the same run: the two take turns, many times a second")
      ->type_name("GUEST");
  add_text(app, "--against-engine", into.against_engine,
           "Compare with that engine, in the same way; both may be given")
      ->type_name("NAME");
  add_guest_options(app, into.guest);
  add_text(app, "--policy", into.policy,
           "What the guest may do: its part of that file, as in wapc call")
      ->type_name("FILE");
  app.add_flag(
      "--profile", into.profile,
      "Tell perf the names of the guest's functions: perf record -g wapc bench --profile ...");
  app.add_flag("--json", into.json, "Print one JSON object");
}

}  // namespace

Command bench_command(CLI::App& program) {
  auto* app = program.add_subcommand("bench", "Call a guest many times and tell how long it takes");
  const auto arguments = std::make_shared<Arguments>();
  add_options(*app, *arguments);
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app,
          .run = [arguments](Streams& streams) { return run(*arguments, streams); },
          .json = [arguments] { return arguments->json; }};
}

}  // namespace wapc::cli
