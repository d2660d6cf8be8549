#include "support/raw_wasi_module.hpp"

#include <initializer_list>
#include <vector>

namespace wapc::testing {
namespace {

// Numbers of the binary format.
enum Section : std::uint8_t {
  type_section = 1,
  import_section = 2,
  function_section = 3,
  memory_section = 5,
  export_section = 7,
  code_section = 10,
};

constexpr std::uint8_t kI32 = 0x7F;
constexpr std::uint8_t kI64 = 0x7E;

/// Puts a module together byte by byte.
class Writer {
 public:
  Writer& byte(unsigned value) {
    bytes_.push_back(static_cast<std::byte>(value));
    return *this;
  }

  Writer& number(std::size_t value) {  // Unsigned LEB128.
    for (; value >= 0x80; value >>= 7U) byte(static_cast<unsigned>(value & 0x7FU) | 0x80U);
    return byte(static_cast<unsigned>(value));
  }

  Writer& name(std::string_view text) {
    number(text.size());
    return append(as_bytes(text));
  }

  Writer& append(BytesView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }

  /// With its length in front.
  Writer& sized(const Writer& inner) { return number(inner.bytes_.size()).append(inner.bytes_); }

  Writer& section(Section kind, const Writer& inner) { return byte(kind).sized(inner); }

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

std::uint8_t code(ValueType type) {
  return type == ValueType::i64 ? kI64 : kI32;
}

void write_type(Writer& types, const Signature& signature, bool counted) {
  types.byte(0x60).number(signature.parameters.size() + (counted ? 1 : 0));
  if (counted) types.byte(kI32);
  for (const auto type : signature.parameters) types.byte(code(type));
  types.number(signature.results.size());
  for (const auto type : signature.results) types.byte(code(type));
}

/// A call of import `index` with the parameters from local `first` on.
void write_call(Writer& body, const Signature& signature, std::size_t first, std::size_t index) {
  for (std::size_t i = 0; i < signature.parameters.size(); ++i) {
    body.byte(0x20).number(first + i);  // local.get
  }
  body.byte(0x10).number(index);  // call
}

Writer calling_body(const Signature& signature, std::size_t index) {
  Writer body;
  body.number(0);  // No locals.
  write_call(body, signature, 0, index);
  body.byte(0x0B);
  return body;
}

Writer repeating_body(const Signature& signature, std::size_t index) {
  const bool gives = !signature.results.empty();
  const auto result = signature.parameters.size() + 1;
  Writer body;
  body.number(1).number(1).byte(kI32);  // One local, for the result.
  body.byte(0x03).byte(0x40);           // loop
  write_call(body, signature, 1, index);
  if (gives) body.byte(0x21).number(result);                                       // local.set
  body.byte(0x20).number(0).byte(0x41).number(1).byte(0x6B).byte(0x22).number(0);  // --count
  body.byte(0x0D).number(0).byte(0x0B);                                            // br_if, end
  if (gives) body.byte(0x20).number(result);
  body.byte(0x0B);
  return body;
}

}  // namespace

std::string repeating(std::string_view name) {
  return "repeat " + std::string{name};
}

Bytes raw_module(const ImportTable& table, std::string_view module) {
  std::vector<HostFunction> functions;
  for (const auto& function : table.functions) {
    if (function.module == module) functions.push_back(function);
  }
  const auto count = functions.size();

  Writer types;
  Writer imports;
  Writer definitions;
  Writer exports;
  Writer code;
  types.number(2 * count);
  imports.number(count);
  definitions.number(2 * count);
  exports.number(2 * count + 1).name("memory").byte(2).number(0);
  code.number(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [from, name, signature, body] = functions[i];
    write_type(types, signature, false);
    write_type(types, signature, true);
    imports.name(from).name(name).byte(0).number(2 * i);
    definitions.number(2 * i).number(2 * i + 1);
    exports.name(name).byte(0).number(count + 2 * i);
    exports.name(repeating(name)).byte(0).number(count + 2 * i + 1);
    code.sized(calling_body(signature, i)).sized(repeating_body(signature, i));
  }

  Writer whole;
  whole.append(as_bytes({"\0asm\1\0\0\0", 8}));
  whole.section(type_section, types).section(import_section, imports);
  whole.section(function_section, definitions);
  whole.section(memory_section, Writer{}.number(1).byte(0).number(kRawMemoryBytes / 65536));
  whole.section(export_section, exports).section(code_section, code);
  return whole.bytes();
}

}  // namespace wapc::testing
