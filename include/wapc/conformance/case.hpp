#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/base/log.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/engine/features.hpp"
#include "wapc/protocol/call_limits.hpp"
#include "wapc/wasi/wasi_config.hpp"

// A case is data: a guest, how its host is set up, what is done with it, and what must come of it.
// All of it values, so that a case can be run on an engine of ours, on one of yours, or shown to
// another host.

namespace wapc::conformance {

/// The id that guests get which are given no other.
inline constexpr std::uint64_t kGuestId = 4711;

/// A host call as the program sees it.
struct SeenCall {
  std::string binding;
  std::string name_space;
  std::string operation;
  std::string payload = {};  ///< Bytes, as are the other texts.

  /// The operation of the invocation that the guest is answering; nothing while it starts.
  std::optional<std::string> during = "script";
  std::uint64_t guest_id = kGuestId;

  friend bool operator==(const SeenCall&, const SeenCall&) = default;
};

/// A line of the log as the program sees it.
struct SeenLine {
  LogSource source;
  std::string text;
  std::uint64_t guest_id = kGuestId;

  friend bool operator==(const SeenLine&, const SeenLine&) = default;
};

/// What becomes of the instance in a step: whether the next call meets the same one.
enum class InstanceAfter : std::uint8_t {
  kept,
  spent,
  replaced,  ///< By one that has not been called yet.
};

/// What must come of a step.
struct Expected {
  std::optional<Errc> failure = std::nullopt;  ///< None: success.
  Bytes answer = {};                           ///< Of a call that succeeds.
  bool echoes = false;                         ///< The answer is the payload, and not `answer`.
  std::string message = {};                    ///< Of a failure, to the letter; any when empty.
  std::vector<std::string> mentions = {};      ///< What a failure's message must contain.
  bool backtrace = false;                      ///< Whether the failure must come with one.
  std::vector<SeenCall> host_calls = {};
  std::vector<SeenLine> log = {};
  bool any_log = false;  ///< Whatever the guest logs is right.
  InstanceAfter instance = InstanceAfter::kept;
};

/// What a step has of a stop token.
enum class Stop : std::uint8_t {
  none,
  offered,      ///< The handler's `cancel` uses it.
  used_before,  ///< It is used before the step begins.
};

/// Calls the guest.
struct Invoke {
  std::string operation;
  Bytes payload = {};
  std::size_t padding = 0;  ///< So many bytes 0xA5 after it: for what is too large to be kept here.
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;  ///< None: the host's.
  Stop stop = Stop::none;
};

/// Replaces the module by another guest.
struct Replace {
  std::string guest;
};

struct Step {
  std::variant<Invoke, Replace> action;
  Expected expected;
};

// clang-format off: the table below is one.
/// What the program around the guest is like. Its handler answers by operation:
///
///   echo                the payload
///   empty               nothing, as an answer
///   error               an error with the payload as its text
///   throw, throw_int    throws a std::runtime_error with the payload as its text; an int
///   own_call            calls the guest that asks, and answers what that came to: `ok`, or the code
///   own_call_elsewhere  the same from another thread
///   own_replace         the same with a replacement of the module by itself
///   cancel              uses the stop token of the step, and answers nothing
///   cancel_elsewhere    has another thread do so, as soon as the guest has the answer or later
///   wait                waits for the deadline to pass, and answers nothing
///   deadline            `yes` or `no`: whether the budget it was handed has one
///
/// and otherwise what stands under that operation in `scripts`, or an error.
// clang-format on
struct Setup {
  bool handler = true;
  std::vector<std::pair<std::string, Bytes>> scripts = {};
  InstanceLimits limits = {};
  CallLimits call_limits = {};
  std::optional<std::chrono::milliseconds> call_timeout = std::nullopt;   ///< None: the default.
  std::optional<std::chrono::milliseconds> start_timeout = std::nullopt;  ///< None: the default.
  Stop stop_start = Stop::none;
  bool log = true;  ///< Whether there is a log sink.
  WasiConfig wasi = {};

  /// Grants the guest a fresh folder as `/` as well. In it are `given.txt`, which holds `given` and
  /// an end of line, and symbolic links: `link.txt` to a file beside the folder, `../secret.txt`,
  /// and `up` and `far` to the folder around it, as `..` and by its absolute path. That must be as
  /// it was in the end.
  std::optional<DirectoryAccess> folder = std::nullopt;
};

/// What a case asks of an engine.
struct Needs {
  /// It is about WebAssembly's binary format, or about what only WebAssembly has.
  bool webassembly = false;
  FeatureSet features = {};
};

struct Case {
  std::string name;  ///< Unique; of letters, digits and underscores.
  std::string row;   ///< What it stands for, in the words of the protocol's table of corners.
  std::string guest;
  Setup setup = {};
  Expected start = {};  ///< Of loading the guest and starting its host.
  std::vector<Step> steps = {};
  Needs needs = {};

  /// Whether the guest answers the operation `calls`, as the puppet does: then it is asked after
  /// each step, which shows that the next good call is answered, and by which instance.
  bool counts_calls = true;
};

}  // namespace wapc::conformance
