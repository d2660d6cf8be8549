#include "wapc/wasm/module_info.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wapc {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- Modules, byte by byte
// -------------------------------------------------------------------------

Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes result;
  for (const auto value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes result;
  for (const auto& part : parts) result.insert(result.end(), part.begin(), part.end());
  return result;
}

Bytes leb(std::uint64_t value) {
  Bytes result;
  for (; value >= 0x80; value >>= 7U) result.push_back(static_cast<std::byte>(value | 0x80U));
  result.push_back(static_cast<std::byte>(value));
  return result;
}

/// A length, and that many bytes.
Bytes sized(const Bytes& contents) {
  return joined({leb(contents.size()), contents});
}

Bytes text(std::string_view characters) {
  const auto view = as_bytes(characters);
  return sized({view.begin(), view.end()});
}

Bytes section(unsigned id, const Bytes& contents) {
  return joined({bytes({id}), sized(contents)});
}

/// A count, and that many items.
Bytes items(std::initializer_list<Bytes> all) {
  return joined({leb(all.size()), joined(all)});
}

Bytes custom(std::string_view name, const Bytes& contents) {
  return section(0, joined({text(name), contents}));
}

Bytes module_of(std::initializer_list<Bytes> sections) {
  return joined({bytes({0, 'a', 's', 'm', 1, 0, 0, 0}), joined(sections)});
}

constexpr unsigned kI32 = 0x7f;
constexpr unsigned kI64 = 0x7e;
constexpr unsigned kEnd = 0x0b;
constexpr unsigned kUnreachable = 0x00;
constexpr unsigned kDrop = 0x1a;

/// One function `() -> ()` with no locals and these instructions.
Bytes module_with_body(std::initializer_list<unsigned> instructions) {
  return module_of({section(1, items({bytes({0x60, 0, 0})})), section(3, items({leb(0)})),
                    section(10, items({sized(joined({leb(0), bytes(instructions)}))}))});
}

Bytes names_section() {
  const auto functions = items({joined({leb(0), text("host")}), joined({leb(2), text("begin")}),
                                joined({leb(7), text("nobody")})});
  return custom("name", joined({bytes({1}), sized(functions)}));
}

Bytes producers_section() {
  const auto languages = items({joined({text("C11"), text("")})});
  const auto tools =
      items({joined({text("clang"), text("19.1")}), joined({text("wasm-opt"), text("120")})});
  return custom("producers", items({joined({text("language"), languages}),
                                    joined({text("processed-by"), tools})}));
}

/// Something of each kind. Functions: 0 imported, 1 `__guest_call`, 2 started.
Bytes good_module() {
  const auto types = items({bytes({0x60, 2, kI32, kI32, 1, kI32}), bytes({0x60, 0, 0}),
                            bytes({0x60, 2, kI64, 0x7c, 0})});
  const auto imports = items({joined({text("wapc"), text("host"), bytes({0, 2})}),
                              joined({text("env"), text("base"), bytes({3, kI32, 0})})});
  const auto exports =
      items({joined({text("memory"), bytes({2, 0})}), joined({text("__guest_call"), bytes({0, 1})}),
             joined({text("table"), bytes({1, 0})})});
  const auto bodies = items({sized(bytes({0, 0x41, 1, kEnd})), sized(bytes({1, 2, kI32, kEnd}))});
  return module_of(
      {section(1, types), section(2, imports), section(3, items({leb(0), leb(1)})),
       section(4, items({bytes({0x70, 1, 1, 2})})), section(5, items({bytes({1, 1, 3})})),
       section(6, items({bytes({kI32, 1, 0x41, 7, kEnd})})), section(7, exports),
       section(8, leb(2)), section(9, items({bytes({0, 0x41, 0, kEnd, 1, 1})})),
       section(10, bodies), section(11, items({joined({bytes({0, 0x41, 0, kEnd}), text("hi")})})),
       names_section(), producers_section()});
}

FeatureSet all_but(Feature feature) {
  auto features = FeatureSet::all();
  features.remove(feature);
  return features;
}

ModuleInfo info_of(const Bytes& wasm) {
  auto info = read_module(wasm, FeatureSet::all());
  EXPECT_TRUE(info) << (info ? "" : info.error().message());
  return info ? std::move(*info) : ModuleInfo{};
}

