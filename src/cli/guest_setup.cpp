#include "cli/guest_setup.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/files.hpp"
#include "cli/guest_log.hpp"
#include "cli/options.hpp"
#include "cli/reading_engine.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

namespace wapc::cli {
namespace {

/// Which of them were given that only a guest with WASI sees.
std::string wasi_options_in(const GuestArguments& arguments) {
  std::vector<std::string_view> given;
  if (!arguments.wasi.environment.empty()) given.emplace_back("--env");
  if (!arguments.wasi.directories.empty()) given.emplace_back("--dir");
  if (!arguments.wasi_arguments.empty()) given.emplace_back("--arg");
  if (arguments.wasi.standard_input) given.emplace_back("--stdin");
  return fmt::format("{}", fmt::join(given, ", "));
}

Outcome<WasiConfig> wasi_for(const GuestArguments& arguments) {
  WAPC_TRY(auto wasi, wasi_config(arguments.wasi));
  wasi.arguments = arguments.wasi_arguments;
  wasi.arguments.insert(wasi.arguments.begin(), file_name(arguments.guest));
  wasi.limits.time_slept = std::chrono::nanoseconds::max();  // The deadline is enough.
  wasi.limits.descriptors += wasi.directories.size();
  return wasi;
}

}  // namespace

void add_guest(CLI::App& app, GuestArguments& into) {
  app.add_option("GUEST", into.guest, "File of the guest, a WebAssembly module")
      ->required()
      ->type_name("");
}

void add_guest_options(CLI::App& app, GuestArguments& into) {
  auto* hex = app.add_flag("--hex", into.hex, "The payload is hex, and so is the answer shown");
  app.add_flag("--msgpack", into.msgpack,
               "The payload is JSON, sent as MessagePack; the answer is shown as JSON")
      ->excludes(hex);
  add_text(app, "--engine", into.engine,
           "What runs the guest; otherwise the first that `wapc engines` lists")
      ->type_name("NAME");
  app.add_flag("--no-cache", into.no_cache,
               "Compile the guest, whether that was done before or not, and keep nothing of it");
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
  app.add_flag("-q,--quiet", into.quiet, "Drop what the guest prints");
}

Outcome<> check_inputs(const std::optional<std::string>& payload, const GuestArguments& arguments) {
  if (payload != "-" || arguments.wasi.standard_input != "-") return {};
  return wrong_usage("PAYLOAD and --stdin cannot both be standard input",
                     "give one of them as text or @FILE");
}

Outcome<GuestSetup> set_up_guest(const GuestArguments& arguments) {
  GuestSetup setup;
  if (arguments.hex) setup.form = Form::hex;
  if (arguments.msgpack) setup.form = Form::msgpack;
  if (arguments.guest == "-") {
    return wrong_usage("the guest cannot come from standard input",
                       "name its file; PAYLOAD may be - for standard input");
  }
  for (const auto& text : arguments.host) {
    WAPC_TRY(auto rule, HostRule::parse(text));
    setup.rules.push_back(std::move(rule));
  }
  if (arguments.deadline) {
    WAPC_TRY(setup.deadline, parse_duration("--deadline", *arguments.deadline));
  }
  if (arguments.memory) {
    WAPC_TRY(setup.memory_bytes, parse_size("--memory", *arguments.memory));
  }
  WAPC_TRY(setup.wasi, wasi_for(arguments));
  WAPC_TRY(setup.wasm, read_file(arguments.guest));
  return setup;
}

HostOptions host_options(const GuestArguments& arguments, const GuestSetup& setup,
                         Streams& streams) {
  HostOptions options;
  options.handler = answering_by(setup.rules);
  if (!arguments.quiet) options.log = printing_log(file_name(arguments.guest), streams);
  if (setup.memory_bytes) options.limits.memory_bytes = *setup.memory_bytes;
  options.wasi = setup.wasi;
  if (setup.deadline) {
    options.call_timeout = *setup.deadline;
    options.start_timeout = *setup.deadline;
  }
  return options;
}

void note_unseen_options(const GuestArguments& arguments, const GuestModule& module,
                         Streams& streams) {
  const auto unseen = wasi_options_in(arguments);
  if (module.uses_wasi() || unseen.empty()) return;
  streams.error(fmt::format("wapc: note: {} does not import WASI, and sees nothing of {}\n",
                            printable(file_name(arguments.guest)), unseen));
}

Problem advised(const Error& error, const GuestArguments& arguments, const GuestSetup& setup) {
  auto said = problem(error);
  if (said.exit == ExitCode::invalid_module) {
    said.subject = arguments.guest;
    said.hint = is_command(setup.wasm)
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

}  // namespace wapc::cli
