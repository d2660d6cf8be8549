#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/try.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/guest_engine.hpp"
#include "cli/interrupt.hpp"
#include "cli/options.hpp"
#include "cli/program_limits.hpp"
#include "cli/reading_engine.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"
#include "cli/wasi_options.hpp"
#include "engine/native_stack.hpp"
#include "wapc/wasi/command.hpp"

// wapc run PROGRAM [ARG...]

namespace wapc::cli {
namespace {

// A program has all exit codes for itself. So what wapc has to say by one of them is said by those
// that shells, timeout, env and docker run use for the same, which programs leave alone.
constexpr ExitCode kTimedOut{124};
constexpr ExitCode kNotRun{125};
constexpr ExitCode kAborted{134};  // 128 and SIGABRT.

/// Above it nothing is left of a code but its last eight bits.
constexpr std::uint32_t kExitCodeMax = 255;

constexpr std::string_view kExamples = R"(Examples:
  wapc run hello.wasm
  wapc run tool.wasm --help
  wapc run --dir .::/work --env HOME=/work convert.wasm /work/in.txt /work/out.txt
  wapc run --engine wasm3 --deadline 10s --stdin @numbers.txt sort.wasm

All that comes after PROGRAM is for the program, options too. It has no directories and no
environment but what it is given here; standard input, output and error are those of wapc.

Exit codes:
    *  the program's own, up to 255; 1 for greater ones
    2  wrong arguments: options, directories that cannot be given
  124  the deadline passed
  125  the program could not be run, or was stopped by a limit
  130  cancelled with Ctrl-C
  134  the program was stopped by a trap)";

/// As the user gave them.
struct Arguments {
  std::string program;
  std::vector<std::string> rest;  // For the program.
  std::optional<std::string> engine;
  bool no_cache = false;
  bool profile = false;
  WasiArguments wasi;
  std::optional<std::string> deadline;
  std::optional<std::string> memory;
};

/// The same, understood, with everything read that has to be read.
struct Plan {
  WasiCommandOptions options;
  std::chrono::nanoseconds deadline = std::chrono::nanoseconds::max();
  Bytes wasm;
};

/// How many descriptors this process may have, as far as that can be counted on.
std::size_t descriptors_of_process() {
  constexpr rlim_t kLeast = 1024;
  constexpr rlim_t kMost = 1'000'000;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kLeast;
  return std::clamp(limit.rlim_cur, kLeast, kMost);
}

/// Native programs have 8 MiB; a program's frames here are smaller. None where the process itself
/// has too little: then the engine takes what it finds right.
std::optional<std::size_t> stack_of_program() {
  constexpr std::size_t kStack = 2U << 20U;
  if (native_stack_left() < 2 * kStack) return std::nullopt;
  return kStack;
}

/// What a program may take by itself as under any other runtime for the command line: it is the
/// user's own, run in the foreground.
void lift_limits(WasiCommandOptions& options) {
  options.limits = {.memory_bytes = std::size_t{4} << 30U,  // All there is in 32 bits.
                    .table_elements = 10'000'000,
                    .memories = 100,
                    .tables = 100};
  options.wasi.limits = {.descriptors = descriptors_of_process() + options.wasi.directories.size(),
                         .bytes_written = std::numeric_limits<std::uint64_t>::max(),
                         .entries_created = std::numeric_limits<std::uint64_t>::max(),
                         .time_slept = std::chrono::nanoseconds::max()};
}

Outcome<Plan> plan(const Arguments& arguments) {
  if (arguments.program == "-") {
    return wrong_usage("the program cannot come from standard input", "name its file");
  }
  Plan plan;
  WAPC_TRY(plan.options.wasi, wasi_config(arguments.wasi));
  lift_limits(plan.options);
  auto& wasi = plan.options.wasi;
  wasi.arguments = arguments.rest;
  wasi.arguments.insert(wasi.arguments.begin(), file_name(arguments.program));
  if (!arguments.wasi.standard_input) wasi.standard_input = HostDescriptor{STDIN_FILENO};
  wasi.standard_output = HostDescriptor{STDOUT_FILENO};
  wasi.standard_error = HostDescriptor{STDERR_FILENO};
  if (arguments.deadline) {
    WAPC_TRY(plan.deadline, parse_duration("--deadline", *arguments.deadline));
  }
  if (arguments.memory) {
    WAPC_TRY(plan.options.limits.memory_bytes, parse_size("--memory", *arguments.memory));
  }
  WAPC_TRY(plan.wasm, read_file(arguments.program));
  return plan;
}

/// In words for a program, and with what to do next.
Problem advised(const Error& error, const Arguments& arguments, const Plan& plan) {
  auto said = problem(error);
  switch (error.code()) {
    case Errc::invalid_module:
      said.subject = arguments.program;
      said.hint =
          is_guest(plan.wasm)
              ? fmt::format("it is a waPC guest: wapc call {} OPERATION calls it",
                            arguments.program)
              : fmt::format("wapc inspect {} shows what the module holds", arguments.program);
      break;
    case Errc::trapped: said.subject = "the program trapped"; break;
    case Errc::deadline_exceeded: said.message = "the program's deadline passed"; break;
    case Errc::cancelled: said.message = "the program was cancelled"; break;
    case Errc::invalid_options: said.hint = directory_hint(); break;
    case Errc::limit_exceeded:
      if (said.message.find("memory") != std::string::npos) {
        said.hint = "give the program more with --memory";
      }
      break;
    default: break;
  }
  return said;
}

Result<std::uint32_t> run_on(const Engine& engine, const Plan& plan, const std::stop_token& stop) {
  const Budget budget{.deadline = Budget::end_of(plan.deadline, Budget::Clock::now()),
                      .stop = stop};
  WAPC_TRY(
      const auto command,
      WasiCommand::load(engine, plan.wasm, {.limits = kProgramModuleLimits, .budget = budget}));
  return command->run(plan.options, budget);
}

/// The program's exit code; a problem has that which it has anywhere.
Outcome<std::uint32_t> carry_out(const Arguments& arguments, Streams& streams) {
  WAPC_TRY(const auto plan, cli::plan(arguments));
  const Interrupt interrupt;  // Before the engine: its threads must not get the signal.
  WAPC_TRY(const auto engine, make_guest_engine({.engine = arguments.engine,
                                                 .guest = arguments.program,
                                                 .no_cache = arguments.no_cache,
                                                 .built_in = {.stack_bytes = stack_of_program(),
                                                              .perf_map = arguments.profile}},
                                                streams));
  const auto code = run_on(*engine, plan, interrupt.token());
  if (!code) return std::unexpected{advised(code.error(), arguments, plan)};
  return *code;
}

ExitCode exit_code_of(const Problem& problem) {
  switch (problem.exit) {
    case ExitCode::usage:
    case ExitCode::cancelled: return problem.exit;
    case ExitCode::deadline_exceeded: return kTimedOut;
    case ExitCode::trapped: return kAborted;
    default: return kNotRun;
  }
}

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  auto code = carry_out(arguments, streams);
  if (!code) {
    code.error().exit = exit_code_of(code.error());
    return std::unexpected{std::move(code).error()};
  }
  if (*code <= kExitCodeMax) return ExitCode{static_cast<int>(*code)};
  return std::unexpected{Problem{
      .exit = ExitCode{1},
      .code = "exit_code",
      .message =
          fmt::format("the program exited with {}; exit codes end at {}", *code, kExitCodeMax)}};
}

