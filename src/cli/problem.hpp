#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "wapc/base/error.hpp"

namespace wapc::cli {

/// How the program ends. Documented in `wapc --help` and docs/cli.md; numbers stay what they are.
/// `wapc run` exits with any number: that of what it runs, or its own in run.cpp.
enum class ExitCode : int {
  ok = 0,
  guest_error = 1,
  usage = 2,
  file = 3,
  invalid_module = 4,
  init_failed = 5,
  trapped = 6,
  protocol_violation = 7,
  deadline_exceeded = 8,
  limit_exceeded = 9,
  unsupported = 10,
  refused = 11,
  bad_answer = 12,
  incomplete = 13,
  internal = 70,
  cancelled = 130,
};

struct ExitCodeRow {
  ExitCode code;
  std::string_view meaning;
};

/// All of them, in order.
[[nodiscard]] std::span<const ExitCodeRow> exit_codes() noexcept;

/// What went wrong, as the user is told it.
struct Problem {
  ExitCode exit;
  std::string code;  ///< For programs: the enumerator of `Errc`, or `usage`, `file`, `bad_answer`.
  std::string message;         ///< May hold text of a guest: hostile.
  std::string hint = {};       ///< What to do next; may be empty.
  std::string backtrace = {};  ///< The guest's frames, a line each; may be empty.
  std::string subject = {};    ///< What the message is about, told before it: `the guest trapped`.
};

template <typename T = void>
using Outcome = std::expected<T, Problem>;

/// `error` with its exit code, and a hint where one can be given without knowing more.
[[nodiscard]] Problem problem(const Error& error);

/// Arguments that make no sense.
[[nodiscard]] std::unexpected<Problem> wrong_usage(std::string message, std::string hint = {});

/// A file that cannot be read or written.
[[nodiscard]] std::unexpected<Problem> file_problem(std::string message, std::string hint = {});

/// For people: what was wrong, the guest's frames, what to do next. Several lines, each of them
/// printable whatever a guest put into them.
[[nodiscard]] std::string describe(const Problem& problem);

/// For programs: an object with `code`, `exit_code`, `message`, and `hint` and `backtrace` if any.
[[nodiscard]] nlohmann::json to_json(const Problem& problem);

}  // namespace wapc::cli
