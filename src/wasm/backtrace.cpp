#include "wasm/backtrace.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "wapc/base/utf8.hpp"
#include "wasm/source_lines.hpp"

namespace wapc {
namespace {

constexpr std::size_t kNameMax = 200;  // Bytes of a function's name.

std::string printable(std::string_view bytes) {
  auto text = to_utf8(bytes);
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }, ' ');
  return text;
}

std::string name_of(std::uint32_t function, const ModuleInfo& module) {
  const auto& names = module.function_names;
  if (function >= names.size() || names[function].empty()) {
    return "function " + std::to_string(function);
  }
  return printable(std::string_view{names[function]}.substr(0, kNameMax));
}

std::string place_of(std::size_t offset, const ModuleInfo& module) {
  std::string text;
  const auto line = module.source_lines ? module.source_lines->at(offset) : std::nullopt;
  if (line) text = " at " + printable(line->file) + ":" + std::to_string(line->line);
  std::array<char, 32> number{};
  std::snprintf(number.data(), number.size(), " (offset 0x%zx)", offset);
  return text + number.data();
}

}  // namespace

std::string backtrace(std::span<const Frame> frames, const ModuleInfo& module) {
  std::string lines;
  for (std::size_t i = 0; i < std::min(frames.size(), kFramesMax); ++i) {
    if (i > 0) lines += '\n';
    lines += "#" + std::to_string(i) + " " + name_of(frames[i].function, module);
    if (const auto offset = frames[i].offset) lines += place_of(*offset, module);
  }
  return lines;
}

}  // namespace wapc
