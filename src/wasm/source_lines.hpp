#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wapc/base/bytes.hpp"
#include "wapc/wasm/module_info.hpp"
#include "wasm/reader.hpp"

namespace wapc {

/// Where in its source an instruction comes from.
struct SourceLine {
  std::string_view file;  ///< The guest's: any bytes, at most 200. As long as the `SourceLines`.
  std::uint32_t line = 0;

  friend bool operator==(const SourceLine&, const SourceLine&) = default;
};

/// The lines of a module that carries DWARF. They are read when one is asked for the first time,
/// and no more than once: a guest that traps at will costs that much, and no more. Thread-safe.
class SourceLines {
 public:
  /// The most bytes of DWARF that are kept and read.
  static constexpr std::size_t kBytesMax = 16U << 20U;

  /// Of the module `wasm` with these sections. Null when it carries no lines, or too much of them.
  [[nodiscard]] static std::shared_ptr<const SourceLines> of(BytesView wasm,
                                                             std::span<const Section> sections);

  /// The parts of DWARF that are looked at, and where in the file the code section is.
  SourceLines(BytesView debug_line, BytesView debug_line_str, const Section& code);

  /// Of the instruction at `offset`, from the start of the file. Nothing when that is not known,
  /// which it never is of lines that make no sense or are more than 2,000,000.
  [[nodiscard]] std::optional<SourceLine> at(std::size_t offset) const;

 private:
  struct Table {
    std::vector<std::string> files;
    std::vector<reader::LineRow> rows;  // By address.

    // Of the instruction at `address`, an offset into the code; null when there is none.
    [[nodiscard]] const reader::LineRow* row(std::size_t address) const;
  };

  // Takes the sections away: they are not needed any more.
  [[nodiscard]] Table read() const;

  const std::size_t code_;
  const std::size_t code_size_;
  mutable std::once_flag read_;
  mutable Bytes debug_line_;  // Until they are read; the same is true of the next.
  mutable Bytes debug_line_str_;
  mutable Table table_;  // Constant once they are read.
};

}  // namespace wapc
