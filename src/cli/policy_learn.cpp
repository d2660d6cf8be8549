#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/call_report.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/guest_engine.hpp"
#include "cli/guest_setup.hpp"
#include "cli/interrupt.hpp"
#include "cli/options.hpp"
#include "cli/payload.hpp"
#include "cli/policy_file.hpp"
#include "cli/text.hpp"
#include "policy/glob.hpp"
#include "policy/read_text.hpp"
#include "policy/toml_text.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/host/host.hpp"
#include "wapc/policy/learning.hpp"
#include "wapc/policy/policy.hpp"

// wapc policy learn GUEST OPERATION [PAYLOAD] ...

namespace wapc::cli {
namespace {

constexpr std::string_view kExamples = R"(Examples:
  wapc policy learn hello.wasm 'wapc:sample!Hello' 'this is a test' --host '*/*/*=echo'
  wapc policy learn guest.wasm get key set @value --host 'kv/*/*=text:value' -o policy.toml
  wapc policy learn guest.wasm render page --dir ./site::/site:ro -o policy.toml

Operations and payloads take turns; the last payload may be left out. What no --host rule answers is
not allowed by the policy. PAYLOAD is as in wapc call.)";

constexpr std::size_t kHeadBytesMax = 4'096;  // The remark that a policy begins with.

struct Arguments {
  GuestArguments guest;
  std::vector<std::string> words;  ///< Operations and payloads by turns.
  std::optional<std::string> output;
};

struct Step {
  std::string operation;
  Bytes payload;
};

Outcome<std::vector<Step>> steps(const Arguments& arguments, Form form) {
  std::vector<Step> steps;
  const bool input_is_taken = arguments.guest.wasi.standard_input == "-";
  auto inputs = input_is_taken ? 1 : 0;
  for (std::size_t i = 0; i < arguments.words.size(); i += 2) {
    std::optional<std::string> payload;
    if (i + 1 < arguments.words.size()) payload = arguments.words[i + 1];
    if (payload == "-" && ++inputs > 1) {
      return wrong_usage("standard input can be read only once",
                         "give the others as text or @FILE");
    }
    WAPC_TRY(auto bytes, read_payload(payload, form));
    steps.push_back({arguments.words[i], std::move(bytes)});
  }
  return steps;
}

/// Calls the guest; the size of its largest answer.
Result<std::size_t> call_all(Host& host, const std::vector<Step>& steps, const Budget& budget,
                             Streams& streams) {
  std::size_t largest = 0;
  Bytes answer;
  for (const auto& step : steps) {
    const auto done = host.invoke_into(
        {.operation = step.operation, .payload = step.payload, .budget = budget}, answer);
    if (done) {
      largest = std::max(largest, answer.size());
    } else if (done.error().code() == Errc::guest_error) {
      streams.error(fmt::format("wapc: note: {}: the guest answered with an error: {}\n",
                                in_quotes(step.operation), in_quotes(done.error().message())));
    } else {
      return std::unexpected{done.error().within(step.operation)};
    }
  }
  return largest;
}

PolicyWasi grants(const WasiConfig& wasi) {
  PolicyWasi policy;
  for (const auto& variable : wasi.environment) {
    const auto equals = variable.find('=');
    policy.environment[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  for (const auto& directory : wasi.directories) {
    policy.directories.push_back({directory.host_path, directory.guest_path, directory.access});
  }
  return policy;
}

struct Learnt {
  GuestPolicy policy;
  LeftOut left_out;
};

Result<Learnt> learn(const Engine& engine, const Arguments& arguments, const GuestSetup& setup,
                     const std::vector<Step>& steps, const Budget& budget, Streams& streams) {
  WAPC_TRY(const auto module, GuestModule::load(engine, setup.wasm, {}, budget));
  note_unseen_options(arguments.guest, *module, streams);
  auto options = host_options(arguments.guest, setup, streams);
  const auto learner = learning(std::move(options.handler));
  options.handler = learner;
  std::uint64_t host_calls = 0;
  if (arguments.guest.show_host_calls) {
    options.handler =
        watched(learner, [&](const HostCall& call, const Result<>& outcome, BytesView reply) {
          streams.error(describe_host_call(++host_calls, call, outcome, reply));
        });
  }
  WAPC_TRY(const auto host, Host::start(module, std::move(options), budget));
  WAPC_TRY(const auto largest, call_all(*host, steps, budget, streams));
  auto policy = learner->learnt();
  policy.guest = glob_of(guest_name(arguments.guest.guest));
  policy.limits.response_bytes = round_size(largest);
  policy.limits.memory_bytes = setup.memory_bytes;
  policy.limits.call_timeout = setup.deadline;
  policy.limits.start_timeout = setup.deadline;
  if (module->uses_wasi()) policy.wasi = grants(setup.wasi);
  return Learnt{std::move(policy), learner->left_out()};
}

/// Takes away the longest rules until what is left is a text of at most `bytes_max`, if that helps;
/// how many they were.
std::size_t shorten(GuestPolicy& policy, std::size_t bytes_max) {
  auto size = write_policy({{policy}}).size();
  if (size <= bytes_max) return 0;
  GuestPolicy one{.guest = policy.guest};
  const auto bare = write_policy({{one}}).size();
  std::vector<std::pair<std::size_t, std::size_t>> rules;  // How long each is, and which.
  for (std::size_t i = 0; i < policy.allow.size(); ++i) {
    one.allow = {policy.allow[i]};
    rules.emplace_back(write_policy({{one}}).size() - bare, i);
  }
  std::ranges::sort(rules, std::greater{});
  std::vector<bool> goes(policy.allow.size());
  std::size_t gone = 0;
  for (; gone < rules.size() && size > bytes_max; ++gone) {
    size -= rules[gone].first;
    goes[rules[gone].second] = true;
  }
  std::vector<AllowRule> kept;
  for (std::size_t i = 0; i < policy.allow.size(); ++i) {
    if (!goes[i]) kept.push_back(std::move(policy.allow[i]));
  }
  policy.allow = std::move(kept);
  return gone;
}

/// What the user has to know of a policy that does not allow all that the guest did; empty when it
/// does.
std::string describe(const LeftOut& left_out, std::size_t rules) {
  std::string text;
  if (rules > 0) {
    text += fmt::format("wapc: left out, as a policy has at most 1 MiB: the longest {}\n",
                        counted(rules, "rule"));
  }
  if (left_out.calls == 0) return text;
  text += fmt::format("wapc: left out, and denied to the guest: {}\n",
                      counted(left_out.calls, "host call"));
  for (const auto& what : left_out.first) text += fmt::format("  {}\n", printable(what));
  return text;
}

/// Fails when a path or a variable is none that a policy can hold.
Outcome<std::string> text_of(const GuestPolicy& policy, const Arguments& arguments,
                             std::size_t calls) {
  const Policy whole{{policy}};
  auto text = fmt::format("# Learnt by `wapc policy learn` from {} of {}: what it used.\n\n{}",
                          counted(calls, "call"), wapc::quoted(file_name(arguments.guest.guest)),
                          write_policy(whole));
  const auto read = parse_policy(text, "the policy");
  if (read && *read == whole) return text;
  return wrong_usage("no policy can say this: " +
                         (read ? std::string{"a text is not UTF-8"} : read.error().message()),
                     "look at the guest's file name, --env and --dir");
}

Outcome<ExitCode> run(const Arguments& arguments, Streams& streams) {
  WAPC_TRY(const auto setup, set_up_guest(arguments.guest));
  WAPC_TRY(const auto all_steps, steps(arguments, setup.form));
  const Interrupt interrupt;  // Before the engine: its threads must not get the signal.
  WAPC_TRY(const auto engine, make_guest_engine({.engine = arguments.guest.engine,
                                                 .guest = arguments.guest.guest,
                                                 .no_cache = arguments.guest.no_cache},
                                                streams));
  auto learnt = learn(*engine, arguments, setup, all_steps, {.stop = interrupt.token()}, streams);
  if (!learnt) return std::unexpected{advised(learnt.error(), arguments.guest, setup)};
  const auto rules = shorten(learnt->policy, kPolicyBytesMax - kHeadBytesMax);
  WAPC_TRY(const auto text, text_of(learnt->policy, arguments, all_steps.size()));
  if (arguments.output && *arguments.output != "-") {
    WAPC_CHECK(write_file(*arguments.output, text));
  } else {
    WAPC_CHECK(streams.out(text));
  }
  const auto lacks = describe(learnt->left_out, rules);
  streams.error(lacks);
  return lacks.empty() ? ExitCode::ok : ExitCode::incomplete;
}

}  // namespace

Command policy_learn_command(CLI::App& policy) {
  auto* app = policy.add_subcommand("learn", "Run a guest, and write the policy that it needs");
  const auto arguments = std::make_shared<Arguments>();
  add_guest(*app, arguments->guest);
  add_texts(*app, "OPERATION", arguments->words,
            "What to call, and what to send: OPERATION [PAYLOAD] ...")
      ->required()
      ->allow_extra_args(true);
  add_guest_options(*app, arguments->guest);
  add_text(*app, "-o,--output", arguments->output,
           "Write the policy to that file rather than to standard output")
      ->type_name("FILE");
  app->group("Commands");
  app->footer(std::string{kExamples});
  return {.app = app, .run = [arguments](Streams& streams) { return run(*arguments, streams); }};
}

}  // namespace wapc::cli
