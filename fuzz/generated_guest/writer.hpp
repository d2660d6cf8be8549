#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "wapc/base/bytes.hpp"

namespace wapc::fuzzing {

/// The types of values that generated guests use, as the binary format writes them.
enum class Type : std::uint8_t {
  i32 = 0x7F,
  i64 = 0x7E,
  f32 = 0x7D,
  f64 = 0x7C,
  funcref = 0x70,
  externref = 0x6F,
};

[[nodiscard]] constexpr bool is_reference(Type type) noexcept {
  return type == Type::funcref || type == Type::externref;
}

using Types = std::vector<Type>;

/// Bytes in the making, with the numbers of the binary format.
class Writer {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }

  void type(Type type) { byte(static_cast<std::uint8_t>(type)); }

  void bytes(BytesView more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }

  /// LEB128 without a sign.
  void number(std::uint64_t value);

  /// LEB128 with a sign.
  void signed_number(std::int64_t value);

  /// As it lies in memory.
  template <typename T>
  void raw(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) byte(static_cast<std::uint8_t>(value >> (8 * i)));
  }

  void text(std::string_view text);
  void types(const Types& types);

  /// What was written elsewhere, with its size before it.
  void sized(const Writer& other);

  /// The same as the section `id`, unless it is empty.
  void section(std::uint8_t id, const Writer& contents);

  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

  [[nodiscard]] const Bytes& written() const noexcept { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace wapc::fuzzing
