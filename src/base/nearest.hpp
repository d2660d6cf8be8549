#pragma once

#include <span>
#include <string_view>

namespace wapc {

/// That of `words` which `word` may be a slip of; empty when none comes near.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> words);

}  // namespace wapc
