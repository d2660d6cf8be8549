// What descriptors of files and directories read, write and are.

#include <algorithm>
#include <array>
#include <map>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/wasi_test.hpp"

namespace wapc {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of these tests.
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

// Flags of preview 1.
constexpr std::uint32_t kCreate = 1;
constexpr std::uint64_t kRead = 2;
constexpr std::uint64_t kWrite = 64;
constexpr std::uint64_t kReadWrite = kRead | kWrite;
constexpr std::uint32_t kAppend = 1;
constexpr std::uint32_t kDsync = 2;
constexpr std::uint32_t kNonblock = 4;
constexpr std::uint32_t kSet = 0;
constexpr std::uint32_t kCur = 1;
constexpr std::uint32_t kEnd = 2;

class WasiFilesTest : public WasiTest {
 protected:
  /// A guest with a file `ten` of ten bytes, open for reading and writing.
  struct Opened {
    RawWasi guest;
    std::uint32_t fd;
  };

  Opened open_ten(std::uint64_t rights = kReadWrite, std::uint32_t fd_flags = 0) {
    tree().write("ten", "0123456789");
    auto guest = start(granting());
    const auto fd = open_or_fail(guest, "ten", {.rights = rights, .fd_flags = fd_flags});
    return {std::move(guest), fd};
  }
};

TEST_P(WasiFilesTest, ReadsWhereItStandsAndToTheEnd) {
  auto [guest, fd] = open_ten();
  EXPECT_EQ(read_from(guest, fd, 4), "0123");
  EXPECT_EQ(read_from(guest, fd, 0), "");
  EXPECT_EQ(read_from(guest, fd), "456789");
  EXPECT_EQ(read_from(guest, fd), "");
}

TEST_P(WasiFilesTest, ReadsAndWritesSeveralPartsAtOnce) {
  auto [guest, fd] = open_ten();
  for (std::uint32_t i = 0; i < 3; ++i) {  // 2, 0 and 3 bytes.
    guest.set<std::uint32_t>(kVector + 8 * i, kData + 100 * i);
    guest.set<std::uint32_t>(kVector + 8 * i + 4, std::array{2U, 0U, 3U}[i]);
  }
  EXPECT_EQ(guest.call("fd_read", {fd, kVector, 3, kSize}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 5U);
  EXPECT_EQ(guest.text(kData, 2) + guest.text(kData + 200, 3), "01234");

  guest.put(kData, "ab");
  guest.put(kData + 200, "cde");
  EXPECT_EQ(guest.call("fd_write", {fd, kVector, 3, kSize}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 5U);
  EXPECT_EQ(tree().read("ten"), "01234abcde");
}

TEST_P(WasiFilesTest, ReadsAFileThatIsLargerThanAPiece) {
  // More than 1 MiB would not fit into the guest; so many small files' worth, by its own size.
  const std::string text(200'000, 'x');
  tree().write("large", text);
  auto guest = start(granting());
  const auto fd = open_or_fail(guest, "large");
  std::size_t total = 0;
  for (std::string part = "-"; !part.empty(); total += part.size()) part = read_from(guest, fd);
  EXPECT_EQ(total, text.size());
}

TEST_P(WasiFilesTest, TakesTheFirst64PartsOfALongList) {
  auto [guest, fd] = open_ten();
  constexpr std::uint32_t kCount = 1024;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    guest.set<std::uint32_t>(kVector + 8 * i, 100'000 + i);
    guest.set<std::uint32_t>(kVector + 8 * i + 4, i < 900 ? 0U : 1U);  // Empty ones do not count.
  }
  EXPECT_EQ(guest.call("fd_write", {fd, kVector, kCount, kSize}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 64U);
  EXPECT_EQ(guest.call("fd_write", {fd, kVector, kCount + 1, kSize}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 64U);  // The rest is for another call.
}

TEST_P(WasiFilesTest, AnswersReadsAndWritesOfWhatCannotBe) {
  auto [guest, fd] = open_ten();
  put_vector(guest, 4);
  for (const auto* const function : {"fd_read", "fd_write"}) {
    EXPECT_EQ(guest.call(function, {kNone, kVector, 1, kSize}), e::badf);
    EXPECT_EQ(guest.call(function, {0xFFFF'FFFF, kVector, 1, kSize}), e::badf);
    EXPECT_EQ(guest.call(function, {kDirectory, kVector, 1, kSize}), e::badf);
    EXPECT_EQ(guest.call(function, {fd, kVector, 1, kOutside - 3}), e::fault);
    EXPECT_EQ(guest.call(function, {fd, kOutside - 7, 1, kSize}), e::fault);
  }
  for (const auto* const function : {"fd_pread", "fd_pwrite"}) {
    EXPECT_EQ(guest.call(function, {kNone, kVector, 1, 0, kSize}), e::badf);
    EXPECT_EQ(guest.call(function, {kDirectory, kVector, 1, 0, kSize}), e::badf);
    EXPECT_EQ(guest.call(function, {fd, kVector, 1, 0, kOutside}), e::fault);
    EXPECT_EQ(guest.call(function, {fd, kOutside, 1, 0, kSize}), e::fault);
    EXPECT_EQ(guest.call(function, {fd, kVector, 1, UINT64_MAX, kSize}), e::inval);
    EXPECT_EQ(guest.call(function, {fd, kVector, 1, INT64_MAX, kSize}), e::inval);
  }
  guest.set<std::uint32_t>(kVector + 4, 0);  // Of a list that is too long nothing can be done.
  EXPECT_EQ(guest.call("fd_read", {fd, kVector, 1025, kSize}), e::inval);
  EXPECT_EQ(guest.call("fd_write", {fd, kVector, 1025, kSize}), e::inval);
  EXPECT_EQ(guest.call("fd_pread", {fd, kVector, 1025, 0, kSize}), e::inval);
  EXPECT_EQ(guest.call("fd_pwrite", {fd, kVector, 0xFFFF'FFFF, 0, kSize}), e::fault);
  put_vector(guest, 4);
  EXPECT_EQ(guest.call("fd_pread", {kInput, kVector, 1, 0, kSize}), e::spipe);
  EXPECT_EQ(guest.call("fd_pwrite", {kOutput, kVector, 1, 0, kSize}), e::spipe);
  EXPECT_EQ(guest.call("fd_read", {kOutput, kVector, 1, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_write", {kInput, kVector, 1, kSize}), e::badf);

  // A part outside the memory, after one that is inside.
  guest.set<std::uint32_t>(kVector + 8, kLastByte);
  guest.set<std::uint32_t>(kVector + 12, 2);
  EXPECT_EQ(guest.call("fd_read", {fd, kVector, 2, kSize}), e::fault);
  EXPECT_EQ(guest.call("fd_write", {fd, kVector, 2, kSize}), e::fault);
  guest.set<std::uint32_t>(kVector + 12, 0xFFFF'FFFF);
  EXPECT_EQ(guest.call("fd_write", {fd, kVector, 2, kSize}), e::fault);
  EXPECT_EQ(tree().read("ten"), "0123456789");
  EXPECT_EQ(read_from(guest, fd), "0123456789");
}

TEST_P(WasiFilesTest, RefusesToReadAndWriteWhatWasNotOpenedForIt) {
  auto [guest, fd] = open_ten(kRead);
  const auto written = open_or_fail(guest, "ten", {.rights = kWrite});
  EXPECT_EQ(write_to(guest, fd, "x"), e::badf);
  EXPECT_EQ(guest.call("fd_pwrite", {fd, kVector, 1, 0, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_read", {written, kVector, 1, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_pread", {written, kVector, 1, 0, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 3}), e::inval);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 3}), e::inval);
  EXPECT_EQ(tree().read("ten"), "0123456789");
}

TEST_P(WasiFilesTest, ReadsAndWritesAtAnOffsetWithoutMoving) {
  auto [guest, fd] = open_ten();
  put_vector(guest, 4);
  EXPECT_EQ(guest.call("fd_pread", {fd, kVector, 1, 8, kSize}), e::success);
  EXPECT_EQ(guest.text(kData, guest.at<std::uint32_t>(kSize)), "89");
  EXPECT_EQ(guest.call("fd_pread", {fd, kVector, 1, 100, kSize}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 0U);
  put_vector(guest, guest.put(kData, "ab"));
  EXPECT_EQ(guest.call("fd_pwrite", {fd, kVector, 1, 5, kSize}), e::success);
  EXPECT_EQ(read_from(guest, fd), "01234ab789");
}

TEST_P(WasiFilesTest, WritesAtTheEndWhenItAppends) {
  auto [guest, fd] = open_ten(kReadWrite, kAppend);
  EXPECT_EQ(write_to(guest, fd, "!"), e::success);
  EXPECT_EQ(tree().read("ten"), "0123456789!");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, 0}), e::success);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, kSet, kSize}), e::success);
  EXPECT_EQ(write_to(guest, fd, "x"), e::success);
  EXPECT_EQ(tree().read("ten"), "x123456789!");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, kAppend}), e::success);
  EXPECT_EQ(write_to(guest, fd, "y"), e::success);
  EXPECT_EQ(tree().read("ten"), "x123456789!y");
}

TEST_P(WasiFilesTest, SeeksAndTells) {
  auto [guest, fd] = open_ten();
  const auto position = [&] { return guest.at<std::uint64_t>(kSize); };
  EXPECT_EQ(guest.call("fd_seek", {fd, 4, kSet, kSize}), e::success);
  EXPECT_EQ(position(), 4U);
  EXPECT_EQ(guest.call("fd_seek", {fd, static_cast<std::uint64_t>(-3), kCur, kSize}), e::success);
  EXPECT_EQ(position(), 1U);
  EXPECT_EQ(guest.call("fd_seek", {fd, static_cast<std::uint64_t>(-2), kEnd, kSize}), e::success);
  EXPECT_EQ(position(), 8U);
  EXPECT_EQ(guest.call("fd_tell", {fd, kSize}), e::success);
  EXPECT_EQ(position(), 8U);
  EXPECT_EQ(guest.call("fd_seek", {fd, 100, kSet, kSize}), e::success);
  EXPECT_EQ(read_from(guest, fd), "");

  EXPECT_EQ(guest.call("fd_seek", {fd, static_cast<std::uint64_t>(-1), kSet, kSize}), e::inval);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, 3, kSize}), e::inval);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, 0xFFFF'FFFF, kSize}), e::inval);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, kSet, kOutside - 7}), e::fault);
  EXPECT_EQ(guest.call("fd_tell", {fd, kOutside}), e::fault);
  EXPECT_EQ(guest.call("fd_seek", {kDirectory, 0, kSet, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_tell", {kDirectory, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_seek", {kOutput, 0, kSet, kSize}), e::spipe);
  EXPECT_EQ(guest.call("fd_tell", {kInput, kSize}), e::spipe);
  EXPECT_EQ(guest.call("fd_seek", {kNone, 0, kSet, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_tell", {kNone, kSize}), e::badf);
}

TEST_P(WasiFilesTest, CountsWhenceAsTheOldEditionDid) {
  tree().write("ten", "0123456789");
  auto guest = start(granting(), kUnstable);
  const auto fd = open_or_fail(guest, "ten");
  EXPECT_EQ(guest.call("fd_seek", {fd, 4, 2, kSize}), e::success);  // From the start.
  EXPECT_EQ(guest.at<std::uint64_t>(kSize), 4U);
  EXPECT_EQ(guest.call("fd_seek", {fd, 1, 0, kSize}), e::success);  // From here.
  EXPECT_EQ(guest.at<std::uint64_t>(kSize), 5U);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, 1, kSize}), e::success);  // From the end.
  EXPECT_EQ(guest.at<std::uint64_t>(kSize), 10U);
}

struct Entry {
  std::uint64_t next;
  std::uint64_t inode;
  std::uint8_t type;
  std::string name;
};

/// All entries of a directory, read with a buffer of `bytes`.
std::vector<Entry> entries_of(RawWasi& guest, std::uint32_t fd, std::uint32_t bytes) {
  std::vector<Entry> entries;
  std::uint64_t cookie = 0;
  for (;;) {
    EXPECT_EQ(guest.call("fd_readdir", {fd, kData, bytes, cookie, kSize}), e::success);
    const auto filled = guest.at<std::uint32_t>(kSize);
    std::uint32_t at = 0;
    while (at + 24 <= filled) {
      const auto length = guest.at<std::uint32_t>(kData + at + 16);
      if (at + 24 + length > filled) break;
      entries.push_back(
          {guest.at<std::uint64_t>(kData + at), guest.at<std::uint64_t>(kData + at + 8),
           guest.at<std::uint8_t>(kData + at + 20), guest.text(kData + at + 24, length)});
      at += 24 + length;
      cookie = entries.back().next;
    }
    if (filled < bytes) return entries;
    if (at == 0) {
      ADD_FAILURE() << "no entry fits";
      return entries;
    }
  }
}

TEST_P(WasiFilesTest, ListsADirectoryWhateverTheBuffersSize) {
  constexpr int kFiles = 100;
  for (int i = 0; i < kFiles; ++i) tree().write("file" + std::to_string(i), "");
  tree().write("sub/file", "");
  std::filesystem::create_symlink("file0", tree().path() / "link");
  auto guest = start(granting());
  for (const std::uint32_t bytes : {64U, 100U, 333U, 60'000U}) {
    const auto entries = entries_of(guest, kDirectory, bytes);
    std::map<std::string, std::uint8_t> types;
    for (const auto& entry : entries) types[entry.name] = entry.type;
    EXPECT_EQ(entries.size(), kFiles + 4U);
    EXPECT_EQ(types.size(), entries.size());
    EXPECT_EQ(entries.front().name, ".");
    EXPECT_EQ(types.at("file99"), 4);
    EXPECT_EQ(types.at("sub"), 3);
    EXPECT_EQ(types.at("link"), 7);
    EXPECT_EQ(types.at(".."), 3);
  }
}

TEST_P(WasiFilesTest, TellsNothingOfTheDirectoryAboveTheOneGranted) {
  auto guest = start(granting());
  const auto entries = entries_of(guest, kDirectory, 1000);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1].name, "..");
  EXPECT_EQ(entries[1].inode, entries[0].inode);
}

TEST_P(WasiFilesTest, ListsFromAnyEntryOn) {
  for (const auto* const name : {"a", "b", "c"}) tree().write(name, "");
  auto guest = start(granting());
  const auto all = entries_of(guest, kDirectory, 1000);
  ASSERT_EQ(all.size(), 5U);
  for (const auto& entry : {all[3], all[0], all[4], all[1]}) {
    EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kData, 1000, entry.next, kSize}), e::success);
    const bool last = entry.next == all.back().next;
    EXPECT_EQ(guest.at<std::uint32_t>(kSize) == 0, last);
    if (!last) {
      EXPECT_EQ(guest.at<std::uint64_t>(kData), entry.next + 1);
    }
  }
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kData, 1000, UINT64_MAX, kSize}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 0U);
}

