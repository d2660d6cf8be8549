#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/audit.hpp"
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
#include "wapc/host/host.hpp"
#include "wapc/policy/restricted.hpp"

// wapc call GUEST OPERATION [PAYLOAD]

namespace wapc::cli {
namespace {

constexpr std::uint64_t kRepeatMax = 10'000'000;  // Each call's time is kept: 8 bytes.

constexpr std::string_view kExamples = R"(Examples:
  wapc call hello.wasm 'wapc:sample!Hello' 'this is a test'
  wapc call guest.wasm greet --msgpack '{"name": "World"}'
  wapc call guest.wasm resize @photo.jpg > small.jpg
  wapc call guest.wasm fetch key --host 'kv/default/get=text:value' --host '*/*/*=error:no'
  wapc call guest.wasm work --deadline 500ms --memory 64MiB --engine wasm3
  wapc call guest.wasm work --policy policy.toml --audit audit.jsonl --host '*/*/*=echo'
  wapc call guest.wasm render page --dir ./site::/site:ro --env LANG --env THEME=dark
  wapc call guest.wasm echo hi --repeat 10000 --json
  perf record -g wapc call guest.wasm work --repeat 1000 --profile; perf report

PAYLOAD is text, @FILE, - for standard input, or @@TEXT for text that begins with @. After a lone --
nothing is taken for an option any more. The answer goes to standard output as it is; what the guest
prints goes to standard error.)";

/// As the user gave them.
struct Arguments {
  GuestArguments guest;
  std::string operation;
  std::optional<std::string> payload;
  std::optional<std::string> policy;
  std::optional<std::string> audit;
  std::optional<std::string> audit_max;
  std::optional<std::string> repeat;
  bool profile = false;
  bool json = false;
};

/// The same, understood, with everything read that has to be read.
struct Plan {
  GuestSetup guest;
  std::optional<GuestPolicy> policy;
  std::uint64_t audit_bytes_max = std::uint64_t{1} << 30U;
  std::uint64_t repeat = 1;
  Bytes payload;
};

Outcome<Plan> plan(const Arguments& arguments) {
  Plan plan;
  if (arguments.repeat) {
    WAPC_TRY(plan.repeat, parse_count("--repeat", *arguments.repeat, kRepeatMax));
  }
  if (arguments.audit_max) {
    if (!arguments.audit) return wrong_usage("--audit-max is for --audit, which is not given");
    WAPC_TRY(plan.audit_bytes_max, parse_size("--audit-max", *arguments.audit_max));
  }
  WAPC_CHECK(check_inputs(arguments.payload, arguments.guest));
  if (arguments.policy) WAPC_CHECK(check_beside_policy(arguments.guest));
  WAPC_TRY(plan.guest, set_up_guest(arguments.guest));
  if (arguments.policy) {
    WAPC_TRY(plan.policy, policy_for(*arguments.policy, arguments.guest.guest));
  }
  WAPC_TRY(plan.payload, read_payload(arguments.payload, plan.guest.form));
  return plan;
}

/// Who is told what happens.
struct Witnesses {
  CallRecord& record;
  std::shared_ptr<Audit> audit;  // None when none was asked for.
  Streams& streams;
};

GuestModuleOptions module_options(const Plan& plan, const Witnesses& witnesses) {
  GuestModuleOptions options;
  options.events = witnesses.audit;
  return plan.policy ? restricted(std::move(options), *plan.policy) : options;
}

HostOptions options_for(const Arguments& arguments, const Plan& plan, const Witnesses& witnesses) {
  auto options = host_options(arguments.guest, plan.guest, witnesses.streams);
  options.events = witnesses.audit;
  if (plan.policy) options = under_policy(std::move(options), *plan.policy, plan.guest);
  if (witnesses.audit) options.handler = audited(std::move(options.handler), witnesses.audit);
  // Before the policy: calls that it denies are calls too.
  options.handler =
      watched(std::move(options.handler),
              [&record = witnesses.record, &streams = witnesses.streams,
               show = arguments.guest.show_host_calls](const HostCall& call,
                                                       const Result<>& outcome, BytesView reply) {
                record.add_host_call(call, outcome, reply);
                if (show)
                  streams.error(describe_host_call(record.host_calls, call, outcome, reply));
              });
  return options;
}

/// Loads, starts and calls the guest; what happened is in the record, also when it fails.
Result<> carry_out(const Engine& engine, const Arguments& arguments, const Plan& plan,
                   const Witnesses& witnesses, const std::stop_token& stop) {
  const Budget budget{.stop = stop};
  WAPC_TRY(const auto module,
           GuestModule::load(engine, plan.guest.wasm, module_options(plan, witnesses), budget));
  note_unseen_options(arguments.guest, *module, witnesses.streams);
  WAPC_TRY(const auto host, Host::start(module, options_for(arguments, plan, witnesses), budget));
  const Invocation invocation{
      .operation = arguments.operation, .payload = plan.payload, .budget = budget};
  auto& record = witnesses.record;
  record.durations.reserve(plan.repeat);
  for (std::uint64_t i = 0; i < plan.repeat; ++i) {
    const auto start = Budget::Clock::now();
    auto answered = host->invoke_into(invocation, record.answer);
    record.durations.push_back(Budget::Clock::now() - start);
    if (!answered) return answered;
  }
  return {};
}

Outcome<ExitCode> report(const Result<>& done, const Arguments& arguments, const Plan& plan,
                         const CallRecord& record, Streams& streams) {
  if (done) {
    WAPC_CHECK(arguments.json ? print_json(record, plan.repeat, streams)
                              : print(record, plan.repeat, streams));
    return ExitCode::ok;
  }
  auto said = advised(done.error(), arguments.guest, plan.guest);
  if (plan.policy && arguments.policy) advise_on_policy(said, *arguments.policy);
  if (plan.repeat > 1 && !record.durations.empty()) {
    said.subject = fmt::format("call {} of {}{}{}", record.durations.size(), plan.repeat,
                               said.subject.empty() ? "" : ": ", said.subject);
  }
  if (!arguments.json) return std::unexpected{std::move(said)};
  WAPC_CHECK(print_json_failure(record, said, streams));
  return said.exit;
}

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  WAPC_TRY(const auto plan, cli::plan(arguments));
  const Interrupt interrupt;  // Before the engine: its threads must not get the signal.
  WAPC_TRY(const auto engine, make_guest_engine({.engine = arguments.guest.engine,
                                                 .guest = arguments.guest.guest,
                                                 .no_cache = arguments.guest.no_cache,
                                                 .built_in = {.perf_map = arguments.profile}},
                                                streams));
  CallRecord record{.engine = engine->info().name, .form = plan.guest.form};
  Witnesses witnesses{record, nullptr, streams};
  if (arguments.audit) {
    WAPC_TRY(witnesses.audit, Audit::open(*arguments.audit, file_name(arguments.guest.guest),
                                          plan.audit_bytes_max, streams));
  }
  const auto done = carry_out(*engine, arguments, plan, witnesses, interrupt.token());
  auto reported = report(done, arguments, plan, record, streams);
  if (!witnesses.audit) return reported;
  auto written = witnesses.audit->check();
  if (written) return reported;
  if (reported && *reported == ExitCode::ok) return std::unexpected{std::move(written).error()};
  streams.error(describe(written.error()));  // The exit code is that of the call's own failure.
  return reported;
}