/// The message of `invalid_module`.
std::string refusal(const Bytes& wasm, FeatureSet features = FeatureSet::all()) {
  const auto info = read_module(wasm, features);
  if (info) return "(it is valid)";
  EXPECT_EQ(info.error().code(), Errc::invalid_module);
  return info.error().message();
}

std::string refusal_of_text(std::string_view characters) {
  const auto view = as_bytes(characters);
  return refusal({view.begin(), view.end()});
}

// --- What is described
// -----------------------------------------------------------------------------

TEST(ModuleInfoTest, AModuleOfNothingIsValid) {
  const auto info = info_of(module_of({}));
  EXPECT_EQ(info.functions, 0U);
  EXPECT_THAT(info.imports, IsEmpty());
  EXPECT_THAT(info.exports, IsEmpty());
  EXPECT_THAT(info.sections, IsEmpty());
  EXPECT_EQ(info.start, std::nullopt);
}

TEST(ModuleInfoTest, DescribesImportsInTheirOrderWithTypes) {
  const auto info = info_of(good_module());
  ASSERT_EQ(info.imports.size(), 2U);
  EXPECT_EQ(info.imports[0].module, "wapc");
  EXPECT_EQ(info.imports[0].name, "host");
  EXPECT_EQ(info.imports[0].kind, ExternKind::function);
  EXPECT_EQ(info.imports[0].type, (FunctionType{{ValueType::i64, ValueType::f64}, {}}));
  EXPECT_EQ(info.imports[1].name, "base");
  EXPECT_EQ(info.imports[1].kind, ExternKind::global);
  EXPECT_EQ(info.imports[1].type, FunctionType{});
}

TEST(ModuleInfoTest, DescribesExportsInTheirOrderWithTypesAndIndices) {
  const auto info = info_of(good_module());
  ASSERT_EQ(info.exports.size(), 3U);
  EXPECT_EQ(info.exports[0].name, "memory");
  EXPECT_EQ(info.exports[0].kind, ExternKind::memory);
  EXPECT_EQ(info.exports[1].name, "__guest_call");
  EXPECT_EQ(info.exports[1].kind, ExternKind::function);
  EXPECT_EQ(info.exports[1].type,
            (FunctionType{{ValueType::i32, ValueType::i32}, {ValueType::i32}}));
  EXPECT_EQ(info.exports[2].kind, ExternKind::table);
  EXPECT_THAT(info.export_indices, ElementsAre(0, 1, 0));
}

TEST(ModuleInfoTest, DescribesMemoriesTablesCountsAndTheStart) {
  const auto info = info_of(good_module());
  EXPECT_THAT(info.memories, ElementsAre(MemoryType{1, 3, 65536, false, false}));
  EXPECT_THAT(info.tables, ElementsAre(TableType{1, 2}));
  EXPECT_EQ(info.functions, 3U);
  EXPECT_EQ(info.globals, 2U);
  EXPECT_EQ(info.start, 2U);
}

TEST(ModuleInfoTest, ListsImportedMemoriesBeforeDeclaredOnes) {
  const auto info = info_of(
      module_of({section(2, items({joined({text("e"), text("m"), bytes({2, 3, 5, 6})}),
                                   joined({text("e"), text("t"), bytes({1, 0x6f, 0, 9})})})),
                 section(4, items({bytes({0x70, 0, 4})})), section(5, items({bytes({4, 2})}))}));
  EXPECT_THAT(info.memories, ElementsAre(MemoryType{5, 6, 65536, true, false},
                                         MemoryType{2, std::nullopt, 65536, false, true}));
  EXPECT_THAT(info.tables, ElementsAre(TableType{9, std::nullopt}, TableType{4, std::nullopt}));
}

TEST(ModuleInfoTest, NamesEveryTypeOfValue) {
  const auto info = info_of(module_of(
      {section(1, items({bytes({0x60, 8, kI32, kI64, 0x7d, 0x7c, 0x7b, 0x70, 0x6f, 0x6e, 0})})),
       section(2, items({joined({text("m"), text("f"), bytes({0, 0})})}))}));
  ASSERT_EQ(info.imports.size(), 1U);
  EXPECT_THAT(
      info.imports[0].type.parameters,
      ElementsAre(ValueType::i32, ValueType::i64, ValueType::f32, ValueType::f64, ValueType::v128,
                  ValueType::funcref, ValueType::externref, ValueType::other));
}