TEST_P(WasiFilesTest, LeavesOutNamesThatAGuestCouldNotOpen) {
  tree().write("good", "");
  tree().write("bad\xFF", "");
  auto guest = start(granting());
  std::vector<std::string> names;
  for (const auto& entry : entries_of(guest, kDirectory, 1000)) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre(".", "..", "good"));
}

TEST_P(WasiFilesTest, AnswersListingsOfWhatCannotBe) {
  auto [guest, fd] = open_ten();
  EXPECT_EQ(guest.call("fd_readdir", {kNone, kData, 100, 0, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_readdir", {fd, kData, 100, 0, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_readdir", {kInput, kData, 100, 0, kSize}), e::badf);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kOutside - 99, 100, 0, kSize}), e::fault);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kData, 0xFFFF'FFFF, 0, kSize}), e::fault);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kData, 100, 0, kOutside}), e::fault);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kData, 0, 0, kSize}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 0U);
}

TEST_P(WasiFilesTest, TellsWhatADescriptorIs) {
  auto [guest, fd] = open_ten(kRead, kAppend);
  const auto stat = [&](std::uint32_t of) {
    EXPECT_EQ(guest.call("fd_fdstat_get", {of, 64}), e::success);
    return std::array<std::uint64_t, 4>{guest.at<std::uint8_t>(64), guest.at<std::uint16_t>(66),
                                        guest.at<std::uint64_t>(72), guest.at<std::uint64_t>(80)};
  };
  const auto [type, flags, base, inheriting] = stat(fd);
  EXPECT_EQ(inheriting & (1U << 29U), 0U);  // Nothing that its directory does not hand on.
  EXPECT_EQ(type, 4U);
  EXPECT_EQ(flags, kAppend);
  EXPECT_TRUE((base & kRead) != 0 && (base & kWrite) == 0);
  const auto directory = stat(kDirectory);
  EXPECT_EQ(directory[0], 3U);
  EXPECT_TRUE((directory[2] & (1U << 13U)) != 0);  // path_open
  EXPECT_EQ(directory[3] & kReadWrite, kReadWrite);
  for (const std::uint32_t stream : {kInput, kOutput, kError}) {
    const auto told = stat(stream);
    EXPECT_EQ(told[0], stream == kInput ? 0U : 2U);  // What the log gets goes line by line.
    EXPECT_EQ(told[2] & kReadWrite, stream == kInput ? kRead : kWrite);
    EXPECT_EQ(told[2] & 0x24U, 0U);  // Neither seek nor tell: so C takes it for a terminal.
  }
  EXPECT_EQ(guest.call("fd_fdstat_get", {kNone, 64}), e::badf);
  EXPECT_EQ(guest.call("fd_fdstat_get", {fd, kOutside - 23}), e::fault);
}

