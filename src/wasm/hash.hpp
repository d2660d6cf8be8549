#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>

#include "wapc/base/bytes.hpp"

namespace wapc {

/// 32 bytes: a hash, or a key for one.
using Digest = std::array<std::byte, 32>;

/// The BLAKE3 hash of the parts, one after the other; nobody finds two inputs with the same.
[[nodiscard]] Digest hash(std::initializer_list<BytesView> parts) noexcept;

/// The same under a key: who does not have that cannot tell, or make, the hash of anything.
[[nodiscard]] Digest keyed_hash(const Digest& key, std::initializer_list<BytesView> parts) noexcept;

[[nodiscard]] std::string in_hexadecimal(const Digest& digest);

/// Whether they are equal, in a time that does not depend on where they differ.
[[nodiscard]] bool equal_digests(const Digest& one, const Digest& other) noexcept;

}  // namespace wapc