void add_options(CLI::App& app, Arguments& into) {
  add_guest(app, into.guest);
  app.add_option("OPERATION", into.operation, "What to call")->required()->type_name("");
  add_text(app, "PAYLOAD", into.payload, "What to send: text, @FILE, or - for standard input");
  add_guest_options(app, into.guest);
  add_text(
      app, "--policy", into.policy,
      "What the guest may do: its part of that file, by the guest's name. It then says all that "
      "is granted; of limits given twice the lower counts")
      ->type_name("FILE");
  add_text(app, "--audit", into.audit,
           "Append a line of JSON to that file for each thing that happens: host calls, denials, "
           "failures. - is standard error")
      ->type_name("FILE");
  add_text(app, "--audit-max", into.audit_max,
           "How large the audit's file may be, with what is in it already: 64MiB (units B, KiB, "
           "MiB, GiB). Beyond it host calls fail. Otherwise 1GiB")
      ->type_name("SIZE");
  add_text(app, "--repeat", into.repeat,
           "Call the same instance so many times; shows the last answer, and how long calls "
           "took")
      ->type_name("N");
  app.add_flag(
      "--profile", into.profile,
      "Tell perf the names of the guest's functions: perf record -g wapc call --profile ...");
  app.add_flag("--json", into.json, "Print one JSON object: the answer or the error, and the rest");
}

}  // namespace

Command call_command(CLI::App& program) {
  auto* app = program.add_subcommand("call", "Call an operation of a guest and print its answer");
  const auto arguments = std::make_shared<Arguments>();
  add_options(*app, *arguments);
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app,
          .run = [arguments](Streams& streams) { return run(*arguments, streams); },
          .json = [arguments] { return arguments->json; }};
}

}  // namespace wapc::cli
