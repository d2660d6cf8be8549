#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/features.hpp"

// The manifest that make_guests.py writes: hostile guests, and what must become of each.

namespace wapc::hostile {

/// What loading, starting or calling a guest must come to: an answer, or a failure.
struct Outcome {
  std::optional<Errc> failure = std::nullopt;
  std::optional<std::string> message = std::nullopt;  ///< To the letter.
  std::vector<std::string> mentions = {};             ///< Parts of the message.
  std::optional<std::size_t> message_size = std::nullopt;
  std::optional<std::size_t> backtrace_lines = std::nullopt;
  std::optional<std::size_t> backtrace_lines_max = std::nullopt;
  std::optional<Bytes> answer = std::nullopt;
  std::optional<std::size_t> answer_size = std::nullopt;
  std::optional<std::size_t> lines = std::nullopt;  ///< Of the log, in this step.
  std::optional<std::chrono::milliseconds> timeout =
      std::nullopt;  ///< Of the step; none: as long as it takes.
};

struct Call {
  std::string operation;
  std::string payload;
  Outcome outcome;
};

struct Setup {
  bool handler = true;
  bool log = true;
  bool folder = false;  ///< A directory for WASI: see `GivenTree`.
  std::optional<std::size_t> memory_pages = std::nullopt;
  std::optional<std::size_t> stack_kib =
      std::nullopt;  ///< Of the thread that it runs on; none: the test's own.
  std::optional<std::uint64_t> entries_created = std::nullopt;
  std::optional<std::uint64_t> bytes_written = std::nullopt;
  std::optional<std::chrono::milliseconds> time_slept = std::nullopt;
  std::optional<std::uint64_t> host_calls = std::nullopt;
  std::optional<std::size_t> log_bytes = std::nullopt;
  std::optional<std::uint64_t> log_lines = std::nullopt;
  std::optional<std::size_t> nesting_max = std::nullopt;
  std::optional<std::size_t> module_bytes = std::nullopt;
  std::vector<Errc> ending_codes = {};
  std::optional<std::chrono::milliseconds> start_timeout = std::nullopt;
  std::optional<std::chrono::milliseconds> restart_wait = std::nullopt;
};

struct Guest {
  std::string name;
  std::string hostility;  ///< Its class.
  std::filesystem::path file;
  FeatureSet features = {};  ///< What an engine must have to run it.
  Setup setup = {};
  std::optional<Outcome> load = std::nullopt;   ///< How loading fails; none: it does not.
  std::optional<Outcome> start = std::nullopt;  ///< How starting fails; none: it does not.
  std::vector<Call> calls = {};                 ///< One after the other, on one host.
};

/// Reads the manifest in `folder`. Throws when there is none, or something in it makes no sense:
/// then the tests have no meaning.
[[nodiscard]] std::vector<Guest> read_manifest(const std::filesystem::path& folder);

}  // namespace wapc::hostile
