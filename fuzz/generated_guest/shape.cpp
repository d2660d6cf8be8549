#include "generated_guest/shape.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace wapc::fuzzing {
namespace {

constexpr auto kI32 = Type::i32;
constexpr auto kI64 = Type::i64;

std::size_t type_index(std::vector<FunctionShape>& types, FunctionShape type) {
  const auto found = std::ranges::find(types, type);
  if (found != types.end()) return static_cast<std::size_t>(found - types.begin());
  types.push_back(std::move(type));
  return types.size() - 1;
}

void add_imports(Shape& shape, Choices& choices) {
  const auto add = [&](std::string_view module, std::string_view name, Types parameters,
                       Types results) {
    const auto type = type_index(shape.types, {std::move(parameters), std::move(results)});
    shape.imports.push_back({module, name, type});
  };
  add("wapc", "__guest_request", {kI32, kI32}, {});
  add("wapc", "__guest_response", {kI32, kI32}, {});
  add("wapc", "__guest_error", {kI32, kI32}, {});
  add("wapc", "__host_call", Types(8, kI32), {kI32});
  add("wapc", "__host_response_len", {}, {kI32});
  add("wapc", "__host_response", {kI32}, {});
  add("wapc", "__host_error_len", {}, {kI32});
  add("wapc", "__host_error", {kI32}, {});
  add("wapc", "__console_log", {kI32, kI32}, {});
  add("env", "abort", Types(4, kI32), {});
  add("witness", "note", {kI64, kI32}, {kI64});
  add("witness", "look", {}, {});
  if (!choices.rarely(4)) return;
  constexpr std::string_view kWasi = "wasi_snapshot_preview1";
  add(kWasi, "fd_write", Types(4, kI32), {kI32});
  add(kWasi, "proc_exit", {kI32}, {});
  add(kWasi, "random_get", {kI32, kI32}, {kI32});
  add(kWasi, "args_sizes_get", {kI32, kI32}, {kI32});
  add(kWasi, "clock_time_get", {kI32, kI64, kI32}, {kI32});
  add(kWasi, "sched_yield", {}, {kI32});
}

Type some_type(const Shape& shape, Choices& choices) {
  constexpr std::array kTypes{Type::i32, Type::i32, Type::i64,     Type::f32,
                              Type::f64, Type::i64, Type::funcref, Type::externref};
  return shape.fitting(choices.one_of(kTypes));
}

Types some_types(const Shape& shape, Choices& choices, std::size_t count_max) {
  Types types(choices.below(count_max + 1));
  std::ranges::generate(types, [&] { return some_type(shape, choices); });
  return types;
}

void add_tables(Shape& shape, Choices& choices) {
  shape.tables.push_back({Type::funcref, 8, false});
  for (auto more = choices.below(3); more > 0; --more) {
    const auto type = choices.rarely(2) ? Type::externref : Type::funcref;
    shape.tables.push_back({shape.fitting(type), choices.byte() % 16U, choices.rarely(2)});
  }
}

void add_elements(Shape& shape, Choices& choices) {
  using enum SegmentShape::Mode;
  // All functions may be taken references of.
  shape.elements.push_back({declared, Type::funcref, 0});
  shape.elements.push_back({active, Type::funcref, 0});
  for (auto more = choices.below(4); more > 0; --more) {
    const auto table = choices.below(shape.tables.size());
    const auto mode = choices.one_of(std::array{passive, passive, active, declared});
    shape.elements.push_back({mode, shape.tables[table].type, table});
  }
}

}  // namespace

std::size_t Shape::import(std::string_view name) const {
  const auto found = std::ranges::find(imports, name, &ImportShape::name);
  if (found == imports.end()) throw std::logic_error{"no such import"};
  return static_cast<std::size_t>(found - imports.begin());
}

Shape some_shape(Conduct conduct, Choices& choices) {
  Shape shape{.conduct = conduct,
              .types = {{{}, {}}, {{kI32, kI32}, {kI32}}},
              .imports = {},
              .functions = {Shape::kNothing},
              .globals = {{kI32, false}, {kI32, false}, {kI32, true}, {kI64, true}},
              .tables = {},
              .elements = {},
              .data = 1 + choices.below(3),
              .for_winch = choices.rarely(2)};
  add_imports(shape, choices);
  for (auto more = choices.below(6); more > 0; --more) {
    auto parameters = some_types(shape, choices, 4);
    auto results = some_types(shape, choices, 3);
    shape.types.push_back({std::move(parameters), std::move(results)});
  }
  for (auto more = choices.below(6); more > 0; --more) {
    shape.functions.push_back(choices.below(shape.types.size()));
  }
  shape.functions.push_back(Shape::kGuestCall);
  for (auto more = choices.below(5); more > 0; --more) {
    const auto type = some_type(shape, choices);
    shape.globals.push_back({type, !choices.rarely(4)});
  }
  add_tables(shape, choices);
  add_elements(shape, choices);
  return shape;
}

}  // namespace wapc::fuzzing
