#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "wapc/host/host.hpp"

namespace wapc {

/// When an instance that is as good as ever makes way for a fresh one. A spent one always does.
struct Recycling {
  std::uint64_t calls = 0;       ///< After so many calls; 1: after each; 0: never.
  std::size_t memory_bytes = 0;  ///< Once its memory has grown beyond so much; 0: never.
};

struct PoolOptions {
  /// Of every instance. `call_timeout` counts the wait for an instance, too; `nesting_max` counts
  /// the instances at work on one thread, of this pool and of others. The directories of `wasi` are
  /// opened once, when the pool starts.
  HostOptions host = {};

  /// So many are started with the pool, and kept. With 0 nothing is, and a guest that does not
  /// start is found out by its first caller.
  std::size_t instances_min = 1;

  /// There are never more that take calls; 0: as many as the machine has hardware threads. While a
  /// swap goes on there may be as many again, of the other version. At most 10,000.
  std::size_t instances_max = 0;

  /// How many callers may wait for an instance. One more fails with `overloaded` at once; with 0
  /// nobody waits.
  std::size_t queue_max = 1024;

  /// An instance beyond `instances_min` that nobody has called for so long is dropped; it may be
  /// twice as long. `std::chrono::nanoseconds::max()`: never.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes{1};

  Recycling recycling = {};
};

/// How a new version takes over.
struct SwapOptions {
  /// The version that must take calls as the swap begins, or it fails with `unavailable`: for who
  /// must not undo what somebody else has swapped in meanwhile. 0: any.
  std::uint32_t from_version = 0;

  /// Of a hundred calls, how many the new version takes at first. With 100 it takes them all, and
  /// what follows means nothing; with less it is on trial beside the old one.
  unsigned percent = 100;

  /// How many calls the new version answers before it takes over.
  std::uint64_t trial_calls = 1000;

  /// It is judged each time that it has taken so many calls, by those calls alone: one that gets
  /// worse late is found out as well.
  std::uint64_t window_calls = 100;

  /// It is rolled back when more than this share of a window's calls failed beyond the share that
  /// failed on the old version meanwhile: 0.05 is five more of a hundred. Cancelled calls do not
  /// count.
  double failures_more_max = 0.05;

  /// It is rolled back when a window's calls took on average more than so many times what calls of
  /// the old version took meanwhile, waiting included; the old version must have taken calls, too.
  double slower_max = 3.0;
};

}  // namespace wapc
