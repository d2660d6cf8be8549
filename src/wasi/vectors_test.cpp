#include "wasi/vectors.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wapc/base/bytes.hpp"

namespace wapc::wasi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Part {
  std::uint32_t pointer;
  std::uint32_t length;
};

/// A guest's memory, with a list at its beginning.
class Guest {
 public:
  explicit Guest(const std::vector<Part>& list, std::string_view behind = "")
      : count_{static_cast<std::uint32_t>(list.size())}, memory_(list.size() * 8) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      store(memory_, i * 8, list[i].pointer);
      store(memory_, i * 8 + 4, list[i].length);
    }
    const auto bytes = as_bytes(behind);
    memory_.insert(memory_.end(), bytes.begin(), bytes.end());
  }

  void resize(std::size_t bytes) { memory_.resize(bytes); }

  [[nodiscard]] Outcome<Vectors> read() { return Vectors::read(memory_, 0, count_); }

  [[nodiscard]] Vectors read_well() { return read().value(); }

  [[nodiscard]] GuestMemory memory() { return memory_; }

 private:
  std::uint32_t count_;
  Bytes memory_;
};

std::vector<std::string> texts(std::span<const iovec> parts) {
  std::vector<std::string> texts;
  for (const auto& part : parts) {
    texts.emplace_back(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  return texts;
}

std::uint64_t sum(std::span<const iovec> parts) {
  std::uint64_t sum = 0;
  for (const auto& part : parts) sum += part.iov_len;
  return sum;
}

TEST(VectorsTest, ReadsThePartsThatHoldAnything) {
  Guest guest{{{40, 3}, {0, 0}, {43, 2}, {45, 0}, {41, 4}}, "abcde"};
  auto vectors = guest.read_well();

  EXPECT_EQ(vectors.bytes(), 9U);
  EXPECT_THAT(texts(vectors.all()), ElementsAre("abc", "de", "bcde"));
  EXPECT_EQ(vectors.all().front().iov_base, guest.memory().data() + 40);
}

TEST(VectorsTest, ReadsAListOfNothing) {
  Guest none{{}, "rest"};
  Guest empty{{{16, 0}, {0, 0}}};

  EXPECT_EQ(none.read_well().bytes(), 0U);
  EXPECT_EQ(empty.read_well().bytes(), 0U);
  EXPECT_THAT(texts(empty.read_well().all()), IsEmpty());
  EXPECT_THAT(texts(empty.read_well().first(10)), IsEmpty());
}

TEST(VectorsTest, GivesTheFirstBytesTheLastPartCut) {
  Guest guest{{{24, 3}, {27, 2}, {29, 3}}, "abcdefgh"};
  auto vectors = guest.read_well();

  EXPECT_THAT(texts(vectors.first(0)), IsEmpty());
  EXPECT_THAT(texts(vectors.first(2)), ElementsAre("ab"));
  EXPECT_THAT(texts(vectors.first(3)), ElementsAre("abc"));
  EXPECT_THAT(texts(vectors.first(6)), ElementsAre("abc", "de", "f"));
  EXPECT_THAT(texts(vectors.first(8)), ElementsAre("abc", "de", "fgh"));
  EXPECT_THAT(texts(vectors.first(9)), ElementsAre("abc", "de", "fgh"));
  EXPECT_EQ(vectors.bytes(), 8U);
}

TEST(VectorsTest, AdvancesWithinPartsAndOverTheirEnds) {
  Guest guest{{{24, 3}, {27, 2}, {29, 3}}, "abcdefgh"};
  auto vectors = guest.read_well();

  vectors.advance(0);
  vectors.advance(1);
  EXPECT_THAT(texts(vectors.all()), ElementsAre("bc", "de", "fgh"));
  EXPECT_THAT(texts(vectors.first(3)), ElementsAre("bc", "d"));
  vectors.advance(2);
  EXPECT_THAT(texts(vectors.all()), ElementsAre("de", "fgh"));
  vectors.advance(4);
  EXPECT_THAT(texts(vectors.all()), ElementsAre("h"));
  EXPECT_EQ(vectors.bytes(), 1U);
  vectors.advance(1);
  EXPECT_THAT(texts(vectors.all()), IsEmpty());
  EXPECT_EQ(vectors.bytes(), 0U);
}

TEST(VectorsTest, TakesOnlyTheFirstPartsOfAList) {
  std::vector<Part> list(Vectors::kListMax, {0, 0});
  for (std::uint32_t i = 900; i < 1000; ++i) list[i] = {i, 1};
  Guest guest{list};

  const auto vectors = guest.read_well();

  EXPECT_EQ(vectors.bytes(), Vectors::kPartsMax);
  ASSERT_EQ(vectors.all().size(), Vectors::kPartsMax);
  EXPECT_EQ(vectors.all().back().iov_base, guest.memory().data() + 900 + Vectors::kPartsMax - 1);
}

TEST(VectorsTest, StopsBelowTwoGibibytesWhenPartsOverlap) {
  constexpr std::uint32_t kPart = 70U << 20U;
  static_assert(kPart * std::uint64_t{Vectors::kPartsMax} > std::uint64_t{1} << 32U);
  Guest guest{std::vector<Part>(Vectors::kPartsMax, {0, kPart})};
  guest.resize(kPart);

  auto vectors = guest.read_well();

  EXPECT_EQ(vectors.bytes(), (std::uint64_t{1} << 31U) - 4096);
  EXPECT_EQ(sum(vectors.all()), vectors.bytes());
  EXPECT_EQ(vectors.all().size(), 30U);
  EXPECT_EQ(vectors.all().back().iov_len, vectors.bytes() - std::uint64_t{29} * kPart);
  EXPECT_EQ(sum(vectors.first(kPart + 1)), kPart + 1);
  vectors.advance(vectors.bytes());
  EXPECT_THAT(texts(vectors.all()), IsEmpty());
}

TEST(VectorsTest, FailsWithFaultWhenTheListIsNotInTheMemory) {
  Guest guest{{{0, 1}, {0, 1}}};

  EXPECT_EQ(Vectors::read(guest.memory(), 8, 2).error(), Errno::fault);
  EXPECT_EQ(Vectors::read(guest.memory(), 16, 1).error(), Errno::fault);
  EXPECT_EQ(Vectors::read(guest.memory(), 0xFFFF'FFFF, 1).error(), Errno::fault);
  EXPECT_EQ(Vectors::read(guest.memory(), 17, 0).error(), Errno::fault);
  EXPECT_TRUE(Vectors::read(guest.memory(), 16, 0).has_value());
}

TEST(VectorsTest, FailsWithFaultWhenAnyPartIsNotInTheMemory) {
  for (const Part wrong : {Part{0, 17}, Part{16, 1}, Part{17, 0}, Part{0xFFFF'FFFF, 0xFFFF'FFFF}}) {
    EXPECT_EQ((Guest{{{0, 1}, wrong}}).read().error(), Errno::fault);
  }
  std::vector<Part> list(Vectors::kPartsMax + 1, {0, 8});
  list.back() = {0xFFFF'FFFF, 1};  // Though it would not be taken.
  EXPECT_EQ(Guest{list}.read().error(), Errno::fault);
}

TEST(VectorsTest, LooksAtTheFirstOfALongList) {
  Guest guest{std::vector<Part>(Vectors::kListMax + 1, {0, 1})};

  EXPECT_EQ(guest.read()->bytes(), Vectors::kPartsMax);
  EXPECT_EQ(Vectors::read(guest.memory(), 0, 0xFFFF'FFFF).error(), Errno::fault);  // Not there.
}

TEST(VectorsTest, FailsWithInvalWhenALongListBeginsWithNothing) {
  Guest guest{std::vector<Part>(Vectors::kListMax + 1, {0, 0})};

  EXPECT_EQ(guest.read().error(), Errno::inval);
  EXPECT_EQ(Vectors::read(guest.memory(), 0, Vectors::kListMax)->bytes(), 0U);
}

TEST(VectorsTest, TakesTheFirstBytesOfKnownParts) {
  std::string text = "abcdef";
  const std::array parts{iovec{.iov_base = text.data(), .iov_len = 0},
                         iovec{.iov_base = text.data(), .iov_len = 4},
                         iovec{.iov_base = text.data() + 4, .iov_len = 2}};

  EXPECT_THAT(texts(Vectors(parts, 5).all()), ElementsAre("abcd", "e"));
  EXPECT_THAT(texts(Vectors(parts, 100).all()), ElementsAre("abcd", "ef"));
  EXPECT_EQ(Vectors(parts, 0).bytes(), 0U);
}

}  // namespace
}  // namespace wapc::wasi