TEST_P(WasiFilesTest, ChangesFlagsThatCanBeChanged) {
  auto [guest, fd] = open_ten(kReadWrite, kDsync);
  const auto set = [&caller = guest](std::uint32_t of, std::uint32_t flags) {
    return caller.call("fd_fdstat_set_flags", {of, flags});
  };
  EXPECT_EQ(set(fd, kDsync | kNonblock | kAppend), e::success);
  EXPECT_EQ(guest.call("fd_fdstat_get", {fd, 64}), e::success);
  EXPECT_EQ(guest.at<std::uint16_t>(66), kDsync | kNonblock | kAppend);
  EXPECT_EQ(set(fd, 0), e::inval);  // How it is synchronized stays.
  EXPECT_EQ(set(fd, kDsync | 32), e::inval);
  EXPECT_EQ(set(fd, 0x1'0000 | kDsync), e::inval);
  EXPECT_EQ(set(kDirectory, 0), e::badf);
  EXPECT_EQ(set(kNone, 0), e::badf);
  EXPECT_EQ(set(kInput, kNonblock), e::success);
}

TEST_P(WasiFilesTest, LetsAGuestGiveUpRightsAndTakesThemAtTheirWord) {
  auto [guest, fd] = open_ten();
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, kRead, 0}), e::success);
  EXPECT_EQ(read_from(guest, fd, 1), "0");
  EXPECT_EQ(write_to(guest, fd, "x"), e::notcapable);
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, kSet, kSize}), e::notcapable);
  EXPECT_EQ(guest.call("fd_pread", {fd, kVector, 1, 0, kSize}), e::notcapable);
  EXPECT_EQ(guest.call("fd_filestat_get", {fd, 64}), e::notcapable);
  EXPECT_EQ(guest.call("fd_advise", {fd, 0, 0, 0}), e::notcapable);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 1}), e::notcapable);
  EXPECT_EQ(guest.call("fd_datasync", {fd}), e::notcapable);
  EXPECT_EQ(guest.call("fd_sync", {fd}), e::notcapable);
  EXPECT_EQ(guest.call("fd_tell", {fd, kSize}), e::notcapable);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 0}), e::notcapable);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 2}), e::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", {fd, 0}), e::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, kReadWrite, 0}), e::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, kRead, kRead}), e::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, UINT64_MAX, 0}), e::notcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {kNone, 0, 0}), e::badf);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {kDirectory, 0, 0}), e::success);
  EXPECT_EQ(guest.call("fd_readdir", {kDirectory, kData, 100, 0, kSize}), e::notcapable);
}

