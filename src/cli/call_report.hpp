#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/payload.hpp"
#include "cli/problem.hpp"
#include "cli/streams.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc::cli {

/// What happened in a `wapc call`.
struct CallRecord {
  std::string engine;
  Form form = Form::raw;
  Bytes answer = {};
  std::vector<std::chrono::nanoseconds> durations = {};       ///< Of each call.
  std::uint64_t host_calls = 0;                               ///< How many there were.
  nlohmann::json first_host_calls = nlohmann::json::array();  ///< The first thousand, for `--json`.

  void add_host_call(const HostCall& call, const Result<>& outcome, BytesView reply);
};

/// A line for `--show-host-calls`.
[[nodiscard]] std::string describe_host_call(std::uint64_t number, const HostCall& call,
                                             const Result<>& outcome, BytesView reply);

/// The answer to standard output and, when the call was repeated, how long the calls took to
/// standard error.
[[nodiscard]] Outcome<> print(const CallRecord& record, std::uint64_t repeat, Streams& streams);

/// All of it as JSON.
[[nodiscard]] Outcome<> print_json(const CallRecord& record, std::uint64_t repeat,
                                   Streams& streams);
[[nodiscard]] Outcome<> print_json_failure(const CallRecord& record, const Problem& problem,
                                           Streams& streams);

}  // namespace wapc::cli
