#include "generated_guest/guest.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "generated_guest/code.hpp"
#include "generated_guest/writer.hpp"

namespace wapc::fuzzing {
namespace {

enum Section : std::uint8_t {
  kTypeSection = 1,
  kImportSection,
  kFunctionSection,
  kTableSection,
  kMemorySection,
  kGlobalSection,
  kExportSection,
  kStartSection,
  kElementSection,
  kCodeSection,
  kDataSection,
  kDataCountSection,
};

constexpr std::uint8_t kEnd = 0x0B;

Writer types_of(const Shape& shape) {
  Writer out;
  out.number(shape.types.size());
  for (const auto& type : shape.types) {
    out.byte(0x60);
    out.types(type.parameters);
    out.types(type.results);
  }
  return out;
}

Writer imports_of(const Shape& shape) {
  Writer out;
  out.number(shape.imports.size());
  for (const auto& import : shape.imports) {
    out.text(import.module);
    out.text(import.name);
    out.byte(0);
    out.number(import.type);
  }
  return out;
}

Writer functions_of(const Shape& shape) {
  Writer out;
  out.number(shape.functions.size());
  for (const auto type : shape.functions) out.number(type);
  return out;
}

Writer tables_of(const Shape& shape, Choices& choices) {
  Writer out;
  out.number(shape.tables.size());
  for (const auto& table : shape.tables) {
    out.type(table.type);
    out.byte(table.has_max ? 1 : 0);
    out.number(table.elements_min);
    if (table.has_max) out.number(table.elements_min + choices.byte() % 8U);
  }
  return out;
}

Writer memory(Choices& choices) {
  Writer out;
  out.number(1);
  const bool has_max = choices.rarely(2);
  const auto pages = choices.one_of(std::array<std::uint32_t, 8>{1, 2, 1, 1, 3, 1, 2, 0});
  out.byte(has_max ? 1 : 0);
  out.number(pages);
  if (has_max) out.number(pages + choices.byte() % 6U);
  return out;
}

void constant(Writer& out, std::int32_t value) {
  out.byte(0x41);
  out.signed_number(value);
}

/// A constant expression.
void initial_value(Writer& out, Type type, const Shape& shape, Choices& choices) {
  switch (type) {
    case Type::i32:
      constant(out, choices.number<std::int16_t>());
      if (choices.rarely(4)) {
        constant(out, choices.byte());
        out.byte(choices.one_of(std::array<std::uint8_t, 3>{0x6A, 0x6B, 0x6C}));
      }
      break;
    case Type::i64:
      out.byte(0x42);
      out.signed_number(choices.number<std::int64_t>());
      if (choices.rarely(4)) {
        out.byte(0x42);
        out.signed_number(choices.byte());
        out.byte(choices.one_of(std::array<std::uint8_t, 3>{0x7C, 0x7D, 0x7E}));
      }
      break;
    case Type::f32:
      out.byte(0x43);
      out.raw(choices.number<std::uint32_t>());
      break;
    case Type::f64:
      out.byte(0x44);
      out.raw(choices.number<std::uint64_t>());
      break;
    case Type::funcref:
      if (choices.rarely(2)) {
        out.byte(0xD2);
        out.number(choices.below(shape.guest_call()));
        break;
      }
      [[fallthrough]];
    case Type::externref:
      out.byte(0xD0);
      out.type(type);
      break;
  }
  out.byte(kEnd);
}

Writer globals_of(const Shape& shape, Choices& choices) {
  Writer out;
  out.number(shape.globals.size());
  for (std::size_t i = 0; i < shape.globals.size(); ++i) {
    const auto& [type, writable] = shape.globals[i];
    const bool counts = i == Shape::kTurnsLeft || i == Shape::kCallsLeft;
    out.type(type);
    out.byte(writable || counts ? 1 : 0);
    if (counts) {
      constant(out, 50);  // For start functions.
      out.byte(kEnd);
    } else {
      initial_value(out, type, shape, choices);
    }
  }
  return out;
}

/// Functions of type () -> () that are not the host's.
std::vector<std::size_t> startable(const Shape& shape) {
  std::vector<std::size_t> functions;
  for (std::size_t i = 0; i < shape.functions.size(); ++i) {
    if (shape.functions[i] == Shape::kNothing) functions.push_back(shape.imports.size() + i);
  }
  return functions;
}

Writer exports_of(const Shape& shape, Choices& choices) {
  Writer exports;
  std::size_t count = 0;
  const auto add = [&](std::string_view name, std::uint8_t kind, std::size_t index) {
    exports.text(name);
    exports.byte(kind);
    exports.number(index);
    ++count;
  };
  add("memory", 2, 0);
  add("__guest_call", 0, shape.guest_call());
  const auto starts = startable(shape);
  for (const std::string_view name : {"_start", "_initialize", "wapc_init"}) {
    if (choices.rarely(16)) add(name, 0, starts[choices.below(starts.size())]);
  }
  Writer out;
  out.number(count);
  out.bytes(exports.written());
  return out;
}

Writer start_of(const Shape& shape, Choices& choices) {
  Writer out;
  const auto starts = startable(shape);
  if (choices.rarely(16)) out.number(starts[choices.below(starts.size())]);
  return out;
}

/// Where a segment goes: within bounds, where it can and nearly always.
void offset(Writer& out, Choices& choices) {
  constant(out, choices.rarely(32) ? choices.number<std::int32_t>() : choices.byte() % 2);
  out.byte(kEnd);
}

std::size_t some_count(const SegmentShape& segment, const Shape& shape, Choices& choices) {
  const auto count = choices.byte() % 7U;
  if (segment.mode != SegmentShape::Mode::active || choices.rarely(32)) return count;
  const auto room = shape.tables[segment.table].elements_min;
  return std::min(count, room - std::min(room, 1U));
}

void element(Writer& out, const SegmentShape& segment, const Shape& shape, Choices& choices) {
  const std::size_t first = choices.byte();
  const auto count = some_count(segment, shape, choices);
  using enum SegmentShape::Mode;
  const bool first_table = segment.table == 0;
  const bool expressions = segment.type != Type::funcref || choices.rarely(2);
  std::uint8_t flags = expressions ? 4 : 0;
  if (segment.mode == passive) flags |= 1;
  if (segment.mode == declared) flags |= 3;
  if (segment.mode == active && !first_table) flags |= 2;
  out.number(flags);
  if (segment.mode == active) {
    if (!first_table) out.number(segment.table);
    offset(out, choices);
  }
  if ((flags & 3U) != 0) expressions ? out.type(segment.type) : out.byte(0);
  out.number(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto function = (first + i) % shape.guest_call();
    if (!expressions) {
      out.number(function);
      continue;
    }
    const bool null = segment.type != Type::funcref || i % 3 == 2;
    out.byte(null ? 0xD0 : 0xD2);
    null ? out.type(segment.type) : out.number(function);
    out.byte(kEnd);
  }
}

Writer elements_of(const Shape& shape, Choices& choices) {
  Writer out;
  out.number(shape.elements.size());
  // The first declares every function, so that code may take references of it.
  out.number(3);
  out.byte(0);
  out.number(shape.guest_call());
  for (std::size_t i = 0; i < shape.guest_call(); ++i) out.number(i);
  for (std::size_t i = 1; i < shape.elements.size(); ++i) {
    element(out, shape.elements[i], shape, choices);
  }
  return out;
}

Writer data_of(const Shape& shape, Choices& choices) {
  Writer out;
  out.number(shape.data);
  for (std::size_t i = 0; i < shape.data; ++i) {
    const auto mode = choices.one_of(std::array<std::uint8_t, 4>{0, 1, 0, 2});
    out.byte(mode);
    if (mode == 2) out.number(0);
    if (mode != 1) offset(out, choices);
    const auto bytes = choices.bytes(40);
    out.text(bytes.empty() ? "some text, \xE2\x82\xAC\xFF and more" : as_text(bytes));
  }
  return out;
}

Writer code_of(const Shape& shape, Choices& choices) {
  std::vector<Writer> bodies(shape.functions.size());
  // What is called first is made first, before choices are used up.
  for (auto i = bodies.size(); i-- > 0;) {
    bodies[i] = generate_body(shape, shape.imports.size() + i, choices);
  }
  Writer out;
  out.number(bodies.size());
  for (const auto& body : bodies) out.sized(body);
  return out;
}

}  // namespace

Bytes generate_guest(Conduct conduct, Choices& choices) {
  const auto shape = some_shape(conduct, choices);
  Writer count;
  count.number(shape.data);
  Writer out;
  out.bytes(as_bytes({"\0asm\1\0\0\0", 8}));
  out.section(kTypeSection, types_of(shape));
  out.section(kImportSection, imports_of(shape));
  out.section(kFunctionSection, functions_of(shape));
  out.section(kTableSection, tables_of(shape, choices));
  out.section(kMemorySection, memory(choices));
  out.section(kGlobalSection, globals_of(shape, choices));
  out.section(kExportSection, exports_of(shape, choices));
  out.section(kStartSection, start_of(shape, choices));
  out.section(kElementSection, elements_of(shape, choices));
  out.section(kDataCountSection, count);
  // Code comes before data, but after them in the choices: it takes whatever there is.
  const auto data = data_of(shape, choices);
  out.section(kCodeSection, code_of(shape, choices));
  out.section(kDataSection, data);
  return out.written();
}

}  // namespace wapc::fuzzing
