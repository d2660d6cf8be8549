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
/// a separator of lines, a mark that takes no room, a byte that is not UTF-8.
[[nodiscard]] bool is_hidden(const Character& character);

}  // namespace wapc
