#include "wapc/wasm/module_info.hpp"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "wasm/reader.hpp"
#include "wasm/source_lines.hpp"

namespace wapc {
namespace {

// The reader knows these by number.
static_assert(kFeatureCount == 21 && static_cast<int>(Feature::stack_switching) == 20);
static_assert(static_cast<int>(Feature::exceptions) == 14 && static_cast<int>(Feature::gc) == 17);
static_assert(static_cast<int>(ValueType::other) == 7);
static_assert(static_cast<int>(ValueType::funcref) == 5);
static_assert(static_cast<int>(ExternKind::function) == 0);
static_assert(static_cast<int>(ExternKind::memory) == 1);
static_assert(static_cast<int>(ExternKind::table) == 2);
static_assert(static_cast<int>(ExternKind::global) == 3);
static_assert(static_cast<int>(ExternKind::tag) == 4);

/// By section id; 0 is that of custom sections.
constexpr std::array<std::string_view, 14> kSectionNames{
    "custom", "type",  "import",  "function", "table", "memory",     "global",
    "export", "start", "element", "code",     "data",  "data count", "tag"};

struct Reading {
  ModuleInfo info;
  std::string failure;
};

Reading& reading(void* user) noexcept {
  return *static_cast<Reading*>(user);
}

std::string_view view(reader::Text text) noexcept {
  return {text.data, text.size};
}

std::vector<ValueType> value_types(reader::Text numbers) {
  std::vector<ValueType> types;
  types.reserve(numbers.size);
  for (const char number : view(numbers)) types.push_back(static_cast<ValueType>(number));
  return types;
}

FunctionType function_type(reader::Signature type) {
  return {value_types(type.parameters), value_types(type.results)};
}

void add_import(void* user, reader::Text module, reader::Text name, std::uint8_t kind,
                reader::Signature type) noexcept {
  reading(user).info.imports.push_back({std::string{view(module)}, std::string{view(name)},
                                        static_cast<ExternKind>(kind), function_type(type)});
}

void add_export(void* user, reader::Text name, std::uint8_t kind, std::uint32_t index,
                reader::Signature type) noexcept {
  auto& info = reading(user).info;
  info.exports.push_back(
      {std::string{view(name)}, static_cast<ExternKind>(kind), function_type(type)});
  info.export_indices.push_back(index);
}

std::optional<std::uint64_t> maximum(bool has_max, std::uint64_t max) noexcept {
  return has_max ? std::optional{max} : std::nullopt;
}

void add_memory(void* user, const reader::Memory* memory) noexcept {
  reading(user).info.memories.push_back({.pages_min = memory->pages_min,
                                         .pages_max = maximum(memory->has_max, memory->pages_max),
                                         .page_bytes = memory->page_bytes,
                                         .shared = memory->shared,
                                         .is_64 = memory->is_64});
}

void add_table(void* user, const reader::Table* table) noexcept {
  reading(user).info.tables.push_back(
      {table->elements_min, maximum(table->has_max, table->elements_max)});
}

void set_counts(void* user, std::uint32_t functions, std::uint32_t globals) noexcept {
  reading(user).info.functions = functions;
  reading(user).info.globals = globals;
}

void set_start(void* user, std::uint32_t function) noexcept {
  reading(user).info.start = function;
}

void add_section(void* user, std::uint8_t id, reader::Text custom_name, std::size_t offset,
                 std::size_t size) noexcept {
  std::string name{id < kSectionNames.size() ? kSectionNames[id] : "unknown"};
  if (id == 0) name.append(" ").append(view(custom_name));
  reading(user).info.sections.push_back({std::move(name), offset, size});
}

void add_producer(void* user, reader::Text field, reader::Text name,
                  reader::Text version) noexcept {
  reading(user).info.producers.push_back(
      {std::string{view(field)}, std::string{view(name)}, std::string{view(version)}});
}

void set_function_name(void* user, std::uint32_t function, reader::Text name) noexcept {
  auto& info = reading(user).info;
  info.function_names.resize(info.functions);
  info.function_names[function] = view(name);
}

void set_failure(void* user, reader::Text message) noexcept {
  reading(user).failure = view(message);
}

Errc code_of(reader::Status status) noexcept {
  switch (status) {
    case reader::Status::invalid: return Errc::invalid_module;
    case reader::Status::limit_exceeded: return Errc::limit_exceeded;
    case reader::Status::ok:
    case reader::Status::internal: break;
  }
  return Errc::internal;
}

/// Fails when `number`, which stands between the other two texts, is more than `limit`.
Result<> check_at_most(std::uint64_t number, std::uint64_t limit, std::string_view before,
                       std::string_view after) {
  if (number <= limit) return {};
  std::string message{"the module declares "};
  message.append(before).append(std::to_string(number)).append(after);
  message.append("; the limit is ").append(std::to_string(limit));
  return failure(Errc::limit_exceeded, std::move(message));
}

Result<> check_memory(const MemoryType& memory, std::uint64_t limit) {
  // A memory of 64 bits may declare 2^64 bytes, one more than can be counted.
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  if (memory.pages_min > kMost / memory.page_bytes) {
    return failure(Errc::limit_exceeded,
                   "the module declares a memory of " + std::to_string(memory.pages_min) +
                       " pages of " + std::to_string(memory.page_bytes) + " bytes; the limit is " +
                       std::to_string(limit) + " bytes");
  }
  return check_at_most(memory.pages_min * memory.page_bytes, limit, "a memory of ", " bytes");
}

}  // namespace

namespace {

Result<ModuleInfo> read(BytesView wasm, FeatureSet features, const ModuleLimits& limits,
                        bool bodies = true) {
  if (wasm.size() > limits.bytes) {
    return failure(Errc::limit_exceeded, "the module is of " + std::to_string(wasm.size()) +
                                             " bytes; the limit is " +
                                             std::to_string(limits.bytes));
  }
  Reading found;
  const reader::Sink sink{.user = &found,
                          .imported = add_import,
                          .exported = add_export,
                          .memory = add_memory,
                          .table = add_table,
                          .counts = set_counts,
                          .start = set_start,
                          .section = add_section,
                          .producer = add_producer,
                          .function_name = set_function_name,
                          .failure = set_failure};
  const reader::Limits reader_limits{.function_bytes = limits.function_bytes,
                                     .functions = limits.functions,
                                     .globals = limits.globals,
                                     .imports = limits.imports,
                                     .exports = limits.exports,
                                     .data_segments = limits.data_segments,
                                     .element_segments = limits.element_segments,
                                     .locals = limits.locals,
                                     .nesting = limits.nesting};
  const auto status = reader::wapc_reader_read(wasm.data(), wasm.size(), features.bits(),
                                               &reader_limits, bodies, &sink);
  if (status != reader::Status::ok) return failure(code_of(status), std::move(found.failure));
  return std::move(found.info);
}

/// The same with its lines, if it is read.
Result<ModuleInfo> with_lines(Result<ModuleInfo> module, BytesView wasm) {
  if (module) module->source_lines = SourceLines::of(wasm, module->sections);
  return module;
}

}  // namespace

Result<ModuleInfo> read_module(BytesView wasm, FeatureSet features, const ModuleLimits& limits) {
  auto module = with_lines(read(wasm, features, limits), wasm);
  if (module || module.error().code() != Errc::invalid_module) return module;
  // Perhaps there is nothing wrong with it but what it is to run on.
  if (const auto needed = features_needed(wasm, limits)) {
    return failure(Errc::invalid_module, "the engine lacks what the module needs: " +
                                             to_string(needed->without(features)));
  }
  return module;
}

Result<ModuleInfo> describe_module(BytesView wasm, FeatureSet features,
                                   const ModuleLimits& limits) {
  return with_lines(read(wasm, features, limits, false), wasm);
}

Result<FeatureSet> features_needed(BytesView wasm, const ModuleLimits& limits) {
  auto needed = FeatureSet::all();
  if (auto module = read(wasm, needed, limits); !module) return std::unexpected{module.error()};
  // Backwards, for later proposals contain earlier ones: a module with a typed reference is valid
  // with `gc` alone and with `function_references` alone, and the smaller one is to be named.
  for (auto number = kFeatureCount; number-- > 0;) {
    auto fewer = needed;
    fewer.remove(static_cast<Feature>(number));
    if (read(wasm, fewer, limits)) needed = fewer;
  }
  return needed;
}

Result<> check_declared(const ModuleInfo& module, const InstanceLimits& limits) {
  if (auto few = check_at_most(module.memories.size(), limits.memories, "", " memories"); !few) {
    return few;
  }
  if (auto few = check_at_most(module.tables.size(), limits.tables, "", " tables"); !few) {
    return few;
  }
  for (const auto& memory : module.memories) {
    if (auto fits = check_memory(memory, limits.memory_bytes); !fits) return fits;
  }
  for (const auto& table : module.tables) {
    auto fits =
        check_at_most(table.elements_min, limits.table_elements, "a table of ", " elements");
    if (!fits) return fits;
  }
  return {};
}

}  // namespace wapc