TEST(ModuleInfoTest, SectionsLieOneAfterTheOtherFromTheHeaderToTheEnd) {
  const auto wasm = good_module();
  const auto info = info_of(wasm);
  std::vector<std::string> names;
  std::size_t end = 8;
  for (const auto& section : info.sections) {
    names.push_back(section.name);
    EXPECT_EQ(section.offset, end + 2) << section.name;  // An id, and a size of one byte.
    end = section.offset + section.size;
  }
  EXPECT_EQ(end, wasm.size());
  EXPECT_THAT(names,
              ElementsAre("type", "import", "function", "table", "memory", "global", "export",
                          "start", "element", "code", "data", "custom name", "custom producers"));
}

TEST(ModuleInfoTest, TellsWhoMadeTheModule) {
  const auto info = info_of(good_module());
  ASSERT_EQ(info.producers.size(), 3U);
  EXPECT_EQ(info.producers[0].field, "language");
  EXPECT_EQ(info.producers[0].name, "C11");
  EXPECT_EQ(info.producers[0].version, "");
  EXPECT_EQ(info.producers[2].field, "processed-by");
  EXPECT_EQ(info.producers[2].name, "wasm-opt");
  EXPECT_EQ(info.producers[2].version, "120");
}

TEST(ModuleInfoTest, NamesFunctionsThatExistAndNoOthers) {
  EXPECT_THAT(info_of(good_module()).function_names, ElementsAre("host", "", "begin"));
}

TEST(ModuleInfoTest, HasNoFunctionNamesWithoutANameSection) {
  EXPECT_THAT(info_of(module_with_body({kEnd})).function_names, IsEmpty());
}

TEST(ModuleInfoTest, KeepsTheNamesBeforeTheFlawOfAMalformedNameSection) {
  const auto names = joined({bytes({1, 6, 9}), leb(0), text("abc")});  // Nine declared, one there.
  const auto info = info_of(joined({module_with_body({kEnd}), custom("name", names)}));
  EXPECT_THAT(info.function_names, ElementsAre("abc"));
}

TEST(ModuleInfoTest, IgnoresCustomSectionsThatMakeNoSense) {
  for (const auto* name : {"name", "producers", "linking", "dylink.0", ".debug_line", "anything"}) {
    for (const auto& contents : {bytes({}), bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
                                 bytes({1, 0x80}), bytes({1, 4, 1, 0, 9, 'x'})}) {
      const auto wasm = joined({module_with_body({kEnd}), custom(name, contents)});
      const auto info = read_module(wasm, FeatureSet::all());
      ASSERT_TRUE(info) << name << ": " << info.error().message();
      EXPECT_THAT(info->function_names, IsEmpty());
      EXPECT_THAT(info->producers, IsEmpty());
    }
  }
}

TEST(ModuleInfoTest, LeavesOutProducersBeyondWhatAnyToolchainWrites) {
  Bytes values;
  for (int i = 0; i < 5000; ++i) values = joined({std::move(values), text(""), text("")});
  const auto field = joined({text("sdk"), leb(5000), values});
  const auto info = info_of(module_of({custom("producers", items({field}))}));
  EXPECT_EQ(info.producers.size(), 256U);
}

TEST(ModuleInfoTest, KeepsTheLinesOfAModuleThatCarriesThem) {
  const auto without = module_with_body({kEnd});
  const auto with = joined({without, custom(".debug_line", bytes({1, 2, 3}))});
  EXPECT_EQ(info_of(without).source_lines, nullptr);
  EXPECT_NE(info_of(with).source_lines, nullptr);
  EXPECT_NE(describe_module(with, FeatureSet::all())->source_lines, nullptr);
}

TEST(ModuleInfoTest, ReadsOnManyThreadsAtOnce) {
  const auto wasm = good_module();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&wasm] {
      for (int j = 0; j < 50; ++j) EXPECT_TRUE(read_module(wasm, FeatureSet::all()));
    });
  }
}

// --- What is refused
// -------------------------------------------------------------------------------

TEST(ModuleInfoTest, SaysThatNothingIsNotWebAssembly) {
  EXPECT_EQ(refusal({}), "not WebAssembly: it is empty");
}

TEST(ModuleInfoTest, SaysThatOtherBytesAreNotWebAssembly) {
  for (const auto* other : {"\x7f"
                            "ELF\x02\x01\x01",
                            "a", "hello, world", "asm\x01"}) {
    EXPECT_THAT(refusal_of_text(other), HasSubstr("not WebAssembly: it does not begin with"));
  }
}

