#include "cli/host_rules.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/files.hpp"
#include "cli/text.hpp"
#include "policy/names.hpp"

namespace wapc::cli {
namespace {

constexpr std::string_view kHint =
    "write it as --host 'binding/namespace/operation=answer', with * for anything, where the "
    "answer "
    "is echo, text:TEXT, error:TEXT or file:PATH";

/// Where `wanted` stands in `text` first, but for places with a `\` before them.
std::size_t find_plain(std::string_view text, char wanted) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == wanted) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::vector<std::string_view> split_plain(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = find_plain(text, separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// A pattern of a rule that matches `name` alone.
std::string plain(std::string_view name) {
  return glob_of(name, "/=");
}

Bytes bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

struct ParsedAnswer {
  HostRule::Answer answer;
  Bytes bytes;
};

Outcome<ParsedAnswer> parse_answer(std::string_view text, const auto& wrong) {
  if (text.empty()) return wrong("it has no answer after the \"=\"");
  if (text == "echo") return ParsedAnswer{HostRule::Answer::echo, {}};
  const auto colon = text.find(':');
  const auto word = text.substr(0, colon);
  const auto rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const bool known = word == "text" || word == "error" || word == "file";
  if (known && colon == std::string_view::npos) {
    return wrong(fmt::format("{} needs a colon and what comes after it", in_quotes(word)));
  }
  if (word == "text") return ParsedAnswer{HostRule::Answer::bytes, bytes_of(rest)};
  if (word == "error") return ParsedAnswer{HostRule::Answer::error, bytes_of(rest)};
  if (word == "file") {
    if (rest.empty()) return wrong("\"file:\" names no file");
    WAPC_TRY(auto bytes, read_file(std::string{rest}));
    return ParsedAnswer{HostRule::Answer::bytes, std::move(bytes)};
  }
  if (word == "echo") return wrong("\"echo\" takes nothing after it");
  const std::array<std::string, 4> words{"echo", "text", "error", "file"};
  const auto near = nearest(word, words);
  return wrong(fmt::format("{} is no answer{}", in_quotes(text),
                           near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
}

/// What to add, in a form that can be copied into a shell; empty where it cannot.
std::string advice(const HostCall& call) {
  constexpr std::size_t kNameMax = 200;  // Bytes. Nobody types more.
  for (const auto name : {call.binding, call.name_space, call.operation}) {
    const bool can_be_typed =
        name.size() <= kNameMax && is_plain_to_see(name) && !has_replacement(name);
    if (!can_be_typed) return "";
  }
  const auto rule = fmt::format("{}/{}/{}=text:ANSWER", plain(call.binding), plain(call.name_space),
                                plain(call.operation));
  return "; add one, such as --host " + shell_quoted(rule);
}

class RuleHandler final : public HostHandler {
 public:
  explicit RuleHandler(std::vector<HostRule> rules) : rules_{std::move(rules)} {}

  Result<> answer(const HostCall& call, Bytes& reply) override {
    const auto rule = std::ranges::find_if(
        rules_, [&](const HostRule& candidate) { return candidate.matches(call); });
    if (rule == rules_.end()) {
      return failure(Errc::unavailable, fmt::format("no --host rule answers the host call {}{}",
                                                    names_of(call), advice(call)));
    }
    switch (rule->answer) {
      case HostRule::Answer::echo: reply.assign(call.payload.begin(), call.payload.end()); break;
      case HostRule::Answer::bytes: reply = rule->bytes; break;
      case HostRule::Answer::error:
        return failure(Errc::guest_error, std::string{as_text(rule->bytes)});
    }
    return {};
  }

  std::vector<HostRule> rules_;
};

class WatchedHandler final : public HostHandler {
 public:
  WatchedHandler(std::shared_ptr<HostHandler> next, HostCallWatch watch)
      : next_{std::move(next)}, watch_{std::move(watch)} {}

  Result<> answer(const HostCall& call, Bytes& reply) override {
    auto outcome = next_->answer(call, reply);
    watch_(call, outcome, reply);
    return outcome;
  }

 private:
  std::shared_ptr<HostHandler> next_;
  HostCallWatch watch_;
};

}  // namespace

std::string names_of(const HostCall& call) {
  return fmt::format("{}/{}/{}", in_quotes(call.binding), in_quotes(call.name_space),
                     in_quotes(call.operation));
}

Outcome<HostRule> HostRule::parse(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return wrong_usage(fmt::format("--host {}: {}", in_quotes(text), why), std::string{kHint});
  };
  const auto equals = find_plain(text, '=');
  if (equals == std::string_view::npos) return wrong("it has no \"=\" before an answer");
  const auto names = split_plain(text.substr(0, equals), '/');
  if (names.size() != 3) {
    return wrong(
        fmt::format("it names {} before the \"=\", where a host call has three: binding, "
                    "namespace and operation",
                    counted(names.size(), "part")));
  }
  WAPC_TRY(auto answer, parse_answer(text.substr(equals + 1), wrong));
  return HostRule{Glob{names[0]}, Glob{names[1]}, Glob{names[2]}, answer.answer,
                  std::move(answer.bytes)};
}

bool HostRule::matches(const HostCall& call) const {
  return binding.matches(call.binding) && name_space.matches(call.name_space) &&
         operation.matches(call.operation);
}

std::shared_ptr<HostHandler> answering_by(std::vector<HostRule> rules) {
  return std::make_shared<RuleHandler>(std::move(rules));
}

std::shared_ptr<HostHandler> watched(std::shared_ptr<HostHandler> next, HostCallWatch watch) {
  return std::make_shared<WatchedHandler>(std::move(next), std::move(watch));
}

}  // namespace wapc::cli
