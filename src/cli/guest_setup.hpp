#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/host_rules.hpp"
#include "cli/payload.hpp"
#include "cli/problem.hpp"
#include "cli/streams.hpp"
#include "cli/wasi_options.hpp"
#include "wapc/host/guest_module.hpp"
#include "wapc/host/host.hpp"

// What `wapc call`, `wapc bench` and `wapc policy learn` have in common: a guest, and what it is
// given.

namespace wapc::cli {

/// As the user gave it.
struct GuestArguments {
  std::string guest;
  bool hex = false;
  bool msgpack = false;
  std::optional<std::string> engine;
  bool no_cache = false;
  std::vector<std::string> host;
  bool show_host_calls = false;
  WasiArguments wasi;
  std::vector<std::string> wasi_arguments;
  std::optional<std::string> deadline;
  std::optional<std::string> memory;
  bool quiet = false;
};

/// GUEST, which comes before all other arguments.
void add_guest(CLI::App& app, GuestArguments& into);

void add_guest_options(CLI::App& app, GuestArguments& into);

/// The same, understood, with everything read that has to be read.
struct GuestSetup {
  Form form = Form::raw;
  std::vector<HostRule> rules;
  std::optional<std::chrono::nanoseconds> deadline;
  std::optional<std::uint64_t> memory_bytes;
  WasiConfig wasi;
  Bytes wasm;
};

/// Fails with exit code `usage` when the payload and the guest would both read standard input.
[[nodiscard]] Outcome<> check_inputs(const std::optional<std::string>& payload,
                                     const GuestArguments& arguments);

[[nodiscard]] Outcome<GuestSetup> set_up_guest(const GuestArguments& arguments);

[[nodiscard]] HostOptions host_options(const GuestArguments& arguments, const GuestSetup& setup,
                                       Streams& streams);

/// Tells the user of options that the guest cannot see anything of.
void note_unseen_options(const GuestArguments& arguments, const GuestModule& module,
                         Streams& streams);

/// What to do next, where that takes knowing how the guest was set up.
[[nodiscard]] Problem advised(const Error& error, const GuestArguments& arguments,
                              const GuestSetup& setup);

}  // namespace wapc::cli