TEST(ModuleInfoTest, RecognisesTheTextFormat) {
  for (const auto* source : {"(module)", "\n  (module $a", ";; mine\n(module)", "(; a ;)"}) {
    EXPECT_THAT(refusal_of_text(source), HasSubstr("text format"));
  }
}

TEST(ModuleInfoTest, RecognisesAComponent) {
  EXPECT_THAT(refusal(bytes({0, 'a', 's', 'm', 0x0d, 0, 1, 0})),
              HasSubstr("this is a component, not a module: "));
}

TEST(ModuleInfoTest, RefusesAnotherVersion) {
  EXPECT_EQ(refusal(bytes({0, 'a', 's', 'm', 2, 0, 0, 0})),
            "not a valid module: unknown binary version:        0x2 (at offset 0x4)");
}

TEST(ModuleInfoTest, RefusesAModuleThatIsCutShortAnywhere) {
  const auto wasm = good_module();
  std::vector<std::size_t> ends{8};  // A file that ends with a section may be a module, too.
  for (const auto& section : info_of(wasm).sections) ends.push_back(section.offset + section.size);
  for (std::size_t size = 1; size < wasm.size(); ++size) {
    if (std::ranges::count(ends, size) != 0) continue;
    // A copy of its own, so that the sanitizer sees a read past the end.
    const Bytes prefix{wasm.begin(), wasm.begin() + static_cast<std::ptrdiff_t>(size)};
    EXPECT_THAT(refusal(prefix), HasSubstr("; the file is cut short")) << size;
  }
}

TEST(ModuleInfoTest, SaysWhatIsWrongInABodyAndWhere) {
  EXPECT_EQ(refusal(module_with_body({0x42, 0, 0x45, kDrop, kEnd})),  // i64.const; i32.eqz
            "not a valid module: type mismatch: expected i32, found i64 (at offset 0x19)");
}

TEST(ModuleInfoTest, RefusesBodiesThatAreMissingOrTooMany) {
  const auto types = section(1, items({bytes({0x60, 0, 0})}));
  EXPECT_THAT(refusal(module_of({types, section(3, items({leb(0)}))})),
              HasSubstr("function section has non-zero count but code section is absent"));
  EXPECT_THAT(refusal(module_of({types, section(10, items({sized(bytes({0, kEnd}))}))})),
              HasSubstr("function section is absent but code section has non-zero count"));
}

TEST(ModuleInfoTest, RefusesNamesThatAreNotUtf8) {
  EXPECT_THAT(refusal(module_of({section(
                  2, items({joined({bytes({1, 0xff}), text("f"), bytes({3, kI32, 0})})}))})),
              HasSubstr("malformed UTF-8"));
}

TEST(ModuleInfoTest, RefusesTheSameExportTwiceSectionsOutOfOrderAndUnknownSections) {
  const auto memory = section(5, items({bytes({0, 1})}));
  const auto name = joined({text("m"), bytes({2, 0})});
  EXPECT_THAT(refusal(module_of({memory, section(7, items({name, name}))})),
              HasSubstr("duplicate export name `m`"));
  EXPECT_THAT(refusal(module_of({memory, section(4, items({}))})),
              HasSubstr("section out of order"));
  EXPECT_THAT(refusal(module_of({memory, memory})), HasSubstr("section out of order"));
  EXPECT_THAT(refusal(module_of({section(99, {})})), HasSubstr("malformed section id: 99"));
}

TEST(ModuleInfoTest, RefusesCountsOfWhatIsNotThereAtOnce) {
  for (unsigned id = 1; id <= 13; ++id) {
    const auto wasm = module_of({section(id, bytes({0xff, 0xff, 0xff, 0xff, 0x0f}))});
    const auto info = read_module(wasm, FeatureSet::all());
    ASSERT_FALSE(info) << id;
    EXPECT_THAT(info.error().code(), AnyOf(Errc::invalid_module, Errc::limit_exceeded)) << id;
  }
}

