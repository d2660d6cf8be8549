#pragma once

#include <string>
#include <string_view>

namespace wapc {

/// Whether `text` is valid UTF-8 (Unicode 15, table 3-7). ASCII is checked eight bytes at a time.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// `text` with U+FFFD in place of each maximal part that is not UTF-8, as Unicode recommends and
/// as Rust's `String::from_utf8_lossy` does.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace wapc
