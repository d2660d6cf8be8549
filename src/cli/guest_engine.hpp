#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cli/compile_progress.hpp"
#include "cli/problem.hpp"
#include "cli/streams.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::cli {

struct GuestEngineOptions {
  std::optional<std::string> engine = {};  ///< As for `make_engine`.
  std::string guest;                       ///< Its file, or that of a program.
  bool no_cache = false;
  BuiltinEngineOptions built_in = {};
  std::string_view option = "--engine";   ///< As for `make_engine`.
  std::function<void()> begun = nullptr;  ///< Is told when it compiles, and not when it reads.
};

/// The engine for one guest. It compiles by way of the user's cache, if it can make use of one:
/// trouble with that is noted on standard error, in one line, and does not fail; so is where `perf`
/// finds the guest's functions. Shows on a terminal that it compiles, when that takes long. Fails
/// as `make_engine` does. `streams` outlives it.
[[nodiscard]] Outcome<std::unique_ptr<Engine>> make_guest_engine(const GuestEngineOptions& options,
                                                                 Streams& streams);

/// `engine`, which shows that it compiles the guest in that file where standard error is a
/// terminal. `streams` outlives it.
[[nodiscard]] std::unique_ptr<Engine> showing_on(Streams& streams,
                                                 std::shared_ptr<const Engine> engine,
                                                 const std::string& guest,
                                                 std::function<void()> begun = nullptr);

/// Writes to standard error, where that is a terminal; else nothing. `streams` outlives it.
[[nodiscard]] std::function<void(std::string_view)> terminal_of(Streams& streams);

}  // namespace wapc::cli