TEST(ModuleInfoTest, SurvivesEveryChangeOfOneByte) {
  const auto good = good_module();
  std::size_t valid = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto wasm = good;
    for (unsigned value = 0; value < 256; ++value) {
      wasm[at] = static_cast<std::byte>(value);
      const auto info = read_module(wasm, FeatureSet::all());
      if (info) {
        ++valid;
        ASSERT_EQ(info->exports.size(), info->export_indices.size());
      } else {
        ASSERT_THAT(info.error().code(), AnyOf(Errc::invalid_module, Errc::limit_exceeded))
            << info.error().message();
        ASSERT_NE(info.error().message(), "");
      }
    }
  }
  EXPECT_GE(valid, good.size());  // Once for each byte, it is what it was.
}

TEST(ModuleInfoTest, RefusesMoreSectionsThanAModuleHas) {
  Bytes wasm = module_of({});
  for (int i = 0; i < 100'001; ++i) {
    for (const unsigned value : {0U, 1U, 0U}) wasm.push_back(static_cast<std::byte>(value));
  }
  const auto info = read_module(wasm, FeatureSet::all());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), Errc::limit_exceeded);
  EXPECT_EQ(info.error().message(), "the module has more sections than the limit of 100000");
}

TEST(ModuleInfoTest, RefusesMoreImportsThanAModuleHas) {
  Bytes imports = leb(10'001);
  for (int i = 0; i < 10'001; ++i) imports.insert(imports.end(), 4, std::byte{});  // "" "" func 0
  const auto wasm = module_of({section(1, items({bytes({0x60, 0, 0})})), section(2, imports)});
  const auto info = read_module(wasm, FeatureSet::all());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), Errc::limit_exceeded);
  EXPECT_EQ(info.error().message(), "the module has more imports than the limit of 10000");
}

TEST(ModuleInfoTest, RefusesMoreExportsThanAModuleHas) {
  Bytes exports = leb(100'001);
  for (unsigned i = 0; i < 100'001; ++i) {
    const auto name = text(std::to_string(i));
    exports.insert(exports.end(), name.begin(), name.end());
    exports.insert(exports.end(), {std::byte{2}, std::byte{0}});
  }
  const auto wasm = module_of({section(5, items({bytes({0, 1})})), section(7, exports)});
  const auto info = read_module(wasm, FeatureSet::all());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), Errc::limit_exceeded);
  EXPECT_EQ(info.error().message(), "the module has more exports than the limit of 100000");
}

/// What is said of a module under limits that it does not meet.
std::string beyond(const ModuleLimits& limits, const Bytes& wasm) {
  EXPECT_TRUE(read_module(wasm, FeatureSet::all()));
  const auto info = read_module(wasm, FeatureSet::all(), limits);
  if (info) return "(it is within the limits)";
  EXPECT_EQ(info.error().code(), Errc::limit_exceeded);
  return info.error().message();
}

TEST(ModuleInfoTest, RefusesAModuleThatIsBeyondTheLimits) {
  const auto type = section(1, items({bytes({0x60, 0, 0})}));
  const auto import = items({joined({text(""), text(""), bytes({0, 0})}),
                             joined({text(""), text(""), bytes({3, kI32, 0})})});
  const auto function = sized(bytes({0, kEnd}));
  const auto two = module_of(
      {type, section(2, import), section(3, items({leb(0)})),
       section(6, items({bytes({kI32, 0, 0x41, 0, kEnd})})),
       section(7, items({joined({text("a"), bytes({0, 0})}), joined({text("b"), bytes({0, 0})})})),
       section(10, items({function}))});
  EXPECT_EQ(beyond({.bytes = two.size() - 1}, two),
            "the module is of " + std::to_string(two.size()) + " bytes; the limit is " +
                std::to_string(two.size() - 1));
  EXPECT_EQ(beyond({.functions = 1}, two), "the module has more functions than the limit of 1");
  EXPECT_EQ(beyond({.globals = 1}, two), "the module has more globals than the limit of 1");
  EXPECT_EQ(beyond({.imports = 1}, two), "the module has more imports than the limit of 1");
  EXPECT_EQ(beyond({.exports = 1}, two), "the module has more exports than the limit of 1");
  EXPECT_TRUE(read_module(two, FeatureSet::all(),
                          {.bytes = two.size(),
                           .function_bytes = 2,
                           .functions = 2,
                           .globals = 2,
                           .imports = 2,
                           .exports = 2,
                           .data_segments = 0,
                           .element_segments = 0,
                           .locals = 0,
                           .nesting = 0}));
}