void add_options(CLI::App& app, Arguments& into) {
  app.add_option("PROGRAM", into.program, "File of the program, a WebAssembly module")
      ->required()
      ->type_name("");
  // Only to be seen: what comes after PROGRAM is not parsed.
  add_texts(app, "ARG", into.rest, "What the program gets as its arguments, options too");
  add_text(app, "--engine", into.engine,
           "What runs the program; otherwise the first that `wapc engines` lists")
      ->type_name("NAME");
  app.add_flag("--no-cache", into.no_cache,
               "Compile the program, whether that was done before or not, and keep nothing of it");
  app.add_flag(
      "--profile", into.profile,
      "Tell perf the names of the program's functions: perf record wapc run --profile ...");
  add_wasi_options(app, into.wasi, "Otherwise -");
  add_text(app, "--deadline", into.deadline,
           "How long the program may run: 500ms, 2m (units ns, us, ms, s, m). Otherwise as long as "
           "it takes")
      ->type_name("TIME");
  add_text(app, "--memory", into.memory,
           "How much memory the program may use: 64MiB (units B, KiB, MiB, GiB). Otherwise 4GiB")
      ->type_name("SIZE");
}

}  // namespace

Command run_command(CLI::App& program) {
  auto* app = program.add_subcommand("run", "Run a program for WASI and exit with its code");
  const auto arguments = std::make_shared<Arguments>();
  add_options(*app, *arguments);
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app,
          .run = [arguments](Streams& streams) { return run(*arguments, streams); },
          .take_rest =
              [arguments](std::span<char* const> rest) {
                arguments->rest.assign(rest.begin(), rest.end());
              }};
}

}  // namespace wapc::cli
