#pragma once

#include <string>
#include <string_view>

#include "wapc/base/error.hpp"
#include "wasm/hash.hpp"

namespace wapc {

/// The key of the cache whose directory is open as `directory`: the file `key`, which is made, for
/// its owner alone, when there is none. Fails with `invalid_options`, saying what to do.
[[nodiscard]] Result<Digest> read_or_make_key(int directory);

/// How the names of files end that are being written.
inline constexpr std::string_view kUnfinished = ".unfinished";

/// A name that no other file has. Fails with `unavailable` when the system has no random numbers.
[[nodiscard]] Result<std::string> unfinished_name();

}  // namespace wapc