TEST(ModuleInfoTest, RefusesMoreSegmentsThanTheLimits) {
  const auto data = bytes({0, 0x41, 0, kEnd, 0});
  const auto with_data =
      module_of({section(5, items({bytes({0, 1})})), section(11, items({data}))});
  EXPECT_EQ(beyond({.data_segments = 0}, with_data),
            "the module has more data segments than the limit of 0");
  const auto counted = module_of({section(12, leb(1)), section(11, items({bytes({1, 0})}))});
  EXPECT_EQ(beyond({.data_segments = 0}, counted),
            "the module has more data segments than the limit of 0");
  const auto with_elements =
      module_of({section(4, items({bytes({0x70, 0, 1})})), section(9, items({data}))});
  EXPECT_EQ(beyond({.element_segments = 0}, with_elements),
            "the module has more element segments than the limit of 0");
}

TEST(ModuleInfoTest, RefusesAFunctionThatIsBeyondTheLimits) {
  const auto nested = module_with_body({0x02, 0x40, 0x03, 0x40, kEnd, kEnd, kEnd});
  EXPECT_EQ(beyond({.nesting = 1}, nested),
            "the module has more blocks nested in one function than the limit of 1");
  EXPECT_TRUE(read_module(nested, FeatureSet::all(), {.nesting = 2}));
  EXPECT_EQ(beyond({.function_bytes = 5}, nested),
            "the module has more bytes of code in one function than the limit of 5");
  const auto locals =
      module_of({section(1, items({bytes({0x60, 1, kI32, 0})})), section(3, items({leb(0)})),
                 section(10, items({sized(bytes({1, 2, kI32, kEnd}))}))});
  EXPECT_EQ(beyond({.locals = 2}, locals),
            "the module has more locals in one function than the limit of 2");
  EXPECT_TRUE(read_module(locals, FeatureSet::all(), {.locals = 3}));  // Its parameter is one.
}

TEST(ModuleInfoTest, RefusesImportsWhoseTypesWouldFillTheMemory) {
  const Bytes parameters(1000, static_cast<std::byte>(kI32));
  const auto type = joined({bytes({0x60}), sized(parameters), bytes({0})});
  Bytes imports = leb(5000);
  for (int i = 0; i < 5000; ++i) imports.insert(imports.end(), 4, std::byte{});
  EXPECT_THAT(refusal(module_of({section(1, items({type})), section(2, imports)})),
              HasSubstr("effective type size exceeds the limit of 1000000"));
}

TEST(ModuleInfoTest, RefusesExportsWhoseTypesWouldFillTheMemory) {
  const Bytes parameters(1000, static_cast<std::byte>(kI32));
  const auto type = joined({bytes({0x60}), sized(parameters), bytes({0})});
  Bytes exports = leb(5000);
  for (unsigned i = 0; i < 5000; ++i) {
    const auto name = text(std::to_string(i));
    exports.insert(exports.end(), name.begin(), name.end());
    exports.insert(exports.end(), {std::byte{0}, std::byte{0}});
  }
  const auto import = joined({text(""), text(""), bytes({0, 0})});
  EXPECT_THAT(refusal(module_of(
                  {section(1, items({type})), section(2, items({import})), section(7, exports)})),
              HasSubstr("effective type size exceeds the limit of 1000000"));
}

// --- Features
// --------------------------------------------------------------------------------------

TEST(ModuleInfoTest, AProposalIsRefusedUnlessItIsAllowed) {
  const auto wasm = module_with_body({0x41, 0, 0xc0, kDrop, kEnd});  // i32.extend8_s
  EXPECT_TRUE(read_module(wasm, {Feature::sign_extension}));
  EXPECT_EQ(refusal(wasm, all_but(Feature::sign_extension)),
            "the engine lacks what the module needs: sign-extension-ops");
}

struct Needing {
  Feature feature;
  Bytes wasm;
};

