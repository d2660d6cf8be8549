#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/problem.hpp"
#include "policy/glob.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc::cli {

/// What `--host` says: who is called, and what the answer is.
struct HostRule {
  enum class Answer { echo, error, bytes };

  Glob binding;
  Glob name_space;
  Glob operation;
  Answer answer;
  Bytes bytes;  ///< The error's text, or the answer; none for `echo`.

  /// Reads `binding/namespace/operation=answer`, and the file that the answer names. Fails with
  /// exit code `usage`, saying what is wrong with the rule and how one is written, or `file`.
  [[nodiscard]] static Outcome<HostRule> parse(std::string_view text);

  [[nodiscard]] bool matches(const HostCall& call) const;
};

/// The call's names for people: `"kv"/"cache"/"get"`. Long ones are cut.
[[nodiscard]] std::string names_of(const HostCall& call);

/// A handler that answers by the first rule that matches, and otherwise gives the guest an error
/// that names the call and, where it can be typed, the option to answer it with.
[[nodiscard]] std::shared_ptr<HostHandler> answering_by(std::vector<HostRule> rules);

/// A handler that hands on to `next`, and shows `watch` each call with its outcome; `reply` is the
/// answer.
using HostCallWatch =
    std::function<void(const HostCall& call, const Result<>& outcome, BytesView reply)>;
[[nodiscard]] std::shared_ptr<HostHandler> watched(std::shared_ptr<HostHandler> next,
                                                   HostCallWatch watch);

}  // namespace wapc::cli
