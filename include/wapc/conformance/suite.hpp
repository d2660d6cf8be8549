#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"
#include "wapc/conformance/case.hpp"
#include "wapc/engine/engine.hpp"

// Holds an engine to the protocol:
//
//   for (const auto& test : wapc::conformance::cases()) {
//     const auto outcome = wapc::conformance::run(test, engine);
//     if (outcome.verdict == wapc::conformance::Verdict::failed) puts(outcome.reason.c_str());
//   }

namespace wapc::conformance {

/// Where guests come from, by name: the bytes that the engine compiles. Fails when it has none of
/// that name.
using GuestSource = std::function<Result<Bytes>(std::string_view name)>;

/// The suite's own guests, as WebAssembly. They are part of the library, no files are read. An
/// engine that runs something else has a source of its own, in which the same names stand for
/// guests that do the same: see `guest_names` and puppet.hpp.
[[nodiscard]] Result<Bytes> webassembly_guest(std::string_view name);

/// The guests that an engine needs which does not run WebAssembly.
[[nodiscard]] std::span<const std::string> guest_names();

/// Every case. Built on the first call, which may be made from any thread.
[[nodiscard]] std::span<const Case> cases();

enum class Verdict : std::uint8_t { passed, failed, skipped };

[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

/// What came of a case.
struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string reason = {};  ///< Of a failure: what was expected and what came. Why it was skipped.
};

/// Runs one case on `engine`, of which it makes hosts. Thread-safe; a case takes a deadline or two
/// of 30 ms at most, save one that sends 100 MiB.
[[nodiscard]] Outcome run(const Case& test, const Engine& engine,
                          const GuestSource& guests = webassembly_guest);

/// How many cases came to what.
struct Totals {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
};

/// Runs every case and tells `report` of each.
Totals run_all(const Engine& engine, const GuestSource& guests,
               const std::function<void(const Case&, const Outcome&)>& report);

}  // namespace wapc::conformance
