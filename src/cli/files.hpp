#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/problem.hpp"
#include "wapc/base/bytes.hpp"

namespace wapc::cli {

/// More than this is refused rather than read into memory.
inline constexpr std::uint64_t kFileBytesMax = 1U << 30U;

/// All of the file at `path`; a pipe or device is read to its end. Fails with exit code `file`,
/// naming the file and the reason: missing, unreadable, a directory, more than `kFileBytesMax`.
[[nodiscard]] Outcome<Bytes> read_file(const std::string& path);

/// Writes `text` as all there is in the file at `path`. Fails with exit code `file`.
[[nodiscard]] Outcome<> write_file(const std::string& path, std::string_view text);

/// All of standard input, within the same bound.
[[nodiscard]] Outcome<Bytes> read_standard_input();

}  // namespace wapc::cli