/// For each feature a module that needs it and nothing else, as far as that can be.
std::vector<Needing> modules_needing() {
  const auto no_type = section(1, items({bytes({0x60, 0, 0})}));
  const auto one_memory = section(5, items({bytes({0, 1})}));
  const auto exported_global = module_of({section(6, items({bytes({kI32, 1, 0x41, 0, kEnd})})),
                                          section(7, items({joined({text("g"), bytes({3, 0})})}))});
  const auto copying = module_of(
      {no_type, section(3, items({leb(0)})), one_memory,
       section(10, items({sized(bytes({0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 0, 0, kEnd}))}))});
  const auto adding =
      module_of({section(6, items({bytes({kI32, 0, 0x41, 1, 0x41, 2, 0x6a, kEnd})}))});
  const auto tag = module_of({no_type, section(13, items({bytes({0, 0})}))});
  const auto wide = module_with_body({0x42, 0, 0x42, 0, 0xfc, 0x15, kDrop, kDrop, kEnd});
  return {{Feature::mutable_globals, exported_global},
          {Feature::sign_extension, module_with_body({0x41, 0, 0xc0, kDrop, kEnd})},
          {Feature::saturating_float_to_int,
           module_with_body({0x43, 0, 0, 0, 0, 0xfc, 0, kDrop, kEnd})},
          {Feature::multi_value, module_of({section(1, items({bytes({0x60, 0, 2, kI32, kI32})}))})},
          {Feature::bulk_memory, copying},
          {Feature::reference_types, module_of({section(1, items({bytes({0x60, 1, 0x70, 0})}))})},
          {Feature::simd, module_of({section(1, items({bytes({0x60, 1, 0x7b, 0})}))})},
          {Feature::tail_call, module_with_body({0x12, 0, kEnd})},
          {Feature::extended_const, adding},
          {Feature::multi_memory, module_of({section(5, items({bytes({0, 1}), bytes({0, 1})}))})},
          {Feature::memory64, module_of({section(5, items({bytes({4, 1})}))})},
          {Feature::threads, module_of({section(5, items({bytes({3, 1, 1})}))})},
          {Feature::exceptions, tag},
          {Feature::wide_arithmetic, wide},
          {Feature::custom_page_sizes, module_of({section(5, items({bytes({8, 1, 0})}))})}};
}

TEST(ModuleInfoTest, EachProposalHasItsOwnBit) {
  for (const auto& [feature, wasm] : modules_needing()) {
    EXPECT_NE(refusal(wasm, all_but(feature)), "(it is valid)") << to_string(feature);
    const auto needed = features_needed(wasm);
    ASSERT_TRUE(needed) << to_string(feature) << ": " << needed.error().message();
    EXPECT_TRUE(needed->contains(feature)) << to_string(feature);
    EXPECT_TRUE(read_module(wasm, *needed)) << to_string(*needed);
  }
}

TEST(ModuleInfoTest, ProposalsThatBuildOnOthersNeedThose) {
  const auto relaxed = module_with_body(  // v128.const twice, i8x16.relaxed_swizzle
      {0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0xfd,  12,  0,
       0,    0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0x80, 2, kDrop, kEnd});
  EXPECT_EQ(features_needed(relaxed), (FeatureSet{Feature::simd, Feature::relaxed_simd}));

  const auto array = module_of({section(1, items({bytes({0x5e, kI32, 0})}))});
  EXPECT_EQ(features_needed(array), FeatureSet{Feature::gc});

  const auto external = module_of({section(1, items({bytes({0x60, 1, 0x6f, 0})}))});
  EXPECT_EQ(features_needed(external), (FeatureSet{Feature::reference_types, Feature::externref}));

  const auto of_functions = module_of({section(1, items({bytes({0x60, 1, 0x70, 0})}))});
  EXPECT_EQ(features_needed(of_functions), FeatureSet{Feature::reference_types});

  const auto typed =
      module_of({section(1, items({bytes({0x60, 0, 0}), bytes({0x60, 1, 0x64, 0, 0})}))});
  EXPECT_EQ(features_needed(typed),
            (FeatureSet{Feature::reference_types, Feature::function_references}));

  const auto legacy = module_with_body({0x06, 0x40, 0x19, kEnd, kEnd});  // try catch_all end
  EXPECT_EQ(features_needed(legacy), FeatureSet{Feature::legacy_exceptions});

  const auto continuation = module_of({section(1, items({bytes({0x60, 0, 0}), bytes({0x5d, 0})}))});
  ASSERT_TRUE(features_needed(continuation));
  EXPECT_TRUE(features_needed(continuation)->contains(Feature::stack_switching));
}

TEST(ModuleInfoTest, AModuleOfTheFirstVersionNeedsNothing) {
  EXPECT_EQ(features_needed(good_module()), FeatureSet{});
}

