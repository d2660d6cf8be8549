#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wapc/policy/policy.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc {

/// Host calls that were not let through, as no policy could allow them.
struct LeftOut {
  std::uint64_t calls = 0;  ///< How many.
  /// What they were, and why they are left out: `"kv" "cache" "a\u0000": a name has a NUL in it`.
  /// Plain to see; the first 20 that differ.
  std::vector<std::string> first = {};

  bool operator==(const LeftOut&) const = default;
};

/// A handler that lets a guest call what it likes, and keeps what it called. Thread-safe; it
/// counts the calls of one guest: make one for each host.
///
/// It can tell at most 1,000 calls apart by their names. Others fail with `denied`, and so do names
/// that no policy can hold: with a NUL, of more than 4,096 bytes, or not UTF-8 (with U+FFFD in it).
class LearningHandler : public HostHandler {
 public:
  /// The least that would have let it all happen: exact names, and the largest payload, the largest
  /// answer and the most calls in one call of the guest for each, rounded up to round numbers. Not
  /// in it is what `next` failed to answer with `denied` or `unavailable`. How many calls there
  /// may be in a second depends on the machine and is left open.
  ///
  /// For the guest `*`, and without limits and grants: those the caller knows.
  [[nodiscard]] virtual GuestPolicy learnt() const = 0;

  /// What `learnt` lacks for that reason.
  [[nodiscard]] virtual LeftOut left_out() const = 0;
};

[[nodiscard]] std::shared_ptr<LearningHandler> learning(std::shared_ptr<HostHandler> next);

/// `bytes` rounded up to a power of two, and `count` to 1, 2 or 5 with zeros behind it. 0 stays.
[[nodiscard]] std::uint64_t round_size(std::uint64_t bytes);
[[nodiscard]] std::uint64_t round_count(std::uint64_t count);

}  // namespace wapc
