#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "choices.hpp"
#include "wapc/engine/guest_memory.hpp"
#include "wapc/engine/host_function.hpp"

namespace wapc::fuzzing {

/// What each parameter of a function is for, by name, so that arguments can be made that get past
/// its first look at them.
enum class Kind : std::uint8_t {
  descriptor,
  directory,      // A descriptor too.
  text,           // Pointer and length of a path, or of where a link leads.
  buffer,         // Pointer and length of memory to be written.
  parts_to_read,  // Pointer and length of a list of parts, from which the host reads.
  parts_to_fill,  // The same, which the host fills.
  result,         // Pointer to so many bytes.
  subscriptions,  // Pointers to subscriptions and events, and how many they are.
  choice,         // One of so many numbers, or of so many flags.
  rights,
  size,  // Or an offset, a time, or anything that counts.
};

struct Parameter {
  Kind kind;
  std::uint32_t count = 0;           // Bytes of a result, or how many numbers there are.
  std::uint32_t count_unstable = 0;  // Where it is another in `wasi_unstable`.
};

/// A call of one of WASI's functions.
struct Call {
  const HostFunction* function;
  std::vector<Parameter> parameters;
  std::vector<std::uint64_t> arguments;

  /// What of the memory the function may write.
  [[nodiscard]] std::vector<GuestMemory> writable(GuestMemory memory) const;
};

/// Makes a call, and puts what its arguments point to into the memory. Now and then its arguments
/// are anything at all.
[[nodiscard]] Call make_call(const HostFunction& function, GuestMemory memory, Choices& choices);

}  // namespace wapc::fuzzing