TEST_P(WasiFilesTest, TellsSizeTimesAndTypeInBothEditions) {
  tree().write("ten", "0123456789");
  std::filesystem::create_hard_link(tree().path() / "ten", tree().path() / "again");
  for (const auto edition : {kPreview1, kUnstable}) {
    const bool old = edition == kUnstable;
    auto guest = start(granting(), edition);
    const auto fd = open_or_fail(guest, "ten");
    std::ranges::fill(guest.memory().subspan(64, 80), std::byte{0xAA});
    EXPECT_EQ(guest.call("fd_filestat_get", {fd, 64}), e::success);
    struct stat status{};
    ASSERT_EQ(::stat((tree().path() / "ten").c_str(), &status), 0);
    EXPECT_EQ(guest.at<std::uint64_t>(64), status.st_dev);
    EXPECT_EQ(guest.at<std::uint64_t>(72), status.st_ino);
    EXPECT_EQ(guest.at<std::uint8_t>(80), 4);
    EXPECT_EQ(old ? guest.at<std::uint32_t>(84) : guest.at<std::uint64_t>(88), 2U);
    const std::uint32_t rest = old ? 88 : 96;
    EXPECT_EQ(guest.at<std::uint64_t>(rest), 10U);
    EXPECT_EQ(guest.at<std::uint64_t>(rest + 16),
              static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000U +
                  static_cast<std::uint64_t>(status.st_mtim.tv_nsec));
    EXPECT_EQ(guest.at<std::uint8_t>(64 + (old ? 56 : 64)), 0xAA);  // And not a byte more.
    EXPECT_EQ(guest.call("fd_filestat_get", {kDirectory, 64}), e::success);
    EXPECT_EQ(guest.at<std::uint8_t>(80), 3);
    EXPECT_EQ(guest.call("fd_filestat_get", {kOutput, 64}), e::success);
    EXPECT_EQ(guest.at<std::uint8_t>(80), 2);
    EXPECT_EQ(guest.call("fd_filestat_get", {kNone, 64}), e::badf);
    EXPECT_EQ(guest.call("fd_filestat_get", {fd, kOutside - (old ? 55 : 63)}), e::fault);
    EXPECT_EQ(guest.call("fd_filestat_get", {fd, kOutside - (old ? 56 : 64)}), e::success);
  }
}

