#pragma once

#include <cstddef>
#include <cstdint>

// The C interface of `reader/`, which reads modules with the Rust crate wasmparser, their lines
// with gimli, and hashes with blake3. It is the mirror of `reader/src`; the two change together.
// Nothing unwinds across it in either direction.

namespace wapc::reader {

/// Bytes that belong to who gives them; valid during the call they are an argument of.
struct Text {
  const char* data;  // Never null from the reader, but dangling when there are no bytes.
  std::size_t size;
};

/// Each byte is the number of a `ValueType`. Both are empty where there is no function.
struct Signature {
  Text parameters;
  Text results;
};

struct Memory {
  std::uint64_t pages_min;
  std::uint64_t pages_max;
  std::uint64_t page_bytes;
  bool has_max;
  bool shared;
  bool is_64;
};

struct Table {
  std::uint64_t elements_min;
  std::uint64_t elements_max;
  bool has_max;
};

/// `ModuleLimits` without the size of the file.
struct Limits {
  std::uint64_t function_bytes;
  std::uint32_t functions;
  std::uint32_t globals;
  std::uint32_t imports;
  std::uint32_t exports;
  std::uint32_t data_segments;
  std::uint32_t element_segments;
  std::uint32_t locals;
  std::uint32_t nesting;
};

/// What is called, on the thread of the caller, with what is found; `user` is passed along. `kind`
/// is the number of an `ExternKind`, `id` that of a section in the binary format. Sections are
/// reported while the module is being validated, so a module may prove to be invalid after some of
/// them; the rest only of a valid module, `counts` first.
struct Sink {
  void* user;
  void (*imported)(void* user, Text module, Text name, std::uint8_t kind, Signature type) noexcept;
  void (*exported)(void* user, Text name, std::uint8_t kind, std::uint32_t index,
                   Signature type) noexcept;
  void (*memory)(void* user, const Memory* memory) noexcept;
  void (*table)(void* user, const Table* table) noexcept;
  void (*counts)(void* user, std::uint32_t functions, std::uint32_t globals) noexcept;
  void (*start)(void* user, std::uint32_t function) noexcept;
  void (*section)(void* user, std::uint8_t id, Text custom_name, std::size_t offset,
                  std::size_t size) noexcept;
  void (*producer)(void* user, Text field, Text name, Text version) noexcept;
  /// `function` is less than the count of functions.
  void (*function_name)(void* user, std::uint32_t function, Text name) noexcept;
  /// Says why, when the module is refused.
  void (*failure)(void* user, Text message) noexcept;
};

/// The `file` of what is no code, or code of which nothing is known.
inline constexpr std::uint32_t kNoFile = 0xFFFF'FFFF;

/// From `address` on, an offset into the contents of the code section, and up to the next row's:
/// `line` of the file with the number `file`. When `line` is 0, that of no line.
struct LineRow {
  std::uint32_t address;
  std::uint32_t file;
  std::uint32_t line;
};

/// What is called, on the thread of the caller, with the lines that are found: each file, which are
/// numbered from 0, and then all rows, by address.
struct LineSink {
  void* user;
  void (*file)(void* user, Text name) noexcept;
  void (*rows)(void* user, const LineRow* rows, std::size_t count) noexcept;
};

enum class Status : std::uint8_t { ok, invalid, limit_exceeded, internal };

/// Validates the `size` bytes at `wasm` under `features` (bit n for the n-th `Feature`) and
/// `limits`, function bodies only if `bodies`, and describes them to `sink`. Thread-safe.
extern "C" Status wapc_reader_read(const std::byte* wasm, std::size_t size, std::uint32_t features,
                                   const Limits* limits, bool bodies, const Sink* sink) noexcept;

/// Reads the lines in the sections `.debug_line` and `.debug_line_str`, of a module with
/// `code_size` bytes of code. Calls nothing when they are too many. Thread-safe.
extern "C" void wapc_reader_lines(Text debug_line, Text debug_line_str, std::uint32_t code_size,
                                  const LineSink* sink) noexcept;

/// Puts the BLAKE3 hash of the texts, one after the other, at `digest`, 32 bytes; under `key`, 32
/// bytes, if it is not null. Thread-safe.
extern "C" void wapc_reader_hash(const std::byte* key, const Text* parts, std::size_t count,
                                 std::byte* digest) noexcept;

}  // namespace wapc::reader
