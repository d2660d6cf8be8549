#include "cli/problem.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/text.hpp"

namespace wapc::cli {
namespace {

constexpr std::array<ExitCodeRow, 16> kExitCodes{{
    {ExitCode::ok, "success"},
    {ExitCode::guest_error, "the guest answered with an error of its own"},
    {ExitCode::usage,
     "wrong arguments: options, --host rules, policies, payloads that cannot be read as asked, "
     "directories that cannot be given"},
    {ExitCode::file, "a file cannot be read, or the output cannot be written"},
    {ExitCode::invalid_module, "not a WebAssembly module, or not a waPC guest"},
    {ExitCode::init_failed, "the guest failed while it started"},
    {ExitCode::trapped, "the guest was stopped by a trap"},
    {ExitCode::protocol_violation, "the guest broke the waPC protocol"},
    {ExitCode::deadline_exceeded, "the deadline passed"},
    {ExitCode::limit_exceeded, "a limit was met, such as that on memory"},
    {ExitCode::unsupported, "no such engine in this build, or the engine cannot do it"},
    {ExitCode::refused, "denied, busy, overloaded or unavailable"},
    {ExitCode::bad_answer, "the answer is not MessagePack (--msgpack)"},
    {ExitCode::incomplete, "the policy that was written leaves out what the guest did"},
    {ExitCode::internal, "a bug in wapc or in an engine"},
    {ExitCode::cancelled, "cancelled with Ctrl-C"},
}};

constexpr std::string_view kInspectHint = "`wapc inspect` shows what the module holds";

/// What the program makes of one code of the library.
struct Row {
  ExitCode exit;
  std::string_view name;
  std::string_view subject;
  std::string_view hint;
};

Row row(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_module:
      return {ExitCode::invalid_module, "invalid_module", "", kInspectHint};
    case Errc::init_failed:
      return {ExitCode::init_failed, "init_failed", "the guest did not start", ""};
    case Errc::guest_error:
      return {ExitCode::guest_error, "guest_error", "the guest answered with an error", ""};
    case Errc::trapped: return {ExitCode::trapped, "trapped", "the guest trapped", ""};
    case Errc::protocol_violation:
      return {ExitCode::protocol_violation, "protocol_violation", "the guest broke the protocol",
              ""};
    case Errc::deadline_exceeded:
      return {ExitCode::deadline_exceeded, "deadline_exceeded", "",
              "give it more time with --deadline, such as --deadline 5m"};
    case Errc::cancelled: return {ExitCode::cancelled, "cancelled", "", ""};
    case Errc::limit_exceeded: return {ExitCode::limit_exceeded, "limit_exceeded", "", ""};
    case Errc::denied: return {ExitCode::refused, "denied", "", ""};
    case Errc::busy: return {ExitCode::refused, "busy", "", ""};
    case Errc::overloaded: return {ExitCode::refused, "overloaded", "", ""};
    case Errc::unavailable: return {ExitCode::refused, "unavailable", "", ""};
    case Errc::invalid_options: return {ExitCode::usage, "invalid_options", "", ""};
    case Errc::unsupported:
      return {ExitCode::unsupported, "unsupported", "", "`wapc engines` lists what is built in"};
    case Errc::internal:
      return {ExitCode::internal, "internal", "internal error",
              "this should not happen; please report it"};
  }
  std::unreachable();
}

/// `text`'s lines after the first are indented, so that none can pass for a line of the program's.
std::string indented(std::string_view text, std::string_view indent) {
  std::string result;
  for (const auto line : lines(text)) {
    if (!result.empty()) result.append("\n").append(indent);
    result += printable(line);
  }
  return result;
}

}  // namespace

std::span<const ExitCodeRow> exit_codes() noexcept {
  return kExitCodes;
}

Problem problem(const Error& error) {
  const auto told = row(error.code());
  return {.exit = told.exit,
          .code = std::string{told.name},
          .message = error.message(),
          .hint = std::string{told.hint},
          .backtrace = error.backtrace(),
          .subject = std::string{told.subject}};
}

std::unexpected<Problem> wrong_usage(std::string message, std::string hint) {
  return std::unexpected{Problem{.exit = ExitCode::usage,
                                 .code = "usage",
                                 .message = std::move(message),
                                 .hint = std::move(hint)}};
}

std::unexpected<Problem> file_problem(std::string message, std::string hint) {
  return std::unexpected{Problem{.exit = ExitCode::file,
                                 .code = "file",
                                 .message = std::move(message),
                                 .hint = std::move(hint)}};
}

std::string describe(const Problem& problem) {
  std::string text = "wapc: ";
  text += printable(problem.subject);
  if (problem.message.empty()) {
    text += problem.subject.empty() ? problem.code : ", without a message";
  } else {
    if (!problem.subject.empty()) text += ": ";
    text += indented(problem.message, "  ");
  }
  text += "\n";
  if (!problem.backtrace.empty()) {
    text += fmt::format("  {}\n", indented(problem.backtrace, "  "));
  }
  if (!problem.hint.empty()) text += fmt::format("hint: {}\n", indented(problem.hint, "  "));
  return text;
}

nlohmann::json to_json(const Problem& problem) {
  nlohmann::json object{{"code", problem.code},
                        {"exit_code", static_cast<int>(problem.exit)},
                        {"message", problem.message}};
  if (!problem.hint.empty()) object["hint"] = problem.hint;
  if (!problem.backtrace.empty()) {
    for (const auto line : lines(problem.backtrace)) object["backtrace"].push_back(line);
  }
  return object;
}

}  // namespace wapc::cli