TEST_P(WasiFilesTest, ChangesSizesAndAllocates) {
  auto [guest, fd] = open_ten();
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 3}), e::success);
  EXPECT_EQ(tree().read("ten"), "012");
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 5}), e::success);
  EXPECT_EQ(tree().read("ten"), std::string("012\0\0", 5));
  const auto allocated = guest.call("fd_allocate", {fd, 0, 4096});
  EXPECT_TRUE(allocated == e::success || allocated == e::notsup);  // Not every file system can.
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 0}), e::inval);
  EXPECT_EQ(guest.call("fd_allocate", {fd, UINT64_MAX, 1}), e::fbig);
  EXPECT_EQ(guest.call("fd_allocate", {fd, INT64_MAX, INT64_MAX}), e::fbig);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, UINT64_MAX}), e::inval);
  for (const std::uint32_t other : {kNone, kDirectory, kOutput}) {
    EXPECT_EQ(guest.call("fd_filestat_set_size", {other, 0}), e::badf);
    EXPECT_EQ(guest.call("fd_allocate", {other, 0, 1}), e::badf);
    EXPECT_EQ(guest.call("fd_advise", {other, 0, 0, 0}), e::badf);
    EXPECT_EQ(guest.call("fd_sync", {other}), e::badf);
    EXPECT_EQ(guest.call("fd_datasync", {other}), e::badf);
  }
}

