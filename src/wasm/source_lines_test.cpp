#include "wasm/source_lines.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace wapc {
namespace {

// --- DWARF, byte by byte -------------------------------------------------------------------------

void append(Bytes& whole, const Bytes& part) {
  whole.insert(whole.end(), part.begin(), part.end());
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes result;
  for (const auto& part : parts) append(result, part);
  return result;
}

Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes result;
  for (const auto value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

Bytes fixed(std::uint64_t value, unsigned size) {
  Bytes result;
  for (unsigned i = 0; i < size; ++i) result.push_back(static_cast<std::byte>(value >> (8 * i)));
  return result;
}

Bytes leb(std::uint64_t value) {
  Bytes result;
  for (; value >= 0x80; value >>= 7U) result.push_back(static_cast<std::byte>(value | 0x80U));
  result.push_back(static_cast<std::byte>(value));
  return result;
}

/// The characters, and a zero.
Bytes string(std::string_view characters) {
  const auto view = as_bytes(characters);
  return joined({{view.begin(), view.end()}, bytes({0})});
}

Bytes set_address(std::uint32_t address) {
  return joined({bytes({0, 5, 2}), fixed(address, 4)});
}

/// A row that is so much further on than the one before; lines are less than 64 apart.
Bytes row(unsigned addresses, unsigned lines, unsigned file = 1) {
  return joined({bytes({4, file, 2}), leb(addresses), bytes({3, lines, 1})});
}

Bytes end(unsigned addresses) {
  return joined({bytes({2}), leb(addresses), bytes({0, 1, 1})});
}

struct File {
  std::string_view name;
  unsigned directory = 0;
};

Bytes directories_and_files(unsigned version, std::initializer_list<std::string_view> directories,
                            std::initializer_list<File> files) {
  Bytes result;
  if (version < 5) {
    for (const auto name : directories) result = joined({result, string(name)});
    result = joined({result, bytes({0})});
    for (const auto& [name, at] : files) result = joined({result, string(name), bytes({at, 0, 0})});
    return joined({result, bytes({0})});
  }
  // Directory 0 is where the compiler ran, and file 0 is there again as file 1: as compilers do it.
  result = joined({bytes({1, 1, 8}), leb(directories.size() + 1), string("/builds/job/17")});
  for (const auto name : directories) result = joined({result, string(name)});
  result = joined({result, bytes({2, 1, 8, 2, 0x0b}), leb(files.size() + 1)});
  const auto first = *files.begin();
  result = joined({result, string(first.name), bytes({first.directory})});
  for (const auto& [name, at] : files) result = joined({result, string(name), bytes({at})});
  return result;
}

/// A line program, with these tables after what each header begins with.
Bytes program_with(unsigned version, const Bytes& tables, const Bytes& instructions) {
  const auto operations = version < 4 ? Bytes{} : bytes({1});
  const auto header =
      joined({bytes({1}), operations, bytes({1, 0, 1, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1}), tables});
  const auto sizes = version < 5 ? Bytes{} : bytes({4, 0});
  const auto unit =
      joined({fixed(version, 2), sizes, fixed(header.size(), 4), header, instructions});
  return joined({fixed(unit.size(), 4), unit});
}

Bytes program(unsigned version, std::initializer_list<std::string_view> directories,
              std::initializer_list<File> files, const Bytes& instructions) {
  return program_with(version, directories_and_files(version, directories, files), instructions);
}

/// A program with the one file `a.c`.
Bytes program(const Bytes& instructions) {
  return program(4, {}, {{"a.c"}}, instructions);
}

// --- Modules -------------------------------------------------------------------------------------

const Section kCode{"code", 1000, 500};

/// The lines of a module with 500 bytes of code, from byte 1,000 of the file on.
SourceLines lines_of(const Bytes& debug_line, const Bytes& debug_line_str = {}) {
  return SourceLines{debug_line, debug_line_str, kCode};
}

/// What is known of an address in the code, as `file:line`; empty when nothing is.
std::string at(const SourceLines& lines, std::size_t address) {
  const auto found = lines.at(kCode.offset + address);
  return found ? std::string{found->file} + ":" + std::to_string(found->line) : "";
}

bool knows_nothing(const SourceLines& lines) {
  for (std::size_t address = 0; address < kCode.size; ++address) {
    if (!at(lines, address).empty()) return false;
  }
  return true;
}

/// Two functions, at 10 to 30 and at 40 to 50.
const Bytes kTwoFunctions = joined({set_address(10), row(0, 4), row(5, 2), row(5, 1), end(10),
                                    set_address(40), row(0, 20), end(10)});

class SourceLinesVersionTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(SourceLinesVersionTest, KnowsTheLineFromOneRowToTheNext) {
  const auto lines = lines_of(program(GetParam(), {}, {{"a.c"}}, kTwoFunctions));
  EXPECT_EQ(at(lines, 10), "a.c:5");
  EXPECT_EQ(at(lines, 14), "a.c:5");
  EXPECT_EQ(at(lines, 15), "a.c:7");
  EXPECT_EQ(at(lines, 29), "a.c:8");
  EXPECT_EQ(at(lines, 49), "a.c:21");
}

TEST_P(SourceLinesVersionTest, NamesFilesFromWhereTheCompilerRan) {
  const auto lines =
      lines_of(program(GetParam(), {"src", "/usr/include/"},
                       {{"main.c"}, {"a.c", 1}, {"b.h", 2}, {"/other/c.h", 1}, {"none.c", 9}},
                       joined({set_address(10), row(0, 0, 1), row(1, 0, 2), row(1, 0, 3),
                               row(1, 0, 4), row(1, 0, 5), row(1, 0, 99), end(1)})));
  EXPECT_EQ(at(lines, 10), "main.c:1");
  EXPECT_EQ(at(lines, 11), "src/a.c:1");
  EXPECT_EQ(at(lines, 12), "/usr/include/b.h:1");
  EXPECT_EQ(at(lines, 13), "/other/c.h:1");
  EXPECT_EQ(at(lines, 14), "none.c:1");
  EXPECT_EQ(at(lines, 15), "");  // There is no such file.
}

INSTANTIATE_TEST_SUITE_P(OfDwarf, SourceLinesVersionTest, ::testing::Values(2, 3, 4, 5));

TEST(SourceLinesTest, ReadsAddressesOf64Bits) {
  const auto instructions = joined({bytes({0, 9, 2}), fixed(10, 8), row(0, 4), end(10)});
  for (const unsigned version : {4U, 5U}) {
    auto whole = program(version, {}, {{"a.c"}}, instructions);
    if (version == 5) whole[6] = std::byte{8};  // Which says so.
    EXPECT_EQ(at(lines_of(whole), 10), "a.c:5");
  }
}

TEST(SourceLinesTest, FollowsNamesIntoTheSectionForThem) {
  const auto tables = joined(
      {bytes({1, 1, 0x1f, 1}), fixed(0, 4), bytes({1, 1, 0x1f, 2}), fixed(5, 4), fixed(4000, 4)});
  const auto lines = lines_of(
      program_with(5, tables, joined({set_address(10), row(0, 0, 0), row(1, 0, 1), end(1)})),
      joined({string("/job"), string("a.c")}));
  EXPECT_EQ(at(lines, 10), "a.c:1");
  EXPECT_EQ(at(lines, 11), "");  // Its name would be beyond the section.
}

TEST(SourceLinesTest, KnowsNothingOfWhatIsNoCodeOrWhollyUnknown) {
  const auto lines = lines_of(program(kTwoFunctions));
  for (const std::size_t address : {0U, 8U, 30U, 38U, 50U, 499U}) EXPECT_EQ(at(lines, address), "");
  for (const std::size_t offset : {0U, 999U, 1500U, 5000U})
    EXPECT_EQ(lines.at(offset), std::nullopt);
}

TEST(SourceLinesTest, TakesAFunctionsStartForItsFirstLine) {
  const auto lines = lines_of(program(kTwoFunctions));
  EXPECT_EQ(at(lines, 9), "a.c:5");
  EXPECT_EQ(at(lines, 39), "a.c:21");
}

TEST(SourceLinesTest, KnowsNoLineOfWhatTheCompilerAdded) {
  const auto lines = lines_of(
      program(joined({set_address(10), row(0, 4), bytes({3, 0x7b, 2, 5, 1}), row(1, 9), end(10)})));
  EXPECT_EQ(at(lines, 14), "a.c:5");
  EXPECT_EQ(at(lines, 15), "");
  EXPECT_EQ(at(lines, 16), "a.c:9");
}

TEST(SourceLinesTest, TheLastRowOfAnAddressCounts) {
  const auto lines = lines_of(program(joined({set_address(10), row(0, 4), row(0, 2), end(10)})));
  EXPECT_EQ(at(lines, 10), "a.c:7");
}

TEST(SourceLinesTest, PutsSequencesInOrder) {
  const auto lines = lines_of(program(joined({set_address(40), row(0, 20), end(10),  //
                                              set_address(10), row(0, 4), end(30)})));
  EXPECT_EQ(at(lines, 39), "a.c:5");
  EXPECT_EQ(at(lines, 40), "a.c:21");
  EXPECT_EQ(at(lines, 50), "");
}

TEST(SourceLinesTest, LeavesOutFunctionsThatTheLinkerDropped) {
  for (const auto address : {0U, 500U, 0xFFFF'FFFEU, 0xFFFF'FFFFU}) {
    const auto dropped = joined({set_address(address), row(0, 1), row(15, 1), end(40)});
    const auto lines = lines_of(program(joined({kTwoFunctions, dropped})));
    EXPECT_EQ(at(lines, 10), "a.c:5") << address;
    EXPECT_EQ(at(lines, 20), "a.c:8") << address;
    EXPECT_EQ(at(lines, 35), "") << address;
    EXPECT_EQ(at(lines, 499), "") << address;
  }
}

TEST(SourceLinesTest, ASequenceWithoutCodeEndsNoOther) {
  const auto lines = lines_of(program(joined({kTwoFunctions, set_address(12), row(0, 9), end(0)})));
  EXPECT_EQ(at(lines, 13), "a.c:5");
}

TEST(SourceLinesTest, StandsSequencesThatOverlap) {
  const auto lines = lines_of(program(joined(
      {set_address(10), row(0, 4), end(400), kTwoFunctions, set_address(5), row(0, 9), end(60)})));
  EXPECT_EQ(at(lines, 10), "a.c:5");
}

TEST(SourceLinesTest, AFlawedProgramCostsItsOwnLines) {
  auto flawed = program(kTwoFunctions);
  flawed[4] = std::byte{9};  // Its version.
  const auto lines = lines_of(joined({flawed, program(4, {}, {{"b.c"}}, kTwoFunctions)}));
  EXPECT_EQ(at(lines, 10), "b.c:5");
}

TEST(SourceLinesTest, KeepsTheSequencesBeforeTheFlaw) {
  const auto flaw = joined({set_address(100), row(0, 1), bytes({2, 0xff})});
  const auto lines = lines_of(program(joined({kTwoFunctions, flaw})));
  EXPECT_EQ(at(lines, 10), "a.c:5");
  EXPECT_EQ(at(lines, 100), "");
}

// --- What is hostile -----------------------------------------------------------------------------

TEST(SourceLinesTest, StandsWhatIsCutShortAnywhere) {
  for (const unsigned version : {4U, 5U}) {
    const auto whole = program(version, {"src"}, {{"a.c", 1}}, kTwoFunctions);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto middle = whole.begin() + static_cast<std::ptrdiff_t>(size);
      EXPECT_TRUE(knows_nothing(lines_of({whole.begin(), middle}))) << size;
    }
  }
}

TEST(SourceLinesTest, StandsAnyByteInAnyPlace) {
  for (const unsigned version : {2U, 5U}) {
    const auto whole = program(version, {"src"}, {{"a.c", 1}}, kTwoFunctions);
    for (std::size_t place = 0; place < whole.size(); ++place) {
      for (const unsigned value : {0U, 1U, 0x7FU, 0x80U, 0xFEU, 0xFFU}) {
        auto changed = whole;
        changed[place] = static_cast<std::byte>(value);
        const auto lines = lines_of(changed);
        for (std::size_t address = 0; address < 60; ++address) at(lines, address);
      }
    }
  }
}

TEST(SourceLinesTest, StandsCountsThatAreTooLarge) {
  const auto counts = joined({bytes({1, 1, 8}), Bytes(9, std::byte{0xFF}), bytes({1})});
  EXPECT_TRUE(knows_nothing(lines_of(program_with(5, counts, kTwoFunctions))));
}

TEST(SourceLinesTest, LeavesOutAProgramWithTooManyFilesAndDirectories) {
  const auto names = program(4, {std::string(300'000, 'x')}, {{"a.c", 1}}, kTwoFunctions);
  EXPECT_TRUE(knows_nothing(lines_of(names)));
  EXPECT_EQ(at(lines_of(joined({names, program(kTwoFunctions)})), 10), "a.c:5");
}

TEST(SourceLinesTest, ShowsTheEndOfALongName) {
  const auto lines = lines_of(program(4, {std::string(500, 'd')}, {{"a.c", 1}}, kTwoFunctions));
  EXPECT_EQ(at(lines, 10), std::string(196, 'd') + "/a.c:5");
}

TEST(SourceLinesTest, LooksAtThePartOfANameThatWouldBeShown) {
  // 40,000 files, named by a string of 15 MiB.
  constexpr unsigned kFiles = 40'000;
  Bytes tables = joined({bytes({1, 1, 0x1f, 0, 1, 1, 0x1f}), leb(kFiles)});
  tables.resize(tables.size() + std::size_t{4} * kFiles);
  Bytes rows = set_address(10);
  for (unsigned file = 0; file < kFiles; ++file) {
    append(rows, joined({bytes({4}), leb(file), bytes({1})}));
  }
  const auto lines =
      lines_of(program_with(5, tables, joined({rows, end(10)})), Bytes(15U << 20U, std::byte{'x'}));
  EXPECT_EQ(at(lines, 10), std::string(200, 'x') + ":1");
}

TEST(SourceLinesTest, KnowsNothingOfAModuleWithTooManyLines) {
  // Each row is at another address and of another line than the one before.
  const auto two = bytes({2, 1, 3, 1, 1, 2, 1, 3, 0x7f, 1});
  Bytes rows(1'000'001 * two.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = two[i % two.size()];
  rows = joined({set_address(10), rows});
  const SourceLines lines{program(joined({rows, end(1)})), {}, {"code", 0, 1U << 30U}};
  EXPECT_EQ(lines.at(10), std::nullopt);
  EXPECT_EQ(lines.at(11), std::nullopt);
}

TEST(SourceLinesTest, KnowsNothingOfAModuleWithTooManyFiles) {
  constexpr unsigned kFilesEach = 22'000;
  Bytes programs;
  for (unsigned first = 0; first <= 65'536; first += kFilesEach) {
    Bytes tables = bytes({0});
    Bytes rows = set_address(10);
    for (unsigned file = 1; file <= kFilesEach; ++file) {
      append(tables, joined({string(std::to_string(first + file)), bytes({0, 0, 0})}));
      append(rows, joined({bytes({4}), leb(file), bytes({1})}));
    }
    append(tables, bytes({0}));
    const auto next = program_with(4, tables, joined({rows, end(1)}));
    EXPECT_FALSE(knows_nothing(lines_of(next)));
    append(programs, next);
  }
  EXPECT_TRUE(knows_nothing(lines_of(programs)));
}

// --- Of modules ----------------------------------------------------------------------------------

struct Carrier {
  Bytes wasm;
  std::vector<Section> sections;
};

/// What a module would hold, as far as it is looked at.
Carrier carrier(const Bytes& debug_line, const Bytes& name_size) {
  const std::string_view name = ".debug_line";
  const auto view = as_bytes(name);
  const auto section = joined({name_size, {view.begin(), view.end()}, debug_line});
  return {joined({Bytes(kCode.offset + kCode.size), section}),
          {kCode, {"custom .debug_line", kCode.offset + kCode.size, section.size()}}};
}

TEST(SourceLinesTest, FindsTheirSection) {
  for (const auto& size : {bytes({11}), bytes({0x8b, 0x80, 0x80, 0})}) {
    const auto [wasm, sections] = carrier(program(kTwoFunctions), size);
    const auto lines = SourceLines::of(wasm, sections);
    ASSERT_NE(lines, nullptr);
    EXPECT_EQ(at(*lines, 10), "a.c:5");
  }
}

TEST(SourceLinesTest, AreNoneWithoutASectionOrCode) {
  auto [wasm, sections] = carrier(program(kTwoFunctions), bytes({11}));
  EXPECT_EQ(SourceLines::of(wasm, std::span{sections}.first(1)), nullptr);
  EXPECT_EQ(SourceLines::of(wasm, std::span{sections}.last(1)), nullptr);
  std::tie(wasm, sections) = std::pair{Bytes{}, std::vector<Section>{}};
  EXPECT_EQ(SourceLines::of(wasm, sections), nullptr);
}

TEST(SourceLinesTest, AreNoneWhereTheyAreTooLarge) {
  const auto [most, sections] = carrier(Bytes(SourceLines::kBytesMax), bytes({11}));
  EXPECT_NE(SourceLines::of(most, sections), nullptr);
  const auto [more, more_sections] = carrier(Bytes(SourceLines::kBytesMax + 1), bytes({11}));
  EXPECT_EQ(SourceLines::of(more, more_sections), nullptr);
}

TEST(SourceLinesTest, AreReadByManyThreadsAtOnce) {
  const auto lines = lines_of(program(kTwoFunctions));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&lines] { EXPECT_EQ(at(lines, 10), "a.c:5"); });
  }
}

}  // namespace
}  // namespace wapc
