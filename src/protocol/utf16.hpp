#pragma once

#include <cstdint>
#include <string>

#include "wapc/base/error.hpp"
#include "wapc/engine/guest_memory.hpp"

namespace wapc {

/// The AssemblyScript string at `pointer` of a guest's memory as UTF-8: UTF-16, little-endian,
/// with its length in bytes in the four bytes before it
/// (assemblyscript.org/runtime.html#memory-layout). Empty for a null pointer; half of a surrogate
/// pair becomes U+FFFD; of a longer string the first 1 MiB counts. Fails with `protocol_violation`
/// when it is not within `memory`.
[[nodiscard]] Result<std::string> assembly_script_string(GuestMemory memory, std::uint32_t pointer);

}  // namespace wapc