TEST_P(WasiFilesTest, TakesAdviceAndSynchronizes) {
  auto [guest, fd] = open_ten();
  for (std::uint32_t advice = 0; advice < 6; ++advice) {
    EXPECT_EQ(guest.call("fd_advise", {fd, 0, 10, advice}), e::success) << advice;
  }
  EXPECT_EQ(guest.call("fd_advise", {fd, 0, 10, 6}), e::inval);
  EXPECT_EQ(guest.call("fd_advise", {fd, UINT64_MAX, 0, 0}), e::inval);
  EXPECT_EQ(guest.call("fd_advise", {fd, 0, UINT64_MAX, 0}), e::inval);
  EXPECT_EQ(guest.call("fd_sync", {fd}), e::success);
  EXPECT_EQ(guest.call("fd_datasync", {fd}), e::success);
}

TEST_P(WasiFilesTest, SetsTimes) {
  constexpr std::uint64_t kThen = 1'000'000'007;  // A second and 7 ns.
  constexpr std::uint32_t kAccess = 1;
  constexpr std::uint32_t kModification = 4;
  constexpr std::uint32_t kNow = 2 | 8;
  auto [guest, fd] = open_ten();
  const auto modified = [&caller = guest, file = fd] {
    EXPECT_EQ(caller.call("fd_filestat_get", {file, 64}), e::success);
    return caller.at<std::uint64_t>(64 + 48);
  };
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 5, kThen, kAccess | kModification}),
            e::success);
  EXPECT_EQ(modified(), kThen);
  EXPECT_EQ(guest.at<std::uint64_t>(64 + 40), 5U);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 0}), e::success);
  EXPECT_EQ(modified(), kThen);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, kNow}), e::success);
  EXPECT_GT(modified(), 1'500'000'000'000'000'000U);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {kDirectory, 0, kThen, kModification}), e::success);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 1 | 2}), e::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 4 | 8}), e::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 16}), e::inval);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {kNone, 0, 0, 0}), e::badf);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {kOutput, 0, 0, 0}), e::badf);
}

TEST_P(WasiFilesTest, SetsTheTimeOfTheProgramsClock) {
  tree().write("ten", "0123456789");
  auto config = granting();
  config.realtime_clock = [] { return std::chrono::seconds{77}; };
  auto guest = start(std::move(config));
  const auto fd = open_or_fail(guest, "ten", {.rights = kReadWrite});
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 8}), e::success);
  EXPECT_EQ(guest.call("fd_filestat_get", {fd, 64}), e::success);
  EXPECT_EQ(guest.at<std::uint64_t>(64 + 48), 77'000'000'000U);
}

TEST_P(WasiFilesTest, ChangesNothingInADirectoryThatIsReadOnly) {
  tree().write("ten", "0123456789");
  auto guest = start(granting(DirectoryAccess::read_only));
  const auto fd = open_or_fail(guest, "ten");
  EXPECT_EQ(open_as(guest, "ten", {.rights = kWrite}), e::perm);
  EXPECT_EQ(open_as(guest, "new", {.flags = kCreate}), e::perm);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {fd, 0, 0, 8}), e::perm);
  EXPECT_EQ(guest.call("fd_filestat_set_times", {kDirectory, 0, 0, 8}), e::perm);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 0}), e::perm);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 100}), e::perm);
  EXPECT_EQ(write_to(guest, fd, "x"), e::badf);
  EXPECT_EQ(tree().read("ten"), "0123456789");
}

