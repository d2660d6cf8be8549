#pragma once

#include <memory>

#include "wapc/policy/policy.hpp"
#include "wapc/rpc/host_handler.hpp"

namespace wapc {

/// A handler that lets a guest call what it likes, and keeps what it called. Thread-safe; it
/// counts the calls of one guest: make one for each host.
///
/// It can tell at most 1,000 calls apart by their names. Others fail with `denied`, and so do names
/// that no policy can hold: with a NUL, or of more than 4,096 bytes.
class LearningHandler : public HostHandler {
 public:
  /// The least that would have let it all happen: exact names, and the largest payload, the largest
  /// answer and the most calls in one call of the guest for each, rounded up to round numbers. Not
  /// in it is what `next` failed to answer with `denied` or `unavailable`. How many calls there
  /// may be in a second depends on the machine and is left open.
  ///
  /// For the guest `*`, and without limits and grants: those the caller knows.
  [[nodiscard]] virtual GuestPolicy learnt() const = 0;
};

[[nodiscard]] std::shared_ptr<LearningHandler> learning(std::shared_ptr<HostHandler> next);

/// `bytes` rounded up to a power of two, and `count` to 1, 2 or 5 with zeros behind it. 0 stays.
[[nodiscard]] std::uint64_t round_size(std::uint64_t bytes);
[[nodiscard]] std::uint64_t round_count(std::uint64_t count);

}  // namespace wapc
