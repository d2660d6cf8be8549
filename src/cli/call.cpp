#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/call_report.hpp"
#include "cli/commands.hpp"
#include "cli/engine_choice.hpp"
#include "cli/files.hpp"
#include "cli/guest_log.hpp"
#include "cli/host_rules.hpp"
#include "cli/interrupt.hpp"
#include "cli/options.hpp"
#include "cli/payload.hpp"
#include "cli/reading_engine.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"
#include "cli/wasi_options.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/host/host.hpp"

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
  wapc call guest.wasm render page --dir ./site::/site:ro --env LANG --env THEME=dark
  wapc call guest.wasm echo hi --repeat 10000 --json

PAYLOAD is text, @FILE, - for standard input, or @@TEXT for text that begins with @. After a lone --
nothing is taken for an option any more. The answer goes to standard output as it is; what the guest
prints goes to standard error.)";

/// As the user gave them.
struct Arguments {
  std::string guest;
  std::string operation;
  std::optional<std::string> payload;
  bool hex = false;
  bool msgpack = false;
  std::optional<std::string> engine;
  std::vector<std::string> host;
  bool show_host_calls = false;
  WasiArguments wasi;
  std::vector<std::string> wasi_arguments;
  std::optional<std::string> deadline;
  std::optional<std::string> memory;
  std::optional<std::string> repeat;
  bool json = false;
  bool quiet = false;
};

/// The same, understood, with everything read that has to be read.
struct Plan {
  Form form = Form::raw;
  std::vector<HostRule> rules;
  std::optional<std::chrono::nanoseconds> deadline;
  InstanceLimits limits;
  WasiConfig wasi;
  std::uint64_t repeat = 1;
  Bytes payload;
  Bytes wasm;
};

Outcome<Plan> plan(const Arguments& arguments) {
  Plan plan;
  if (arguments.hex) plan.form = Form::hex;
  if (arguments.msgpack) plan.form = Form::msgpack;
  if (arguments.guest == "-") {
    return wrong_usage("the guest cannot come from standard input",
                       "name its file; PAYLOAD may be - for standard input");
  }
  for (const auto& text : arguments.host) {
    WAPC_TRY(auto rule, HostRule::parse(text));
    plan.rules.push_back(std::move(rule));
  }
  if (arguments.deadline) {
    WAPC_TRY(plan.deadline, parse_duration("--deadline", *arguments.deadline));
  }
  if (arguments.memory) {
    WAPC_TRY(plan.limits.memory_bytes, parse_size("--memory", *arguments.memory));
  }
  if (arguments.repeat) {
    WAPC_TRY(plan.repeat, parse_count("--repeat", *arguments.repeat, kRepeatMax));
  }
  if (arguments.payload == "-" && arguments.wasi.standard_input == "-") {
    return wrong_usage("PAYLOAD and --stdin cannot both be standard input",
                       "give one of them as text or @FILE");
  }
  WAPC_TRY(plan.wasi, wasi_config(arguments.wasi));
  plan.wasi.arguments = arguments.wasi_arguments;
  plan.wasi.arguments.insert(plan.wasi.arguments.begin(), file_name(arguments.guest));
  plan.wasi.limits.time_slept = std::chrono::nanoseconds::max();  // The deadline is enough.
  plan.wasi.limits.descriptors += plan.wasi.directories.size();
  WAPC_TRY(plan.wasm, read_file(arguments.guest));
  WAPC_TRY(plan.payload, read_payload(arguments.payload, plan.form));
  return plan;
}

/// What to do next, where that takes knowing how the call was made.
Problem advised(const Error& error, const Arguments& arguments, const Plan& plan) {
  auto said = problem(error);
  if (said.exit == ExitCode::invalid_module) {
    said.subject = arguments.guest;
    said.hint = is_command(plan.wasm)
                    ? fmt::format("it is a program for WASI: wapc run {} runs it", arguments.guest)
                    : fmt::format("wapc inspect {} shows what the module holds", arguments.guest);
  }
  if (error.code() == Errc::invalid_options) said.hint = directory_hint();
  const bool memory = error.message().find("memory") != std::string::npos;
  if (said.exit == ExitCode::limit_exceeded && memory) {
    said.hint = "give the guest more with --memory, such as --memory 1GiB";
  }
  return said;
}

HostOptions host_options(const Arguments& arguments, const Plan& plan, CallRecord& record,
                         Streams& streams) {
  HostOptions options;
  options.handler =
      answering_by(plan.rules, [&record, &streams, show = arguments.show_host_calls](
                                   const HostCall& call, const Result<>& outcome, BytesView reply) {
        record.add_host_call(call, outcome, reply);
        if (show) streams.error(describe_host_call(record.host_calls, call, outcome, reply));
      });
  if (!arguments.quiet) options.log = printing_log(file_name(arguments.guest), streams);
  options.limits = plan.limits;
  options.wasi = plan.wasi;
  if (plan.deadline) {
    options.call_timeout = *plan.deadline;
    options.start_timeout = *plan.deadline;
  }
  return options;
}

