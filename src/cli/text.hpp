#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "wapc/base/bytes.hpp"
#include "wapc/engine/features.hpp"

// Text for terminals. What guests, modules and file names say is hostile: it may hold what a
// terminal acts on, or what looks like a line of ours.

namespace wapc::cli {

/// `text` with `\n`, `\x1b`, `\u202e` and the like in place of all that is not plain to see:
/// control characters, what turns the direction of writing, what shows nothing, bytes that are not
/// UTF-8. Backslashes stay as they are, so this is for reading, not for reading back.
[[nodiscard]] std::string printable(std::string_view text);

/// The same for what is read and not compared, such as lines that a guest prints: the joiners and
/// selectors stay that words and emoji are written with.
[[nodiscard]] std::string printable_prose(std::string_view text);

/// `printable` between double quotes, with backslashes and quotes escaped too. What is left out
/// past `bytes_max` bytes is said behind it.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t bytes_max = 200);

/// `text` as a word for a POSIX shell, between single quotes.
[[nodiscard]] std::string shell_quoted(std::string_view text);

/// Whether all of `text` is plain to see, so that `printable` leaves it as it is.
[[nodiscard]] bool is_plain_to_see(std::string_view text);

/// Whether a terminal shows `text` as it is, with its line breaks and tabs.
[[nodiscard]] bool is_plain(std::string_view text);

/// The lines of `text`; an end of line at its end begins no other. At least one.
[[nodiscard]] std::vector<std::string_view> lines(std::string_view text);

/// That of `words` which `word` may be a slip of; empty when none comes near.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string> words);

/// `1 byte`, `2 bytes`.
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);

[[nodiscard]] std::vector<std::string_view> feature_names(FeatureSet features);

/// `value` on lines of its own for `--json`. What is not UTF-8 in it is replaced.
[[nodiscard]] std::string json_text(const nlohmann::json& value);

}  // namespace wapc::cli