TEST_P(WasiFilesTest, NamesTheDirectoriesThatItWasGiven) {
  const TemporaryTree other;
  auto config = granting();
  config.directories.push_back({other.path().string(), "/other", DirectoryAccess::read_only});
  auto guest = start(std::move(config));
  EXPECT_EQ(guest.call("fd_prestat_get", {4, 64}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(64), 0U);
  EXPECT_EQ(guest.at<std::uint32_t>(68), 6U);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {4, 100, 5}), e::nametoolong);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {4, 100, 7}), e::success);
  EXPECT_EQ(guest.text(100, 7), std::string("/other\0", 7));
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {4, kOutside - 5, 6}), e::fault);
  EXPECT_EQ(guest.call("fd_prestat_get", {4, kOutside - 7}), e::fault);
  EXPECT_EQ(guest.call("fd_prestat_get", {5, 64}), e::badf);
  EXPECT_EQ(guest.call("fd_prestat_get", {kOutput, 64}), e::badf);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {5, 100, 6}), e::badf);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {kOutput, 100, 6}), e::notdir);
  std::filesystem::create_directory(tree().path() / "sub");
  const auto opened = open_or_fail(guest, "sub", {.flags = 2});
  EXPECT_EQ(guest.call("fd_prestat_get", {opened, 64}), e::badf);
  EXPECT_EQ(guest.call("fd_prestat_dir_name", {opened, 100, 6}), e::notdir);
}

TEST_P(WasiFilesTest, ClosesWhateverIsOpenOnce) {
  auto [guest, fd] = open_ten();
  for (const std::uint32_t number : {fd, kDirectory, kInput, kOutput}) {
    EXPECT_EQ(guest.call("fd_close", {number}), e::success);
    EXPECT_EQ(guest.call("fd_close", {number}), e::badf);
  }
  EXPECT_EQ(open_as(guest, "ten", {}), e::badf);
  EXPECT_EQ(guest.call("fd_close", {0xFFFF'FFFF}), e::badf);
}

TEST_P(WasiFilesTest, RenumbersWhatIsOpen) {
  auto [guest, fd] = open_ten();
  EXPECT_EQ(guest.call("fd_renumber", {fd, kNone}), e::badf);
  EXPECT_EQ(guest.call("fd_renumber", {kNone, fd}), e::badf);
  EXPECT_EQ(guest.call("fd_renumber", {fd, fd}), e::success);
  EXPECT_EQ(guest.call("fd_renumber", {fd, kInput}), e::success);
  EXPECT_EQ(guest.call("fd_close", {fd}), e::badf);
  EXPECT_EQ(read_from(guest, kInput), "0123456789");
  EXPECT_EQ(open_or_fail(guest, "ten"), fd);  // The number is free again.
}

TEST_P(WasiFilesTest, OpensAsMuchAsTheLimitAllows) {
  tree().write("ten", "0123456789");
  auto config = granting();
  config.limits.descriptors = 6;
  auto guest = start(std::move(config));
  EXPECT_EQ(open_or_fail(guest, "ten"), 4U);
  EXPECT_EQ(open_or_fail(guest, "ten"), 5U);
  EXPECT_EQ(open_as(guest, "ten", {}), e::mfile);
  EXPECT_EQ(open_as(guest, "new", {.flags = kCreate, .rights = kWrite}), e::mfile);
  EXPECT_FALSE(std::filesystem::exists(tree().path() / "new"));
  EXPECT_EQ(guest.call("fd_close", {4}), e::success);
  EXPECT_EQ(open_or_fail(guest, "ten"), 4U);
}

TEST_P(WasiFilesTest, WritesAsManyBytesInACallAsTheLimitAllows) {
  tree().write("ten", "0123456789");
  auto config = granting();
  config.limits.bytes_written = 8;
  auto guest = start(std::move(config));
  const auto fd = open_or_fail(guest, "ten", {.rights = kReadWrite});
  EXPECT_EQ(write_to(guest, fd, "abcde"), e::success);
  EXPECT_EQ(write_to(guest, kOutput, "fgh to the log"), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 3U);
  EXPECT_EQ(write_to(guest, fd, "i"), e::dquot);
  EXPECT_EQ(write_to(guest, kOutput, "i"), e::dquot);
  EXPECT_EQ(write_to(guest, fd, ""), e::success);
  EXPECT_EQ(guest.call("fd_pwrite", {fd, kVector, 1, 0, kSize}), e::success);  // Of no bytes.
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 11}), e::dquot);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 0, 100}), e::dquot);
  EXPECT_EQ(guest.call("fd_filestat_set_size", {fd, 9}), e::success);
  EXPECT_EQ(tree().read("ten"), "abcde5678");
  guest.wasi().begin_call();
  EXPECT_EQ(write_to(guest, fd, "fghijklmn"), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kSize), 8U);
}

