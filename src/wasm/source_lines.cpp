#include "wasm/source_lines.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wapc {
namespace {

constexpr std::string_view kCustom = "custom ";

const Section* find(std::span<const Section> sections, std::string_view name) {
  const auto found = std::ranges::find(sections, name, &Section::name);
  return found == sections.end() ? nullptr : &*found;
}

/// What stands in a custom section after its name. None where there is no section.
BytesView contents(BytesView wasm, const Section* custom) {
  if (custom == nullptr) return {};
  const auto bytes = wasm.subspan(custom->offset, custom->size);
  // In front of the name stands its length, of which the last byte alone is less than 128.
  const auto last = std::ranges::find_if(bytes, [](std::byte b) { return b < std::byte{0x80}; });
  const auto before = static_cast<std::size_t>(last - bytes.begin()) + 1;
  return bytes.subspan(before + custom->name.size() - kCustom.size());
}

reader::Text text(const Bytes& bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::shared_ptr<const SourceLines> SourceLines::of(BytesView wasm,
                                                   std::span<const Section> sections) {
  const auto* const code = find(sections, "code");
  const auto lines = contents(wasm, find(sections, "custom .debug_line"));
  const auto names = contents(wasm, find(sections, "custom .debug_line_str"));
  if (code == nullptr || lines.empty()) return nullptr;
  if (lines.size() > kBytesMax || names.size() > kBytesMax - lines.size()) return nullptr;
  return std::make_shared<const SourceLines>(lines, names, *code);
}

SourceLines::SourceLines(BytesView debug_line, BytesView debug_line_str, const Section& code)
    : code_{code.offset},
      code_size_{code.size},
      debug_line_(debug_line.begin(), debug_line.end()),
      debug_line_str_(debug_line_str.begin(), debug_line_str.end()) {}

std::optional<SourceLine> SourceLines::at(std::size_t offset) const {
  if (offset < code_ || offset - code_ >= code_size_) return std::nullopt;
  std::call_once(read_, [this] { table_ = read(); });
  const auto* const row = table_.row(offset - code_);
  if (row == nullptr || row->line == 0) return std::nullopt;
  return SourceLine{table_.files[row->file], row->line};
}

const reader::LineRow* SourceLines::Table::row(std::size_t address) const {
  const auto next = std::ranges::upper_bound(rows, address, {}, &reader::LineRow::address);
  const auto* const before = next == rows.begin() ? nullptr : &*std::prev(next);
  if (before != nullptr && before->file != reader::kNoFile) return before;
  // Of a function that begins with a trap, engines say that it is at its start. There stands one
  // byte, that it has no locals, and its lines may begin after that.
  return next != rows.end() && next->address == address + 1 ? &*next : nullptr;
}

SourceLines::Table SourceLines::read() const {
  Table table;
  const auto debug_line = std::exchange(debug_line_, {});
  const auto debug_line_str = std::exchange(debug_line_str_, {});
  const reader::LineSink sink{
      .user = &table,
      .file =
          [](void* user, reader::Text name) noexcept {
            static_cast<Table*>(user)->files.emplace_back(name.data, name.size);
          },
      .rows =
          [](void* user, const reader::LineRow* rows, std::size_t count) noexcept {
            static_cast<Table*>(user)->rows.assign(rows, rows + count);
          }};
  reader::wapc_reader_lines(text(debug_line), text(debug_line_str),
                            static_cast<std::uint32_t>(code_size_), &sink);
  return table;
}

}  // namespace wapc
