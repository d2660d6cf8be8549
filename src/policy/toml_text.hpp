#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wapc {

/// `text` as a string of TOML, on one line and plain to see: control characters and the like are
/// escaped. Of more than `bytes_max` bytes the first are shown, and `...` behind them.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t bytes_max = std::string::npos);

/// `text` with what is not plain to see escaped, as in `quoted`, and nothing put around it.
[[nodiscard]] std::string unquoted(std::string_view text);

}  // namespace wapc
