#pragma once

#include <string_view>

// What text is made of, for whoever shows hostile text to people.

namespace wapc {

struct Character {
  std::string_view bytes;
  char32_t code;
  bool valid;  // Else `bytes` is one byte that is not UTF-8.
};

/// The first character of `text`, which is not empty.
[[nodiscard]] Character first_character(std::string_view text);

/// Whether it is not plain to see: a control character, a mark that turns the direction of writing,
/// a separator of lines, what shows nothing, a byte that is not UTF-8. Two texts without such
/// characters that differ may look alike still (U+0430 is an `a` of Cyrillic).
[[nodiscard]] bool is_hidden(const Character& character);

/// Whether it is one of the hidden characters that words and emoji are written with: the joiners
/// and the selectors of variations, which prose may have and names should not.
[[nodiscard]] bool is_shaping(const Character& character);

}  // namespace wapc
