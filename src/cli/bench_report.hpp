#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "cli/bench_run.hpp"
#include "cli/problem.hpp"
#include "cli/streams.hpp"

namespace wapc::cli {

/// A guest on an engine, and how it got there.
struct BenchedGuest {
  std::string guest;  ///< Its file; hostile.
  std::string engine = {};
  std::string engine_version = {};
  std::chrono::nanoseconds load{0};
  bool compiled = false;  ///< While it was loaded: neither read from the cache nor interpreted.
  bool compiles = false;  ///< Whether its engine makes something to keep at all.
  std::chrono::nanoseconds start{0};  ///< Of an instance, on average.
};

/// All that `wapc bench` has to tell.
struct BenchReport {
  std::string operation;
  std::size_t payload_bytes = 0;
  BenchScope scope;
  bool fresh = false;
  std::vector<BenchedGuest> guests = {};
  BenchOutcome outcome = {};  ///< Of the same guests, in the same order.
  std::vector<Problem> problems =
      {};  ///< What was wrong with it, the first of which is the outcome.
};

/// For people, and for programs.
[[nodiscard]] Outcome<> print(const BenchReport& report, Streams& streams);
[[nodiscard]] Outcome<> print_json(const BenchReport& report, Streams& streams);

/// `echo.wasm on wasm3`: plain.
[[nodiscard]] std::string name_of(const BenchedGuest& guest);

}  // namespace wapc::cli