TEST(ModuleInfoTest, WhatIsNotValidWithAnythingHasNoNeeds) {
  const auto needed = features_needed(module_with_body({kDrop, kEnd}));
  ASSERT_FALSE(needed);
  EXPECT_EQ(needed.error().code(), Errc::invalid_module);
  EXPECT_THAT(needed.error().message(), HasSubstr("nothing on stack"));
}

TEST(ModuleInfoTest, AnInstructionThatDoesNotExistIsNoProposal) {
  EXPECT_THAT(refusal(module_with_body({0xff, kUnreachable, kEnd})), HasSubstr("illegal opcode"));
}

TEST(ModuleInfoTest, ADeclaredPageSizeIsReported) {
  const auto info = info_of(module_of({section(5, items({bytes({8, 9, 0})}))}));
  EXPECT_THAT(info.memories, ElementsAre(MemoryType{9, std::nullopt, 1, false, false}));
}

// --- Limits
// ----------------------------------------------------------------------------------------

MemoryType memory_of_pages(std::uint64_t pages) {
  return {
      .pages_min = pages, .pages_max = {}, .page_bytes = 65536, .shared = false, .is_64 = false};
}

std::string excess(const ModuleInfo& module, const InstanceLimits& limits) {
  const auto fits = check_declared(module, limits);
  if (fits) return "(it fits)";
  EXPECT_EQ(fits.error().code(), Errc::limit_exceeded);
  return fits.error().message();
}

TEST(CheckDeclaredTest, AllowsWhatIsJustWithinTheLimits) {
  ModuleInfo module;
  module.memories = {memory_of_pages(2)};
  module.tables = {{7, std::nullopt}};
  EXPECT_TRUE(check_declared(
      module, {.memory_bytes = 131072, .table_elements = 7, .memories = 1, .tables = 1}));
}

TEST(CheckDeclaredTest, DoesNotMindWhatTheModuleMayGrowTo) {
  ModuleInfo module;
  module.memories = {memory_of_pages(1)};
  module.memories[0].pages_max = 65536;
  module.tables = {{1, 4'000'000'000}};
  EXPECT_TRUE(check_declared(module, {.memory_bytes = 65536, .table_elements = 1}));
}

TEST(CheckDeclaredTest, RefusesAMemoryThatIsTooLarge) {
  ModuleInfo module;
  module.memories = {memory_of_pages(16)};
  EXPECT_EQ(excess(module, {.memory_bytes = 65536}),
            "the module declares a memory of 1048576 bytes; the limit is 65536");
}

TEST(CheckDeclaredTest, RefusesAMemoryWhoseSizeCannotBeCounted) {
  ModuleInfo module;
  module.memories = {memory_of_pages(std::uint64_t{1} << 48U)};
  EXPECT_EQ(excess(module, {.memory_bytes = std::size_t(-1)}),
            "the module declares a memory of 281474976710656 pages of 65536 bytes; the limit is "
            "18446744073709551615 bytes");
}

TEST(CheckDeclaredTest, LooksAtEveryMemory) {
  ModuleInfo module;
  module.memories = {memory_of_pages(0), memory_of_pages(3)};
  EXPECT_EQ(excess(module, {.memory_bytes = 131072, .memories = 2}),
            "the module declares a memory of 196608 bytes; the limit is 131072");
}

TEST(CheckDeclaredTest, RefusesATableThatIsTooLarge) {
  ModuleInfo module;
  module.tables = {{1, std::nullopt}, {101, std::nullopt}};
  EXPECT_EQ(excess(module, {.table_elements = 100}),
            "the module declares a table of 101 elements; the limit is 100");
}

TEST(CheckDeclaredTest, RefusesTooManyMemoriesOrTables) {
  ModuleInfo module;
  module.memories = {memory_of_pages(0), memory_of_pages(0)};
  EXPECT_EQ(excess(module, {.memories = 1}), "the module declares 2 memories; the limit is 1");
  module.memories.clear();
  module.tables.resize(3);
  EXPECT_EQ(excess(module, {.tables = 2}), "the module declares 3 tables; the limit is 2");
}

TEST(CheckDeclaredTest, CountsWhatIsImported) {
  const auto module =
      info_of(module_of({section(2, items({joined({text("e"), text("m"), bytes({2, 0, 5})})}))}));
  EXPECT_EQ(excess(module, {.memory_bytes = 65536}),
            "the module declares a memory of 327680 bytes; the limit is 65536");
}

}  // namespace
}  // namespace wapc