/// Which of them were given that only a guest with WASI sees.
std::string wasi_options_in(const Arguments& arguments) {
  std::vector<std::string_view> given;
  if (!arguments.wasi.environment.empty()) given.emplace_back("--env");
  if (!arguments.wasi.directories.empty()) given.emplace_back("--dir");
  if (!arguments.wasi_arguments.empty()) given.emplace_back("--arg");
  if (arguments.wasi.standard_input) given.emplace_back("--stdin");
  return fmt::format("{}", fmt::join(given, ", "));
}

/// Loads, starts and calls the guest; what happened is in `record`, also when it fails.
Result<> carry_out(const Engine& engine, const Arguments& arguments, const Plan& plan,
                   CallRecord& record, Streams& streams, const std::stop_token& stop) {
  WAPC_TRY(const auto module, GuestModule::load(engine, plan.wasm));
  const auto unseen = wasi_options_in(arguments);
  if (!module->uses_wasi() && !unseen.empty()) {
    streams.error(fmt::format("wapc: note: {} does not import WASI, and sees nothing of {}\n",
                              printable(file_name(arguments.guest)), unseen));
  }
  const Budget budget{.stop = stop};
  WAPC_CHECK(budget.check());  // Compiling cannot be interrupted.
  WAPC_TRY(const auto host,
           Host::start(module, host_options(arguments, plan, record, streams), budget));
  const Invocation invocation{
      .operation = arguments.operation, .payload = plan.payload, .budget = budget};
  record.durations.reserve(plan.repeat);
  for (std::uint64_t i = 0; i < plan.repeat; ++i) {
    const auto start = Budget::Clock::now();
    auto answered = host->invoke_into(invocation, record.answer);
    record.durations.push_back(Budget::Clock::now() - start);
    if (!answered) return answered;
  }
  return {};
}

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  WAPC_TRY(const auto plan, cli::plan(arguments));
  const Interrupt interrupt;  // Before the engine: its threads must not get the signal.
  WAPC_TRY(const auto engine, make_engine(arguments.engine));
  CallRecord record{.engine = engine->info().name, .form = plan.form};
  const auto done = carry_out(*engine, arguments, plan, record, streams, interrupt.token());
  if (done) {
    WAPC_CHECK(arguments.json ? print_json(record, plan.repeat, streams)
                              : print(record, plan.repeat, streams));
    return ExitCode::ok;
  }
  auto said = advised(done.error(), arguments, plan);
  if (plan.repeat > 1 && !record.durations.empty()) {
    said.subject = fmt::format("call {} of {}{}{}", record.durations.size(), plan.repeat,
                               said.subject.empty() ? "" : ": ", said.subject);
  }
  if (!arguments.json) return std::unexpected{std::move(said)};
  WAPC_CHECK(print_json_failure(record, said, streams));
  return said.exit;
}

void add_options(CLI::App& app, Arguments& into) {
  app.add_option("GUEST", into.guest, "File of the guest, a WebAssembly module")
      ->required()
      ->type_name("");
  app.add_option("OPERATION", into.operation, "What to call")->required()->type_name("");
  add_text(app, "PAYLOAD", into.payload, "What to send: text, @FILE, or - for standard input");
  auto* hex = app.add_flag("--hex", into.hex, "The payload is hex, and so is the answer shown");
  app.add_flag("--msgpack", into.msgpack,
               "The payload is JSON, sent as MessagePack; the answer is shown as JSON")
      ->excludes(hex);
  add_text(app, "--engine", into.engine,
           "What runs the guest; otherwise the first that `wapc engines` lists")
      ->type_name("NAME");
  app.add_option(
         "--host", into.host,
         "How to answer host calls: 'binding/namespace/operation=ANSWER', with * for "
         "anything; ANSWER is echo, text:TEXT, error:TEXT or file:PATH. The first rule that "
         "matches counts. May be given many times")
      ->type_name("RULE")
      ->allow_extra_args(false);
  app.add_flag("--show-host-calls", into.show_host_calls, "Show each host call on standard error");
  add_wasi_options(app, into.wasi, "Otherwise there is none");
  add_texts(app, "--arg", into.wasi_arguments,
            "An argument of the guest's own, after its file's name. May be given many times")
      ->type_name("TEXT");
  add_text(app, "--deadline", into.deadline,
           "How long the guest may take to start, and how long each call may take: 500ms, 2m "
           "(units ns, us, ms, s, m). Otherwise 5s and 30s")
      ->type_name("TIME");
  add_text(app, "--memory", into.memory,
           "How much memory the guest may use: 64MiB (units B, KiB, MiB, GiB). Otherwise "
           "256MiB")
      ->type_name("SIZE");
  add_text(app, "--repeat", into.repeat,
           "Call the same instance so many times; shows the last answer, and how long calls "
           "took")
      ->type_name("N");
  app.add_flag("--json", into.json, "Print one JSON object: the answer or the error, and the rest");
  app.add_flag("-q,--quiet", into.quiet, "Drop what the guest prints");
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