TEST_P(WasiFilesTest, CountsAGapBehindTheEndOfAFileAsWritten) {
  tree().write("ten", "0123456789");
  auto config = granting();
  config.limits.bytes_written = 100;
  auto guest = start(std::move(config));
  const auto fd = open_or_fail(guest, "ten", {.rights = kReadWrite});
  put_vector(guest, guest.put(kData, "x"));
  EXPECT_EQ(guest.call("fd_pwrite", {fd, kVector, 1, 1'000, kSize}), e::dquot);
  EXPECT_EQ(guest.call("fd_allocate", {fd, 1'000, 1}), e::dquot);
  EXPECT_EQ(guest.call("fd_seek", {fd, 1'000, kSet, kSize}), e::success);
  EXPECT_EQ(guest.call("fd_write", {fd, kVector, 1, kSize}), e::dquot);
  EXPECT_EQ(tree().read("ten"), "0123456789");
  EXPECT_EQ(guest.call("fd_pwrite", {fd, kVector, 1, 109, kSize}), e::success);
  EXPECT_EQ(guest.call("fd_pwrite", {fd, kVector, 1, 0, kSize}), e::dquot);  // All is used up.
}

TEST_P(WasiFilesTest, TakesResultsThatLieInItsArguments) {
  auto [guest, fd] = open_ten();
  put_vector(guest, 10);
  EXPECT_EQ(guest.call("fd_read", {fd, kVector, 1, kVector}), e::success);  // In the list.
  EXPECT_EQ(guest.at<std::uint32_t>(kVector), 10U);
  EXPECT_EQ(guest.text(kData, 10), "0123456789");
  EXPECT_EQ(guest.call("fd_seek", {fd, 0, kSet, kSize}), e::success);
  put_vector(guest, 10);
  EXPECT_EQ(guest.call("fd_read", {fd, kVector, 1, kData + 2}), e::success);  // In the buffer.
  EXPECT_EQ(guest.at<std::uint32_t>(kData + 2), 10U);
  EXPECT_EQ(guest.text(kData + 6, 4), "6789");
  guest.put(kPath, "ten");
  EXPECT_EQ(guest.call("path_open", {kDirectory, 0, kPath, 3, 0, kRead, 0, 0, kPath}), e::success);
  EXPECT_EQ(guest.at<std::uint32_t>(kPath), fd + 1);
}

TEST_P(WasiFilesTest, AnswersWithAnErrorWhereTheProcessMayNotWriteMore) {
  auto [guest, fd] = open_ten();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto tight = before;
  tight.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  put_vector(guest, 4);
  const auto far = guest.call("fd_pwrite", {fd, kVector, 1, 1000, kSize});
  const auto grown = guest.call("fd_filestat_set_size", {fd, 1000});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(far, e::fbig);  // And no signal has ended the test.
  EXPECT_EQ(grown, e::fbig);
}

TEST_P(WasiFilesTest, SharesWhatIsGrantedAmongThreads) {
  constexpr std::size_t kThreads = 4;
  constexpr int kRounds = 50;
  tree().write("ten", "0123456789");
  const auto engine = GetParam().make().value();
  const auto module = engine->compile(raw_module(Wasi::imports(), kPreview1)).value();
  auto config = granting();
  config.standard_input = std::make_shared<const Bytes>(3, std::byte{'i'});
  const auto grants = WasiGrants::open(std::move(config)).value();
  // Kept until all threads are done: ThreadSanitizer does not see that an engine unmaps the memory
  // of one guest before it maps that of another at the same address.
  std::vector<std::vector<RawWasi>> guests(kThreads);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        auto& guest = guests.at(i).emplace_back(RawWasi::start(module, grants));
        EXPECT_EQ(read_from(guest, open_or_fail(guest, "ten")), "0123456789");
        EXPECT_EQ(read_from(guest, kInput), "iii");
        EXPECT_EQ(entries_of(guest, kDirectory, 1000).size(), 3U);
        EXPECT_EQ(guest.call("clock_time_get", {1, 0, 8}), e::success);
      }
    });
  }
}

TEST_P(WasiFilesTest, EndsALongListingWhenTheCallIsOver) {
  constexpr int kFiles = 600;
  for (int i = 0; i < kFiles; ++i) tree().write(std::to_string(i), "");
  std::stop_source stopped;
  stopped.request_stop();
  auto guest = start(granting());
  const auto done = guest.try_call("fd_readdir", {kDirectory, kData, 60'000, 500, kSize},
                                   {.stop = stopped.get_token()});
  EXPECT_EQ(done.error().code(), Errc::cancelled);
}

WAPC_TEST_ON_EVERY_ENGINE(WasiFilesTest);

}  // namespace
}  // namespace wapc
