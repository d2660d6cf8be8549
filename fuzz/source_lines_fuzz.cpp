// Takes any bytes for the debug information of a module: two that say how large `.debug_line_str`
// is, that, and `.debug_line`. What is known of its lines is within bounds, and stays what it is.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "check.hpp"
#include "wasm/source_lines.hpp"

namespace wapc::fuzzing {
namespace {

const Section kCode{"code", 16, 1024};
constexpr std::size_t kFileMax = 200;

void run(BytesView input) {
  if (input.size() < 2) return;
  const auto said = std::to_integer<std::size_t>(input[0]) | std::to_integer<std::size_t>(input[1])
                                                                 << 8U;
  const auto rest = input.subspan(2);
  const auto size = std::min(said, rest.size());
  const SourceLines lines{rest.subspan(size), rest.first(size), kCode};
  const SourceLines same{rest.subspan(size), rest.first(size), kCode};
  for (std::size_t offset = 0; offset < kCode.offset + kCode.size + 16; ++offset) {
    const auto line = lines.at(offset);
    check(line == same.at(offset), "lines are not always the same");
    if (!line) continue;
    check(offset >= kCode.offset && offset < kCode.offset + kCode.size, "a line of no code");
    check(line->line != 0 && line->file.size() <= kFileMax, "a line that is none");
  }
}

}  // namespace
}  // namespace wapc::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  wapc::fuzzing::run(std::as_bytes(std::span{bytes, size}));
  return 0;
}
