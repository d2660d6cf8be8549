// What is done by path, as a guest calls it; `host_directory_test` has the paths themselves.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/host_resources.hpp"
#include "support/wasi_test.hpp"

namespace wapc {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of these tests.
using ::testing::AnyOf;
using ::testing::Each;
namespace fs = std::filesystem;

// Flags of preview 1.
constexpr std::uint32_t kFollow = 1;
constexpr std::uint32_t kCreate = 1;
constexpr std::uint32_t kOnlyDirectory = 2;
constexpr std::uint32_t kExclusive = 4;
constexpr std::uint32_t kTruncate = 8;
constexpr std::uint64_t kRead = 2;
constexpr std::uint64_t kWrite = 64;
constexpr std::uint32_t kAppend = 1;
constexpr std::uint32_t kSync = 16;
constexpr std::uint32_t kModification = 4;

// Types of files.
constexpr std::uint8_t kCharacterDevice = 2;
constexpr std::uint8_t kIsDirectory = 3;
constexpr std::uint8_t kIsFile = 4;
constexpr std::uint8_t kIsLink = 7;

/// Where a second path, and what a function gives, are put.
constexpr std::uint32_t kOther = 100'000;
constexpr std::uint32_t kGiven = 120'000;
constexpr std::uint32_t kGivenMax = 4096;

/// A function that takes a path, the rest of its arguments being good, where a file is `file`.
struct ByPath {
  std::string_view name;
  std::uint64_t right;
  std::uint32_t (*call)(RawWasi& guest, std::uint32_t fd, std::uint32_t path, std::uint32_t length);
};

using Number = std::uint32_t;

constexpr std::array kEvery{
    ByPath{"path_create_directory", 1U << 9U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_create_directory", {fd, path, length});
           }},
    ByPath{"path_filestat_get", 1U << 18U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_filestat_get", {fd, kFollow, path, length, kGiven});
           }},
    ByPath{"path_filestat_set_times", 1U << 20U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_filestat_set_times", {fd, kFollow, path, length, 0, 0, 0});
           }},
    ByPath{"path_link, from", 1U << 11U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             const auto other = guest.put(kOther, "new");
             return guest.call("path_link", {fd, 0, path, length, kDirectory, kOther, other});
           }},
    ByPath{"path_link, to", 1U << 12U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             const auto other = guest.put(kOther, "file");
             return guest.call("path_link", {kDirectory, 0, kOther, other, fd, path, length});
           }},
    ByPath{"path_open", 1U << 13U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_open", {fd, kFollow, path, length, 0, kRead, 0, 0, kGiven});
           }},
    ByPath{"path_open, creating", 1U << 10U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_open",
                               {fd, kFollow, path, length, kCreate, kRead, 0, 0, kGiven});
           }},
    ByPath{"path_open, truncating", 1U << 19U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_open",
                               {fd, kFollow, path, length, kTruncate, kWrite, 0, 0, kGiven});
           }},
    ByPath{"path_readlink", 1U << 15U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_readlink", {fd, path, length, kGiven, kGivenMax, kSize});
           }},
    ByPath{"path_remove_directory", 1U << 25U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_remove_directory", {fd, path, length});
           }},
    ByPath{"path_rename, from", 1U << 16U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             const auto other = guest.put(kOther, "new");
             return guest.call("path_rename", {fd, path, length, kDirectory, kOther, other});
           }},
    ByPath{"path_rename, to", 1U << 17U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             const auto other = guest.put(kOther, "file");
             return guest.call("path_rename", {kDirectory, kOther, other, fd, path, length});
           }},
    ByPath{"path_symlink", 1U << 24U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             const auto other = guest.put(kOther, "file");
             return guest.call("path_symlink", {kOther, other, fd, path, length});
           }},
    ByPath{"path_unlink_file", 1U << 26U,
           [](RawWasi& guest, Number fd, Number path, Number length) {
             return guest.call("path_unlink_file", {fd, path, length});
           }},
};

/// Of a function that takes a descriptor and a path, and nothing else.
Number on(RawWasi& guest, std::string_view function, std::string_view path,
          Number fd = kDirectory) {
  return guest.call(function, {fd, kPath, guest.put(kPath, path)});
}

Number make_directory(RawWasi& guest, std::string_view path, Number fd = kDirectory) {
  return on(guest, "path_create_directory", path, fd);
}

Number unlink_file(RawWasi& guest, std::string_view path, Number fd = kDirectory) {
  return on(guest, "path_unlink_file", path, fd);
}

Number remove_directory(RawWasi& guest, std::string_view path) {
  return on(guest, "path_remove_directory", path);
}

Number make_symlink(RawWasi& guest, std::string_view target, std::string_view path) {
  const auto target_length = guest.put(kOther, target);
  return guest.call("path_symlink",
                    {kOther, target_length, kDirectory, kPath, guest.put(kPath, path)});
}

/// Descriptors in which the two paths of a link or a renaming start.
struct Between {
  Number from = kDirectory;
  Number to = kDirectory;
};

Number make_link(RawWasi& guest, std::string_view from, std::string_view to,
                 const Between& in = {}) {
  const auto length = guest.put(kPath, from);
  return guest.call("path_link", {in.from, 0, kPath, length, in.to, kOther, guest.put(kOther, to)});
}

Number rename_to(RawWasi& guest, std::string_view from, std::string_view to,
                 const Between& in = {}) {
  const auto length = guest.put(kPath, from);
  return guest.call("path_rename", {in.from, kPath, length, in.to, kOther, guest.put(kOther, to)});
}

/// What a link says is at `kGiven` then, and how much of it at `kSize`.
Number read_link(RawWasi& guest, std::string_view path, Number room = kGivenMax) {
  return guest.call("path_readlink",
                    {kDirectory, kPath, guest.put(kPath, path), kGiven, room, kSize});
}

/// The record is at `kGiven` then.
Number stat_of(RawWasi& guest, std::string_view path, Number lookup = kFollow) {
  return guest.call("path_filestat_get",
                    {kDirectory, lookup, kPath, guest.put(kPath, path), kGiven});
}

std::uint8_t type_of(RawWasi& guest, std::string_view path, Number lookup = kFollow) {
  EXPECT_EQ(stat_of(guest, path, lookup), e::success) << path;
  return guest.at<std::uint8_t>(kGiven + 16);
}

/// Sets the time of modification.
Number set_modified(RawWasi& guest, std::string_view path, std::uint64_t time,
                    Number lookup = kFollow) {
  return guest.call("path_filestat_set_times",
                    {kDirectory, lookup, kPath, guest.put(kPath, path), 0, time, kModification});
}

std::uint64_t modified(RawWasi& guest, std::string_view path, Number lookup = 0) {
  EXPECT_EQ(stat_of(guest, path, lookup), e::success) << path;
  return guest.at<std::uint64_t>(kGiven + 48);
}

struct Told {
  std::uint8_t type;
  std::uint16_t flags;
  std::uint64_t base;
  std::uint64_t inheriting;
};

Told fdstat(RawWasi& guest, Number fd) {
  EXPECT_EQ(guest.call("fd_fdstat_get", {fd, kGiven}), e::success);
  return {guest.at<std::uint8_t>(kGiven), guest.at<std::uint16_t>(kGiven + 2),
          guest.at<std::uint64_t>(kGiven + 8), guest.at<std::uint64_t>(kGiven + 16)};
}

Number open_directory(RawWasi& guest, std::string_view path, Number in = kDirectory) {
  return open_or_fail(guest, path, {.directory = in, .flags = kOnlyDirectory});
}

/// All that can be seen of what is in a directory, the times of access and change aside.
std::map<std::string, std::string> snapshot(const fs::path& root) {
  std::map<std::string, std::string> seen;
  const auto look = [&](const fs::path& path) {
    struct stat status{};
    ASSERT_EQ(::lstat(path.c_str(), &status), 0);
    auto& told = seen[path.string()];
    for (const auto part :
         {static_cast<long long>(status.st_ino), static_cast<long long>(status.st_mode),
          static_cast<long long>(status.st_nlink), static_cast<long long>(status.st_size),
          static_cast<long long>(status.st_mtime)}) {
      told += std::to_string(part) + ' ';
    }
    if (S_ISLNK(status.st_mode)) told += fs::read_symlink(path).string();
    if (!S_ISREG(status.st_mode)) return;
    std::ifstream file{path, std::ios::binary};
    told.append(std::istreambuf_iterator<char>{file}, {});
  };
  look(root);
  for (const auto& entry : fs::recursive_directory_iterator{root}) look(entry.path());
  return seen;
}

std::uint64_t inode(const fs::path& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_ino;
}

mode_t permissions(const fs::path& path) {
  struct stat status{};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

/// A directory that is granted, and another beside it that is not and that nothing changes.
class WasiPathsTest : public WasiTest {
 protected:
  void SetUp() override {
    tree().write("file", "inside");
    tree().write("dir/file", "in dir");
    tree().write("dir/deep/file", "in deep");
    fs::create_directory(tree().path() / "empty");
    outside_.write("file", "outside");
    outside_.write("below/file", "outside too");
    const auto out = ".." / outside_.path().filename();
    for (const auto& [target, name] : std::initializer_list<std::pair<fs::path, const char*>>{
             {"file", "to_file"},
             {"dir", "to_dir"},
             {"missing", "dangling"},
             {"loop", "loop"},
             {"..", "up"},
             {out, "out"},
             {out / "file", "out_file"},
             {out / "new", "out_dangling"},
             {outside_.path() / "file", "absolute"}}) {
      fs::create_symlink(target, at(name));
    }
    before_ = snapshot(outside_.path());
  }

  void TearDown() override { EXPECT_EQ(snapshot(outside_.path()), before_); }

  [[nodiscard]] fs::path at(const std::string& name) const { return tree().path() / name; }

  [[nodiscard]] const TemporaryTree& outside() const { return outside_; }

  /// A guest that has `tree()` for writing.
  [[nodiscard]] RawWasi writing() { return start(granting()); }

 private:
  TemporaryTree outside_;
  std::map<std::string, std::string> before_;
};

// What every function answers.

TEST_P(WasiPathsTest, AnswersDescriptorsThatAreNoDirectories) {
  auto guest = writing();
  const auto file = open_or_fail(guest, "file");
  const auto before = snapshot(tree().path());
  const auto length = guest.put(kPath, "dir");
  for (const auto& function : kEvery) {
    SCOPED_TRACE(function.name);
    EXPECT_EQ(function.call(guest, kNone, kPath, length), e::badf);
    EXPECT_EQ(function.call(guest, 0xFFFF'FFFF, kPath, length), e::badf);
    EXPECT_EQ(function.call(guest, kInput, kPath, length), e::badf);
    EXPECT_EQ(function.call(guest, kOutput, kPath, length), e::badf);
    EXPECT_EQ(function.call(guest, kError, kPath, length), e::badf);
    EXPECT_EQ(function.call(guest, file, kPath, length), e::notdir);
    EXPECT_EQ(function.call(guest, file, kOutside, length), e::notdir);  // Looked at first.
  }
  EXPECT_EQ(guest.call("fd_close", {kDirectory}), e::success);
  for (const auto& function : kEvery) {
    EXPECT_EQ(function.call(guest, kDirectory, kPath, length), e::badf) << function.name;
  }
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, TakesRightsThatWereGivenUpAtTheirWord) {
  auto guest = writing();
  const auto before = snapshot(tree().path());
  for (const auto& given_up : kEvery) {
    SCOPED_TRACE(given_up.name);
    const auto fd = open_directory(guest, ".");
    const auto all = fdstat(guest, fd);
    EXPECT_EQ(all.base & given_up.right, given_up.right);
    EXPECT_EQ(guest.call("fd_fdstat_set_rights", {fd, all.base & ~given_up.right, all.inheriting}),
              e::success);
    const auto length = guest.put(kPath, "missing/x");
    for (const auto& function : kEvery) {
      const bool opens = function.name.starts_with("path_open");
      const bool needs =
          function.right == given_up.right || (opens && given_up.name == "path_open");
      const auto answer = function.call(guest, fd, kPath, length);
      EXPECT_EQ(answer, needs ? e::notcapable : e::noent) << function.name;
      if (!needs) continue;
      EXPECT_EQ(function.call(guest, fd, kOutside, length), e::notcapable) << function.name;
    }
    EXPECT_EQ(guest.call("fd_close", {fd}), e::success);
  }
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, ReadsNoPathOutsideTheMemory) {
  auto guest = writing();
  const auto before = snapshot(tree().path());
  for (const auto& function : kEvery) {
    SCOPED_TRACE(function.name);
    const auto call = [&](Number path, Number length) {
      return function.call(guest, kDirectory, path, length);
    };
    EXPECT_EQ(call(kOutside - 3, 4), e::fault);
    EXPECT_EQ(call(kOutside, 1), e::fault);
    EXPECT_EQ(call(kOutside + 1, 0), e::fault);
    EXPECT_EQ(call(0, 0xFFFF'FFFF), e::fault);
    EXPECT_EQ(call(1, 0xFFFF'FFFF), e::fault);
    EXPECT_EQ(call(0xFFFF'FFFF, 0xFFFF'FFFF), e::fault);
    EXPECT_EQ(call(0xFFFF'FFFF, 1), e::fault);
    EXPECT_EQ(call(0, kOutside), e::nametoolong);  // All of the memory, and nothing outside.
    EXPECT_EQ(call(kOutside, 0), e::noent);
  }
  const auto length = guest.put(kPath, "new");
  for (const auto& [target, target_length] :
       {std::pair{kOutside - 3, 4U}, {0U, 0xFFFF'FFFFU}, {0xFFFF'FFFFU, 1U}}) {
    EXPECT_EQ(guest.call("path_symlink", {target, target_length, kDirectory, kPath, length}),
              e::fault);
  }
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, RefusesNamesThatCannotBe) {
  auto guest = writing();
  const auto before = snapshot(tree().path());
  const std::vector<std::pair<std::string, Number>> bad{
      {"", e::noent},
      {std::string("file\0", 5), e::inval},
      {std::string("\0", 1), e::inval},
      {"\xff", e::ilseq},
      {"dir/\xc3", e::ilseq},
      {"\xed\xa0\x80", e::ilseq},  // A surrogate.
      {std::string(256, 'n'), e::nametoolong},
      {"dir/" + std::string(256, 'n'), e::nametoolong},
      {std::string(256, 'n') + "/x", e::nametoolong},
      {std::string(4096, 'n'), e::nametoolong},
      {"dir/" + std::string(5000, '/') + "file", e::nametoolong},
      {"missing/x", e::noent},
      {"dangling/x", e::noent},
      {"file/x", e::notdir},
      {"to_file/x", e::notdir},
      {"file/.", e::notdir},
      {"loop/x", e::loop},
      {"..", e::perm},
      {"../" + outside().path().filename().string() + "/file", e::perm},
      {"../" + tree().path().filename().string() + "/file", e::perm},
      {"dir/../..", e::perm},
      {"/", e::perm},
      {"/file", e::perm},
      {(outside().path() / "file").string(), e::perm},
      {"out/file", e::perm},
      {"out/new", e::perm},
      {"up/file", e::perm},
      {"absolute/x", e::perm},
  };
  for (const auto& [path, expected] : bad) {
    for (const auto& function : kEvery) {
      const auto length = guest.put(kPath, path);
      EXPECT_EQ(function.call(guest, kDirectory, kPath, length), expected)
          << function.name << ' ' << path.substr(0, 80);
    }
  }
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, FollowsNoLinkOut) {
  auto guest = writing();
  const auto before = snapshot(tree().path());
  for (const auto* const path : {"out", "out_file", "out_dangling", "up", "absolute"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(open_as(guest, path, {}), e::perm);
    EXPECT_EQ(open_as(guest, path, {.flags = kOnlyDirectory}), e::perm);
    EXPECT_EQ(open_as(guest, path, {.flags = kCreate, .rights = kWrite}), e::perm);
    EXPECT_EQ(open_as(guest, path, {.flags = kTruncate, .rights = kWrite}), e::perm);
    EXPECT_EQ(open_as(guest, path, {.lookup = 0}), e::loop);
    EXPECT_EQ(open_as(guest, path, {.flags = kCreate | kExclusive, .rights = kWrite}), e::exist);
    EXPECT_EQ(stat_of(guest, path), e::perm);
    EXPECT_EQ(type_of(guest, path, 0), kIsLink);
    EXPECT_EQ(set_modified(guest, path, 7), e::perm);
  }
  EXPECT_EQ(open_as(guest, "loop", {}), e::loop);
  EXPECT_EQ(stat_of(guest, "loop"), e::loop);
  EXPECT_EQ(set_modified(guest, "loop", 7), e::loop);
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, MakesNoWayOutForItself) {
  auto guest = writing();
  const auto out = "../" + outside().path().filename().string();
  EXPECT_EQ(make_symlink(guest, out, "own"), e::success);  // Kept as it is, for what it is worth.
  EXPECT_EQ(make_symlink(guest, "own", "dir/own"), e::success);
  EXPECT_EQ(open_as(guest, "own/file", {}), e::perm);
  EXPECT_EQ(open_as(guest, "own/new", {.flags = kCreate, .rights = kWrite}), e::perm);
  EXPECT_EQ(make_link(guest, "own/file", "taken"), e::perm);
  EXPECT_EQ(make_link(guest, "file", "own/given"), e::perm);
  EXPECT_EQ(rename_to(guest, "own/file", "taken"), e::perm);
  EXPECT_EQ(rename_to(guest, "file", "own/given"), e::perm);
  EXPECT_EQ(unlink_file(guest, "own/file"), e::perm);

  // Beneath, it leads to what is there; moved up, out again.
  EXPECT_EQ(make_symlink(guest, "../file", "dir/above"), e::success);
  EXPECT_EQ(read_from(guest, open_or_fail(guest, "dir/above")), "inside");
  EXPECT_EQ(rename_to(guest, "dir/above", "above"), e::success);
  EXPECT_EQ(open_as(guest, "above", {}), e::perm);
  EXPECT_EQ(make_link(guest, "above", "dir/above"), e::success);
  EXPECT_EQ(read_from(guest, open_or_fail(guest, "dir/above")), "inside");
}

TEST_P(WasiPathsTest, ChangesNothingWhereItMayOnlyRead) {
  auto guest = start(granting(DirectoryAccess::read_only));
  const auto before = snapshot(tree().path());
  const auto sub = open_directory(guest, "dir");
  for (const auto in : {kDirectory, sub}) {
    EXPECT_EQ(make_directory(guest, "new", in), e::perm);
    EXPECT_EQ(make_directory(guest, "file", in), e::perm);
    EXPECT_EQ(make_link(guest, "file", "new", {in, in}), e::perm);
    EXPECT_EQ(rename_to(guest, "file", "new", {in, in}), e::perm);
    EXPECT_EQ(unlink_file(guest, "file", in), e::perm);
    EXPECT_EQ(unlink_file(guest, "missing", in), e::perm);
    for (const std::uint32_t flags : {kCreate, kCreate | kExclusive}) {
      EXPECT_EQ(open_as(guest, "new", {.directory = in, .flags = flags}), e::perm);
    }
    EXPECT_EQ(open_as(guest, "file", {.directory = in, .flags = kTruncate}), e::perm);
    // What is there already need not be made.
    EXPECT_EQ(open_as(guest, "file", {.directory = in, .flags = kCreate}), e::success);
    EXPECT_EQ(write_to(guest, guest.at<Number>(kOpened), "x"), e::badf);
    EXPECT_EQ(open_as(guest, "file", {.directory = in, .flags = kCreate | kExclusive}), e::exist);
    EXPECT_EQ(open_as(guest, "file", {.directory = in, .rights = kWrite}), e::perm);
    EXPECT_EQ(open_as(guest, "file", {.directory = in, .rights = kRead | kWrite}), e::perm);
  }
  EXPECT_EQ(remove_directory(guest, "empty"), e::perm);
  EXPECT_EQ(make_symlink(guest, "file", "new"), e::perm);
  EXPECT_EQ(set_modified(guest, "file", 7), e::perm);
  EXPECT_EQ(set_modified(guest, "to_file", 7, 0), e::perm);
  EXPECT_EQ(set_modified(guest, ".", 7), e::perm);

  EXPECT_EQ(read_from(guest, open_or_fail(guest, "dir/deep/file")), "in deep");
  EXPECT_EQ(type_of(guest, "file"), kIsFile);
  EXPECT_EQ(read_link(guest, "to_file"), e::success);
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, TakesNamesOfAnyCharacters) {
  auto guest = writing();
  for (const auto* const name : {"über", "日本語", "🙂", "two words", " ", "line\nbreak", "tab\t",
                                 "-rf", "...", "..x", "a\\b", "c:", "*", "\x01", "'\"", "nul"}) {
    SCOPED_TRACE(name);
    const auto below = std::string{name} + "/" + name;
    EXPECT_EQ(make_directory(guest, name), e::success);
    const auto fd = open_or_fail(guest, below, {.flags = kCreate, .rights = kWrite});
    EXPECT_EQ(write_to(guest, fd, name), e::success);
    EXPECT_EQ(guest.call("fd_close", {fd}), e::success);
    EXPECT_EQ(tree().read(below), name);
    EXPECT_EQ(make_symlink(guest, below, "link"), e::success);
    EXPECT_EQ(read_link(guest, "link"), e::success);
    EXPECT_EQ(guest.text(kGiven, guest.at<Number>(kSize)), below);
    EXPECT_EQ(type_of(guest, "link"), kIsFile);
    EXPECT_EQ(unlink_file(guest, "link"), e::success);
    EXPECT_EQ(rename_to(guest, below, below + "2"), e::success);
    EXPECT_EQ(unlink_file(guest, below + "2"), e::success);
    EXPECT_EQ(remove_directory(guest, name), e::success);
    EXPECT_FALSE(fs::exists(at(name)));
  }
  const std::string longest(255, 'n');
  EXPECT_EQ(make_directory(guest, longest), e::success);
  EXPECT_EQ(type_of(guest, longest), kIsDirectory);
}

TEST_P(WasiPathsTest, MakesAsMuchInACallAsTheLimitAllows) {
  auto config = granting();
  config.limits.entries_created = 4;
  auto guest = start(std::move(config));
  const Opening creating{.flags = kCreate | kExclusive, .rights = kWrite};
  EXPECT_EQ(make_directory(guest, "dir"), e::exist);  // What is not made does not count.
  EXPECT_EQ(make_symlink(guest, "file", "dir"), e::exist);
  EXPECT_EQ(make_link(guest, "file", "dir"), e::exist);
  EXPECT_EQ(open_as(guest, "file", creating), e::exist);
  EXPECT_EQ(open_as(guest, "file", {.flags = kCreate}), e::success);

  EXPECT_EQ(make_directory(guest, "new_1"), e::success);
  EXPECT_EQ(open_as(guest, "new_2", creating), e::success);
  EXPECT_EQ(make_symlink(guest, "file", "new_3"), e::success);
  EXPECT_EQ(make_link(guest, "file", "new_4"), e::success);
  const auto before = snapshot(tree().path());
  EXPECT_EQ(make_directory(guest, "new_5"), e::dquot);
  EXPECT_EQ(open_as(guest, "new_5", creating), e::dquot);
  EXPECT_EQ(open_as(guest, "dangling", {.flags = kCreate, .rights = kWrite}), e::dquot);
  EXPECT_EQ(make_symlink(guest, "file", "new_5"), e::dquot);
  EXPECT_EQ(make_link(guest, "file", "new_5"), e::dquot);
  EXPECT_EQ(snapshot(tree().path()), before);
  EXPECT_EQ(open_as(guest, "new_2", {.flags = kCreate, .rights = kWrite}),
            e::success);  // Is there.
  EXPECT_EQ(open_as(guest, "new_2", creating), e::exist);
  EXPECT_EQ(open_as(guest, "dir", {.flags = kCreate}), e::isdir);
  EXPECT_EQ(rename_to(guest, "new_4", "new_5"), e::success);
  EXPECT_EQ(unlink_file(guest, "new_5"), e::success);
  EXPECT_EQ(make_directory(guest, "new_5"), e::dquot);  // Removing gives nothing back.

  guest.wasi().begin_call();
  EXPECT_EQ(make_directory(guest, "new_5"), e::success);
}

// path_open.

TEST_P(WasiPathsTest, GivesTheLowestNumbers) {
  auto guest = writing();
  for (const Number expected : {4U, 5U, 6U}) EXPECT_EQ(open_or_fail(guest, "file"), expected);
  EXPECT_EQ(guest.call("fd_close", {5}), e::success);
  EXPECT_EQ(guest.call("fd_close", {kInput}), e::success);
  EXPECT_EQ(open_or_fail(guest, "file"), kInput);
  EXPECT_EQ(open_directory(guest, "dir"), 5U);
  EXPECT_EQ(open_or_fail(guest, "file"), 7U);
}

TEST_P(WasiPathsTest, OpensForWhatTheRightsSay) {
  auto guest = writing();
  for (const std::uint64_t rights : {std::uint64_t{0}, kRead, kWrite, kRead | kWrite}) {
    SCOPED_TRACE(rights);
    const bool writes = (rights & kWrite) != 0;
    const bool reads = rights != kWrite;  // A file has to be open for something.
    const auto fd = open_or_fail(guest, "file", {.rights = rights});
    const auto told = fdstat(guest, fd);
    EXPECT_EQ(told.type, kIsFile);
    EXPECT_EQ(told.flags, 0U);
    EXPECT_EQ((told.base & kRead) != 0, reads);
    EXPECT_EQ((told.base & kWrite) != 0, writes);
    EXPECT_NE(told.base & (1U << 2U), 0U);   // fd_seek, of all that a file can.
    EXPECT_EQ(told.base & (1U << 13U), 0U);  // path_open
    put_vector(guest, 1);
    EXPECT_EQ(guest.call("fd_read", {fd, kVector, 1, kSize}), reads ? e::success : e::badf);
    EXPECT_EQ(guest.call("fd_seek", {fd, 0, 0, kSize}), e::success);
    EXPECT_EQ(write_to(guest, fd, "i"), writes ? e::success : e::badf);
    EXPECT_EQ(guest.call("fd_close", {fd}), e::success);
  }
  EXPECT_EQ(tree().read("file"), "inside");
}

TEST_P(WasiPathsTest, OpensDirectoriesThatHandOnWhatTheyWereHanded) {
  auto guest = writing();
  const auto root = fdstat(guest, kDirectory);
  const auto fd = open_directory(guest, "dir");
  const auto told = fdstat(guest, fd);
  EXPECT_EQ(told.type, kIsDirectory);
  EXPECT_EQ(told.base, root.base);
  EXPECT_EQ(told.inheriting, root.inheriting);
  EXPECT_EQ(read_from(guest, open_or_fail(guest, "file", {.directory = fd})), "in dir");
  EXPECT_EQ(read_from(guest, open_or_fail(guest, "deep/file", {.directory = fd})), "in deep");
  EXPECT_EQ(open_as(guest, "../file", {.directory = fd}), e::perm);
  EXPECT_EQ(open_as(guest, "..", {.directory = fd}), e::perm);
  EXPECT_EQ(open_as(guest, "to_dir", {.flags = kOnlyDirectory}), e::success);

  // Nothing that is opened below has what is not handed on.
  const auto less = root.inheriting & ~kWrite & ~std::uint64_t{1U << 26U};
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {kDirectory, root.base, less}), e::success);
  EXPECT_EQ(open_as(guest, "file", {.rights = kWrite}), e::notcapable);
  EXPECT_EQ(open_as(guest, "file", {.rights = kRead | kWrite}), e::notcapable);
  EXPECT_EQ(open_as(guest, "new", {.flags = kCreate, .rights = kWrite}), e::notcapable);
  EXPECT_FALSE(fs::exists(at("new")));
  const auto lesser = open_directory(guest, "dir");
  EXPECT_EQ(fdstat(guest, lesser).base, root.base & less);
  EXPECT_EQ(fdstat(guest, lesser).inheriting, less);
  EXPECT_EQ(open_as(guest, "file", {.directory = lesser, .rights = kWrite}), e::notcapable);
  EXPECT_EQ(unlink_file(guest, "file", lesser), e::notcapable);
  EXPECT_EQ(unlink_file(guest, "dir/file"), e::success);  // It still may itself.
  EXPECT_EQ(
      write_to(guest, open_or_fail(guest, "deep/file", {.directory = fd, .rights = kWrite}), "by"),
      e::success);  // As may what was opened before.

  EXPECT_EQ(guest.call("fd_fdstat_set_rights", {kDirectory, root.base, less & ~kRead}), e::success);
  EXPECT_EQ(open_as(guest, "file", {.rights = kRead}), e::notcapable);
  const auto blind = open_or_fail(guest, "file", {.rights = 0});
  EXPECT_EQ(fdstat(guest, blind).base & (kRead | kWrite), 0U);
  EXPECT_EQ(guest.call("fd_read", {blind, kVector, 1, kSize}), e::notcapable);
}

TEST_P(WasiPathsTest, OpensWithFlags) {
  auto guest = writing();
  const auto appending =
      open_or_fail(guest, "file", {.rights = kRead | kWrite, .fd_flags = kAppend});
  EXPECT_EQ(fdstat(guest, appending).flags, kAppend);
  EXPECT_EQ(write_to(guest, appending, "!"), e::success);
  EXPECT_EQ(tree().read("file"), "inside!");
  for (const Number flags : {0U, 2U, 4U, 8U, kSync, 31U}) {
    const auto fd = open_or_fail(guest, "file", {.rights = kWrite, .fd_flags = flags});
    EXPECT_EQ(fdstat(guest, fd).flags, flags);
    EXPECT_EQ(write_to(guest, fd, "I"), e::success);
  }
  EXPECT_EQ(tree().read("file"), "Inside!I");
  EXPECT_EQ(fdstat(guest, open_directory(guest, "dir")).flags, 0U);
}

TEST_P(WasiPathsTest, CreatesAndTruncates) {
  const auto umask_before = ::umask(027);
  auto guest = writing();
  const auto made = open_or_fail(guest, "new", {.flags = kCreate, .rights = kRead | kWrite});
  EXPECT_EQ(make_directory(guest, "made"), e::success);
  ::umask(umask_before);
  EXPECT_EQ(write_to(guest, made, "text"), e::success);
  EXPECT_EQ(tree().read("new"), "text");
  EXPECT_EQ(permissions(at("new")), 0640U);
  EXPECT_EQ(permissions(at("made")), 0750U);

  EXPECT_EQ(read_from(guest, open_or_fail(guest, "new", {.flags = kCreate})), "text");
  EXPECT_EQ(open_as(guest, "new", {.flags = kCreate | kExclusive}), e::exist);
  EXPECT_EQ(open_as(guest, "dir", {.flags = kCreate | kExclusive}), e::exist);
  EXPECT_EQ(open_as(guest, "dangling", {.flags = kCreate | kExclusive}), e::exist);
  EXPECT_EQ(open_as(guest, "fresh", {.flags = kCreate | kExclusive, .rights = kRead}), e::success);
  EXPECT_TRUE(fs::is_regular_file(at("fresh")));
  EXPECT_EQ(tree().read("new"), "text");

  EXPECT_EQ(open_as(guest, "new", {.flags = kTruncate, .rights = kWrite}), e::success);
  EXPECT_EQ(tree().read("new"), "");
  tree().write("new", "text");
  EXPECT_EQ(open_as(guest, "new", {.flags = kCreate | kTruncate, .rights = kRead}), e::success);
  EXPECT_EQ(tree().read("new"), "");
  EXPECT_EQ(open_as(guest, "missing", {.flags = kTruncate, .rights = kWrite}), e::noent);
}

TEST_P(WasiPathsTest, OpensNothingThatIsNotThereOrIsSomethingElse) {
  auto guest = writing();
  const auto before = snapshot(tree().path());
  EXPECT_EQ(open_as(guest, "missing", {}), e::noent);
  EXPECT_EQ(open_as(guest, "dangling", {}), e::noent);
  EXPECT_EQ(open_as(guest, "dangling", {.lookup = 0}), e::loop);
  EXPECT_EQ(open_as(guest, "to_file", {.lookup = 0}), e::loop);
  EXPECT_EQ(open_as(guest, "file", {.flags = kOnlyDirectory}), e::notdir);
  EXPECT_EQ(open_as(guest, "to_file", {.flags = kOnlyDirectory}), e::notdir);
  EXPECT_EQ(open_as(guest, "file/", {}), e::notdir);
  EXPECT_EQ(open_as(guest, "file/", {.flags = kCreate}), e::notdir);
  EXPECT_EQ(open_as(guest, "new/", {.flags = kCreate}), e::isdir);
  EXPECT_EQ(open_as(guest, "dir", {.rights = kWrite}), e::isdir);
  EXPECT_EQ(open_as(guest, "dir", {.rights = kRead | kWrite}), e::isdir);
  EXPECT_EQ(open_as(guest, "dir", {.flags = kCreate}), e::isdir);
  EXPECT_EQ(open_as(guest, "dir", {.flags = kTruncate}), e::isdir);
  EXPECT_EQ(open_as(guest, "dir", {.flags = kOnlyDirectory, .rights = kWrite}), e::isdir);
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, OpensNothingWithNumbersThatCannotBe) {
  auto guest = writing();
  const auto before = snapshot(tree().path());
  for (const auto* const path : {"new", "file", "missing/x"}) {
    for (const auto flags : {kCreate, kCreate | kTruncate}) {
      EXPECT_EQ(open_as(guest, path, {.lookup = 2, .flags = flags}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.lookup = 0x8000'0001, .flags = flags}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags | 16U}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags | 0x1'0000U}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags, .rights = 1U << 30U}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags, .rights = UINT64_MAX}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags, .inheriting = 1ULL << 63U}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags, .fd_flags = 32}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags, .fd_flags = 0x1'0000}), e::inval);
      EXPECT_EQ(open_as(guest, path, {.flags = flags | kOnlyDirectory}), e::inval);
      const auto length = guest.put(kPath, path);
      for (const auto pointer : {kOutside - 3, kOutside, 0xFFFF'FFFFU, 0xFFFF'FFFDU}) {
        EXPECT_EQ(guest.call("path_open",
                             {kDirectory, kFollow, kPath, length, flags, kRead, 0, 0, pointer}),
                  e::fault);
      }
    }
  }
  EXPECT_EQ(open_as(guest, "dir", {.flags = kOnlyDirectory | kTruncate}), e::inval);
  EXPECT_EQ(open_as(guest, "new", {.flags = kOnlyDirectory | kExclusive}), e::inval);
  EXPECT_EQ(snapshot(tree().path()), before);
  EXPECT_EQ(open_or_fail(guest, "file"), 4U);  // Nor is any of them open.
  const auto length = guest.put(kPath, "file");
  EXPECT_EQ(guest.call("path_open", {kDirectory, 0, kPath, length, 0, kRead, 0, 0, kOutside - 4}),
            e::success);
  EXPECT_EQ(guest.at<Number>(kOutside - 4), 5U);
}

TEST_P(WasiPathsTest, GivesWhereThePathWas) {
  auto guest = writing();
  const auto length = guest.put(kPath, "file");
  EXPECT_EQ(guest.call("path_open", {kDirectory, 0, kPath, length, 0, kRead, 0, 0, kPath}),
            e::success);
  EXPECT_EQ(read_from(guest, guest.at<Number>(kPath)), "inside");
  guest.put(kPath, "to_file");
  EXPECT_EQ(guest.call("path_readlink", {kDirectory, kPath, 7, kPath, 7, kPath + 4}), e::success);
  EXPECT_EQ(guest.text(kPath, 4), "file");
  EXPECT_EQ(guest.at<Number>(kPath + 4), 4U);
  guest.put(kPath, "file");
  EXPECT_EQ(guest.call("path_filestat_get", {kDirectory, 0, kPath, 4, kPath}), e::success);
  EXPECT_EQ(guest.at<std::uint8_t>(kPath + 16), kIsFile);
}

TEST_P(WasiPathsTest, SaysWhenTheProcessHasNoMoreDescriptors) {
  if (kNeedsDescriptors) GTEST_SKIP() << "this build opens descriptors itself";
  auto guest = start(granting());
  {
    const auto scarce = LoweredLimit::to_open_descriptors();
    EXPECT_EQ(open_as(guest, "file", {}), e::mfile);
    EXPECT_EQ(open_as(guest, "new", {.flags = kCreate, .rights = kWrite}), e::mfile);
    EXPECT_EQ(open_as(guest, "dir", {.flags = kOnlyDirectory}), e::mfile);
    const auto below = guest.put(kPath, "dir/deep/x");  // Each needs one, to get there.
    for (const auto& function : kEvery) {
      EXPECT_EQ(function.call(guest, kDirectory, kPath, below), e::mfile) << function.name;
    }
  }
  EXPECT_EQ(open_or_fail(guest, "file"), 4U);
}

TEST_P(WasiPathsTest, SaysWhenTheGuestHasNoMoreDescriptors) {
  auto config = granting();
  config.limits.descriptors = 5;
  auto guest = start(std::move(config));
  EXPECT_EQ(open_or_fail(guest, "file"), 4U);
  EXPECT_EQ(open_as(guest, "new", {.flags = kCreate, .rights = kWrite}), e::mfile);
  EXPECT_EQ(open_as(guest, "file", {.flags = kTruncate, .rights = kWrite}), e::mfile);
  EXPECT_EQ(open_as(guest, "dir", {.flags = kOnlyDirectory}), e::mfile);
  EXPECT_FALSE(fs::exists(at("new")));
  EXPECT_EQ(tree().read("file"), "inside");
  EXPECT_EQ(type_of(guest, "dir/deep/file"), kIsFile);  // What opens nothing goes on.
}

TEST_P(WasiPathsTest, MayDoWhatTheProcessMay) {
  if (::geteuid() == 0) GTEST_SKIP() << "this process may everything";
  auto guest = writing();
  fs::permissions(at("file"), fs::perms::none);
  fs::permissions(at("dir/deep"), fs::perms::none);
  fs::permissions(at("dir"), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(open_as(guest, "file", {}), e::acces);
  EXPECT_EQ(open_as(guest, "file", {.flags = kTruncate, .rights = kWrite}), e::acces);
  EXPECT_EQ(open_as(guest, "dir/new", {.flags = kCreate, .rights = kWrite}), e::acces);
  EXPECT_EQ(open_as(guest, "dir/deep/file", {}), e::acces);
  EXPECT_EQ(open_as(guest, "dir/deep", {.flags = kOnlyDirectory}), e::acces);
  EXPECT_EQ(stat_of(guest, "dir/deep/file"), e::acces);
  EXPECT_EQ(set_modified(guest, "dir/deep/file", 7), e::acces);
  EXPECT_EQ(read_link(guest, "dir/deep/file"), e::acces);
  EXPECT_EQ(make_directory(guest, "dir/new"), e::acces);
  EXPECT_THAT(make_link(guest, "file", "dir/new"), AnyOf(e::acces, e::perm));
  EXPECT_EQ(make_symlink(guest, "file", "dir/new"), e::acces);
  EXPECT_EQ(rename_to(guest, "file", "dir/new"), e::acces);
  EXPECT_EQ(rename_to(guest, "dir/file", "new"), e::acces);
  EXPECT_EQ(unlink_file(guest, "dir/file"), e::acces);
  EXPECT_EQ(remove_directory(guest, "dir/deep"), e::acces);
  fs::permissions(at("dir"), fs::perms::owner_all);
  fs::permissions(at("dir/deep"), fs::perms::owner_all);
}

TEST_P(WasiPathsTest, OpensNeitherFifosNorSockets) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  const UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = at("socket").string();
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);

  auto guest = writing();
  fs::create_symlink("fifo", at("to_fifo"));
  for (const auto* const name : {"fifo", "socket", "to_fifo"}) {
    SCOPED_TRACE(name);
    for (const std::uint64_t rights : {std::uint64_t{0}, kRead, kWrite, kRead | kWrite}) {
      EXPECT_EQ(open_as(guest, name, {.rights = rights}), e::acces);
      EXPECT_EQ(open_as(guest, name, {.flags = kCreate, .rights = rights}), e::acces);
      EXPECT_EQ(open_as(guest, name, {.flags = kTruncate, .rights = rights}), e::acces);
    }
    EXPECT_EQ(open_as(guest, name, {.flags = kOnlyDirectory}), e::notdir);
    EXPECT_EQ(stat_of(guest, name), e::success);
  }
  EXPECT_EQ(type_of(guest, "fifo"), 0U);  // WASI has no word for it.
  EXPECT_EQ(type_of(guest, "socket"), 6U);
  EXPECT_EQ(rename_to(guest, "fifo", "renamed"), e::success);
  EXPECT_EQ(unlink_file(guest, "renamed"), e::success);
}

#ifdef __linux__
TEST_P(WasiPathsTest, OpensNeitherDevicesNorTheKernelsFiles) {
  auto guest = start({.directories = {{"/", "/", DirectoryAccess::read_only},
                                      {"/dev", "/dev", DirectoryAccess::read_write}}});
  constexpr Number kDevices = 4;
  EXPECT_EQ(open_as(guest, "dev/null", {}), e::acces);
  EXPECT_EQ(open_as(guest, "dev/zero", {.rights = 0}), e::acces);
  EXPECT_EQ(open_as(guest, "dev/null", {.rights = kWrite}), e::perm);
  EXPECT_EQ(open_as(guest, "null", {.directory = kDevices}), e::acces);
  EXPECT_EQ(open_as(guest, "null", {.directory = kDevices, .rights = kWrite}), e::acces);
  EXPECT_EQ(type_of(guest, "dev/null"), kCharacterDevice);
  for (const auto* const path : {"proc", "proc/self/environ", "proc/self/mem", "proc/self/status",
                                 "proc/cpuinfo", "proc/self", "sys", "sys/kernel"}) {
    EXPECT_EQ(open_as(guest, path, {}), e::acces) << path;
    EXPECT_EQ(open_as(guest, path, {.rights = kWrite}), e::perm) << path;
  }
  EXPECT_THAT(open_as(guest, "proc/self/root/etc/passwd", {}), AnyOf(e::perm, e::loop));
  EXPECT_THAT(open_as(guest, "proc/self/cwd/.", {}), AnyOf(e::perm, e::loop));
  EXPECT_THAT(open_as(guest, "proc/self/fd/0", {}), AnyOf(e::perm, e::loop, e::acces, e::noent));
  EXPECT_EQ(read_link(guest, "proc/self"), e::acces);
  EXPECT_EQ(read_link(guest, "proc/self/exe"), e::acces);
  EXPECT_EQ(type_of(guest, "proc/self/status"), kIsFile);
}
#endif

TEST_P(WasiPathsTest, GoesOnBelowADirectoryThatWasMovedAway) {
  auto guest = writing();
  const auto fd = open_directory(guest, "dir");
  const auto below = open_directory(guest, "deep", fd);
  const TemporaryTree elsewhere;
  elsewhere.write("beside", "never seen");
  fs::rename(at("dir"), elsewhere.path() / "moved");

  EXPECT_EQ(open_as(guest, "dir/file", {}), e::noent);
  EXPECT_EQ(read_from(guest, open_or_fail(guest, "file", {.directory = fd})), "in dir");
  EXPECT_EQ(read_from(guest, open_or_fail(guest, "deep/../file", {.directory = fd})), "in dir");
  EXPECT_EQ(read_from(guest, open_or_fail(guest, "file", {.directory = below})), "in deep");
  for (const auto from : {fd, below}) {
    EXPECT_EQ(open_as(guest, "..", {.directory = from}), e::perm);
    EXPECT_EQ(open_as(guest, "../beside", {.directory = from}), e::perm);
    EXPECT_EQ(open_as(guest, "../new", {.directory = from, .flags = kCreate}), e::perm);
  }
  EXPECT_EQ(open_as(guest, "../file", {.directory = below}), e::perm);
  EXPECT_EQ(open_as(guest, "deep/../../beside", {.directory = fd}), e::perm);
  EXPECT_EQ(unlink_file(guest, "../beside", fd), e::perm);
  EXPECT_EQ(rename_to(guest, "file", "back", {fd, kDirectory}), e::success);
  EXPECT_EQ(tree().read("back"), "in dir");
  EXPECT_EQ(elsewhere.read("beside"), "never seen");

  EXPECT_EQ(unlink_file(guest, "file", below), e::success);
  fs::remove_all(elsewhere.path() / "moved");
  EXPECT_EQ(open_as(guest, "file", {.directory = below}), e::noent);
  EXPECT_EQ(make_directory(guest, "new", below), e::noent);
}

TEST_P(WasiPathsTest, KeepsTheAccessOfEachGrantWhereOneLiesInAnother) {
  constexpr Number kInner = 4;
  const auto inner = at("dir").string();
  auto guest = start({.directories = {{tree().path().string(), "/", DirectoryAccess::read_only},
                                      {inner, "/dir", DirectoryAccess::read_write}}});
  EXPECT_EQ(open_as(guest, "dir/new", {.flags = kCreate, .rights = kWrite}), e::perm);
  EXPECT_EQ(open_as(guest, "dir/file", {.rights = kWrite}), e::perm);
  EXPECT_EQ(unlink_file(guest, "dir/file"), e::perm);
  const auto by_outer = open_directory(guest, "dir");
  EXPECT_EQ(open_as(guest, "file", {.directory = by_outer, .rights = kWrite}), e::perm);
  EXPECT_EQ(make_directory(guest, "new", by_outer), e::perm);

  EXPECT_EQ(make_directory(guest, "new", kInner), e::success);
  EXPECT_EQ(open_as(guest, "file", {.directory = kInner, .rights = kWrite}), e::success);
  EXPECT_EQ(type_of(guest, "dir/new"), kIsDirectory);
  EXPECT_EQ(open_as(guest, "../file", {.directory = kInner}), e::perm);

  // Nothing gets from one to the other, not even what both reach.
  for (const Between& in : {Between{kDirectory, kInner}, Between{kInner, kDirectory},
                            Between{by_outer, kInner}, Between{kInner, by_outer}}) {
    EXPECT_EQ(make_link(guest, "file", "linked", in), e::perm);
    EXPECT_EQ(rename_to(guest, "file", "renamed", in), e::perm);
  }
  EXPECT_EQ(make_link(guest, "dir/file", "linked", {kDirectory, kInner}), e::perm);
  EXPECT_EQ(tree().read("file"), "inside");
  EXPECT_EQ(tree().read("dir/file"), "in dir");
  EXPECT_EQ(fs::hard_link_count(at("file")), 1U);

  auto turned = start({.directories = {{tree().path().string(), "/", DirectoryAccess::read_write},
                                       {inner, "/dir", DirectoryAccess::read_only}}});
  EXPECT_EQ(make_directory(turned, "by_inner", kInner), e::perm);
  EXPECT_EQ(make_link(turned, "file", "linked", {kInner, kDirectory}), e::perm);
  EXPECT_EQ(make_directory(turned, "dir/by_outer"), e::success);
}

TEST_P(WasiPathsTest, LinksAndRenamesBetweenDirectoriesThatAreBothForWriting) {
  const TemporaryTree second;
  auto config = granting();
  config.directories.push_back({second.path().string(), "/2", DirectoryAccess::read_write});
  auto guest = start(std::move(config));
  EXPECT_EQ(make_link(guest, "file", "linked", {kDirectory, 4}), e::success);
  EXPECT_EQ(inode(second.path() / "linked"), inode(at("file")));
  EXPECT_EQ(rename_to(guest, "dir", "moved", {kDirectory, 4}), e::success);
  EXPECT_EQ(second.read("moved/deep/file"), "in deep");
  EXPECT_EQ(rename_to(guest, "moved/file", "back", {4, kDirectory}), e::success);
  EXPECT_EQ(tree().read("back"), "in dir");
}

TEST_P(WasiPathsTest, SaysWhenAFileCannotGoToAnotherFileSystem) {
  auto pattern = fs::path{"/dev/shm/wapc_test_XXXXXX"}.string();
  struct stat here{};
  struct stat there{};
  if (::mkdtemp(pattern.data()) == nullptr) GTEST_SKIP() << "no file system in memory here";
  ASSERT_EQ(::stat(tree().path().c_str(), &here), 0);
  ASSERT_EQ(::stat(pattern.c_str(), &there), 0);
  if (here.st_dev != there.st_dev) {
    auto config = granting();
    config.directories.push_back({pattern, "/memory", DirectoryAccess::read_write});
    auto guest = start(std::move(config));
    EXPECT_EQ(rename_to(guest, "file", "file", {kDirectory, 4}), e::xdev);
    EXPECT_EQ(rename_to(guest, "dir", "dir", {kDirectory, 4}), e::xdev);
    EXPECT_EQ(make_link(guest, "file", "file", {kDirectory, 4}), e::xdev);
    EXPECT_TRUE(fs::is_empty(pattern));
    EXPECT_EQ(tree().read("file"), "inside");
  }
  fs::remove_all(pattern);
  if (here.st_dev == there.st_dev) GTEST_SKIP() << "temporary files are in memory too";
}

// The other functions, one by one.

TEST_P(WasiPathsTest, CreatesDirectories) {
  auto guest = writing();
  EXPECT_EQ(make_directory(guest, "new"), e::success);
  EXPECT_EQ(make_directory(guest, "new/below/"), e::success);
  EXPECT_EQ(make_directory(guest, "to_dir/new"), e::success);
  EXPECT_TRUE(fs::is_directory(at("new/below")));
  EXPECT_TRUE(fs::is_directory(at("dir/new")));
  for (const auto* const there :
       {"new", "new/", "file", "to_dir", "dangling", "out", "out_dangling", ".", "new/..", "./"}) {
    EXPECT_EQ(make_directory(guest, there), e::exist) << there;
  }
  EXPECT_FALSE(fs::exists(at("missing")));
}

TEST_P(WasiPathsTest, TellsSizeTimesAndTypeInBothEditions) {
  fs::create_hard_link(at("file"), at("again"));
  for (const auto edition : {kPreview1, kUnstable}) {
    const bool old = edition == kUnstable;
    const Number size = old ? 56 : 64;
    auto guest = start(granting(), edition);
    std::ranges::fill(guest.memory().subspan(kGiven, 80), std::byte{0xAA});
    EXPECT_EQ(stat_of(guest, "to_file"), e::success);
    struct stat status{};
    ASSERT_EQ(::stat(at("file").c_str(), &status), 0);
    EXPECT_EQ(guest.at<std::uint64_t>(kGiven), status.st_dev);
    EXPECT_EQ(guest.at<std::uint64_t>(kGiven + 8), status.st_ino);
    EXPECT_EQ(guest.at<std::uint8_t>(kGiven + 16), kIsFile);
    EXPECT_EQ(old ? guest.at<Number>(kGiven + 20) : guest.at<std::uint64_t>(kGiven + 24), 2U);
    const auto rest = kGiven + (old ? 24U : 32U);
    EXPECT_EQ(guest.at<std::uint64_t>(rest), 6U);
    EXPECT_EQ(guest.at<std::uint64_t>(rest + 16) / 1'000'000'000U,
              static_cast<std::uint64_t>(status.st_mtime));
    EXPECT_EQ(guest.at<std::uint8_t>(kGiven + size), 0xAA);  // And not a byte more.

    EXPECT_EQ(type_of(guest, "dir"), kIsDirectory);
    EXPECT_EQ(type_of(guest, "."), kIsDirectory);
    EXPECT_EQ(type_of(guest, "dir/deep/.."), kIsDirectory);
    EXPECT_EQ(type_of(guest, "to_dir"), kIsDirectory);
    EXPECT_EQ(type_of(guest, "to_dir", 0), kIsLink);
    EXPECT_EQ(type_of(guest, "to_dir/", 0), kIsDirectory);
    EXPECT_EQ(type_of(guest, "dangling", 0), kIsLink);
    EXPECT_EQ(type_of(guest, "loop", 0), kIsLink);
    EXPECT_EQ(stat_of(guest, "missing"), e::noent);
    EXPECT_EQ(stat_of(guest, "dangling"), e::noent);
    EXPECT_EQ(stat_of(guest, "file/"), e::notdir);
    EXPECT_EQ(stat_of(guest, "file", 2), e::inval);
    EXPECT_EQ(stat_of(guest, "missing", 0x8000'0000), e::inval);
    const auto length = guest.put(kPath, "file");
    const auto told_at = [&, &guest = guest](Number pointer) {
      return guest.call("path_filestat_get", {kDirectory, 0, kPath, length, pointer});
    };
    EXPECT_EQ(told_at(kOutside - size), e::success);
    EXPECT_EQ(told_at(kOutside - size + 1), e::fault);
    EXPECT_EQ(told_at(kOutside), e::fault);
    EXPECT_EQ(told_at(0xFFFF'FFFF), e::fault);
  }
}

TEST_P(WasiPathsTest, SetsTimes) {
  constexpr std::uint64_t kThen = 1'000'000'007;  // A second and 7 ns.
  constexpr std::uint64_t kLong = 1'500'000'000'000'000'000;
  auto guest = writing();
  const auto set = [&guest](std::string_view path, Number lookup, Number flags) {
    const auto length = guest.put(kPath, path);
    return guest.call("path_filestat_set_times",
                      {kDirectory, lookup, kPath, length, 5, kThen, flags});
  };
  EXPECT_EQ(set("file", 0, 1 | 4), e::success);
  EXPECT_EQ(modified(guest, "file"), kThen);
  EXPECT_EQ(guest.at<std::uint64_t>(kGiven + 40), 5U);
  EXPECT_EQ(set("file", 0, 8), e::success);
  EXPECT_GT(modified(guest, "file"), kLong);
  EXPECT_EQ(guest.at<std::uint64_t>(kGiven + 40), 5U);
  EXPECT_EQ(set("file", 0, 2 | 4), e::success);
  EXPECT_EQ(modified(guest, "file"), kThen);
  EXPECT_GT(guest.at<std::uint64_t>(kGiven + 40), kLong);
  EXPECT_EQ(set("file", 0, 0), e::success);
  EXPECT_EQ(modified(guest, "file"), kThen);

  EXPECT_EQ(set("to_dir", kFollow, 4), e::success);
  EXPECT_EQ(modified(guest, "dir"), kThen);
  EXPECT_GT(modified(guest, "to_dir"), kLong);
  EXPECT_EQ(set("out_file", 0, 4), e::success);  // The link's own, wherever it points.
  EXPECT_EQ(modified(guest, "out_file"), kThen);
  EXPECT_EQ(set(".", kFollow, 4), e::success);
  EXPECT_EQ(modified(guest, "."), kThen);

  EXPECT_EQ(set("missing", 0, 4), e::noent);
  EXPECT_EQ(set("dangling", kFollow, 4), e::noent);
  EXPECT_EQ(set("file/", 0, 4), e::notdir);
  EXPECT_EQ(set("file", 2, 4), e::inval);
  EXPECT_EQ(set("file", 0, 1 | 2), e::inval);
  EXPECT_EQ(set("file", 0, 4 | 8), e::inval);
  EXPECT_EQ(set("file", 0, 16), e::inval);
  EXPECT_EQ(set("missing", 0, 0x1'0000), e::inval);
  EXPECT_EQ(modified(guest, "file"), kThen);
}

TEST_P(WasiPathsTest, SetsTheTimeOfTheProgramsClock) {
  auto config = granting();
  config.realtime_clock = [] { return std::chrono::seconds{77}; };
  auto guest = start(std::move(config));
  EXPECT_EQ(guest.call("path_filestat_set_times",
                       {kDirectory, 0, kPath, guest.put(kPath, "file"), 0, 0, 8}),
            e::success);
  EXPECT_EQ(modified(guest, "file"), 77'000'000'000U);
}

TEST_P(WasiPathsTest, MakesHardLinks) {
  auto guest = writing();
  EXPECT_EQ(make_link(guest, "file", "to_dir/linked"), e::success);
  EXPECT_EQ(inode(at("dir/linked")), inode(at("file")));
  EXPECT_EQ(make_link(guest, "to_file", "linked"), e::success);
  EXPECT_EQ(fs::read_symlink(at("linked")), "file");  // The link itself.
  const auto before = snapshot(tree().path());
  for (const auto* const there : {"file", "empty", "dangling", "out_dangling", "."}) {
    EXPECT_EQ(make_link(guest, "dir/file", there), e::exist) << there;
  }
  EXPECT_EQ(make_link(guest, "missing", "new"), e::noent);
  EXPECT_EQ(make_link(guest, "file", "new/"), e::noent);
  EXPECT_EQ(make_link(guest, "file/", "new"), e::notdir);
  EXPECT_EQ(make_link(guest, "to_dir/", "new"), e::notdir);
  for (const auto* const directory : {"dir", "dir/", ".", "dir/.."}) {
    EXPECT_EQ(make_link(guest, directory, "new"), e::perm) << directory;
  }
  const auto length = guest.put(kPath, "to_file");
  for (const Number lookup : {kFollow, 2U, 0x8000'0000U}) {
    EXPECT_EQ(guest.call("path_link", {kDirectory, lookup, kPath, length, kDirectory, kOther,
                                       guest.put(kOther, "new")}),
              e::inval);
  }
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, MakesSymbolicLinks) {
  auto guest = writing();
  const std::string longest(4095, 'x');
  for (const auto& target : {std::string{"file"}, std::string{"../nowhere"}, std::string{"über/ü"},
                             std::string{"dir/"}, longest}) {
    EXPECT_EQ(make_symlink(guest, target, "dir/link"), e::success);
    EXPECT_EQ(fs::read_symlink(at("dir/link")), target);
    EXPECT_EQ(unlink_file(guest, "dir/link"), e::success);
  }
  const auto before = snapshot(tree().path());
  EXPECT_EQ(make_symlink(guest, "/etc/passwd", "new"), e::perm);
  EXPECT_EQ(make_symlink(guest, "/", "new"), e::perm);
  EXPECT_EQ(make_symlink(guest, "", "new"), e::noent);
  EXPECT_EQ(make_symlink(guest, "\xff", "new"), e::ilseq);
  EXPECT_EQ(make_symlink(guest, std::string_view("a\0b", 3), "new"), e::inval);
  EXPECT_EQ(make_symlink(guest, longest + "x", "new"), e::nametoolong);
  for (const auto* const there : {"file", "dir", "to_file", "dangling", "out_dangling", "."}) {
    EXPECT_EQ(make_symlink(guest, "file", there), e::exist) << there;
  }
  EXPECT_EQ(make_symlink(guest, "file", "dir/"), e::exist);
  EXPECT_EQ(make_symlink(guest, "file", "new/"), e::noent);
  EXPECT_EQ(make_symlink(guest, "file", "file/"), e::notdir);
  EXPECT_EQ(make_symlink(guest, "file", "to_dir/"), e::notdir);
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, ReadsSymbolicLinks) {
  auto guest = writing();
  fs::create_symlink("\xff", at("no_utf8"));
  const auto text = [&guest] { return guest.text(kGiven, guest.at<Number>(kSize)); };
  EXPECT_EQ(read_link(guest, "to_file"), e::success);
  EXPECT_EQ(text(), "file");
  EXPECT_EQ(read_link(guest, "./dir/../dangling"), e::success);
  EXPECT_EQ(text(), "missing");
  EXPECT_EQ(read_link(guest, "loop"), e::success);
  EXPECT_EQ(text(), "loop");
  EXPECT_EQ(read_link(guest, "up"), e::success);
  EXPECT_EQ(text(), "..");

  std::ranges::fill(guest.memory().subspan(kGiven, 8), std::byte{0xAA});
  EXPECT_EQ(read_link(guest, "dangling", 4), e::success);  // What fits.
  EXPECT_EQ(text(), "miss");
  EXPECT_EQ(guest.at<std::uint8_t>(kGiven + 4), 0xAA);
  EXPECT_EQ(read_link(guest, "dangling", 0), e::success);
  EXPECT_EQ(text(), "");

  EXPECT_EQ(read_link(guest, "absolute"), e::perm);  // A path of the host's.
  EXPECT_EQ(read_link(guest, "no_utf8"), e::ilseq);
  EXPECT_EQ(read_link(guest, "file"), e::inval);
  EXPECT_EQ(read_link(guest, "dir"), e::inval);
  EXPECT_EQ(read_link(guest, "."), e::inval);
  EXPECT_EQ(read_link(guest, "to_dir/"), e::inval);
  EXPECT_EQ(read_link(guest, "to_file/"), e::notdir);
  EXPECT_EQ(read_link(guest, "missing"), e::noent);
}

TEST_P(WasiPathsTest, WritesNoLinkOutsideTheMemory) {
  auto guest = writing();
  const auto length = guest.put(kPath, "to_file");
  std::ranges::fill(guest.memory().subspan(kGiven, 8), std::byte{0xAA});
  const auto read_to = [&](Number buffer, Number room, Number size) {
    return guest.call("path_readlink", {kDirectory, kPath, length, buffer, room, size});
  };
  EXPECT_EQ(read_to(kGiven, 8, kOutside - 3), e::fault);
  EXPECT_EQ(read_to(kGiven, 8, 0xFFFF'FFFF), e::fault);
  EXPECT_EQ(read_to(kGiven, 0xFFFF'FFFF, kSize), e::fault);
  EXPECT_EQ(read_to(kGiven, kOutside - kGiven + 1, kSize), e::fault);
  EXPECT_EQ(read_to(kOutside - 3, 4, kSize), e::fault);
  EXPECT_EQ(read_to(0xFFFF'FFFF, 0xFFFF'FFFF, kSize), e::fault);
  EXPECT_THAT(guest.memory().subspan(kGiven, 8), Each(std::byte{0xAA}));
  EXPECT_EQ(read_to(kOutside - 4, 4, kSize), e::success);
  EXPECT_EQ(guest.text(kOutside - 4, 4), "file");
  EXPECT_EQ(read_to(kOutside, 0, kOutside - 4), e::success);
  EXPECT_EQ(guest.at<Number>(kOutside - 4), 0U);
}

TEST_P(WasiPathsTest, RemovesDirectories) {
  auto guest = writing();
  EXPECT_EQ(remove_directory(guest, "dir"), e::notempty);
  EXPECT_EQ(remove_directory(guest, "dir/"), e::notempty);
  EXPECT_EQ(remove_directory(guest, "missing"), e::noent);
  for (const auto* const path : {"file", "file/", "to_dir", "to_dir/", "dangling"}) {
    EXPECT_EQ(remove_directory(guest, path), e::notdir) << path;
  }
  for (const auto* const path : {".", "empty/.", "dir/.."}) {
    EXPECT_EQ(remove_directory(guest, path), e::inval) << path;
  }
  const auto open = open_directory(guest, "empty");
  EXPECT_EQ(remove_directory(guest, "empty"), e::success);
  EXPECT_FALSE(fs::exists(at("empty")));
  EXPECT_EQ(remove_directory(guest, "empty"), e::noent);
  EXPECT_EQ(open_as(guest, "new", {.directory = open, .flags = kCreate}), e::noent);
  EXPECT_EQ(make_directory(guest, "slashed"), e::success);
  EXPECT_EQ(remove_directory(guest, "slashed/"), e::success);
}

TEST_P(WasiPathsTest, RemovesFiles) {
  auto guest = writing();
  const auto open = open_or_fail(guest, "file");
  EXPECT_EQ(unlink_file(guest, "dir/../file"), e::success);
  EXPECT_FALSE(fs::exists(at("file")));
  EXPECT_EQ(read_from(guest, open), "inside");  // It is there for who has it.
  EXPECT_EQ(unlink_file(guest, "file"), e::noent);
  for (const auto* const directory : {"dir", "dir/", "empty", ".", "dir/.."}) {
    EXPECT_EQ(unlink_file(guest, directory), e::isdir) << directory;
  }
  EXPECT_EQ(unlink_file(guest, "to_dir/"), e::notdir);
  EXPECT_EQ(unlink_file(guest, "dir/file/"), e::notdir);
  EXPECT_EQ(unlink_file(guest, "missing/"), e::noent);
  for (const auto* const link : {"to_dir", "dangling", "loop", "out", "out_file", "absolute"}) {
    EXPECT_EQ(unlink_file(guest, link), e::success) << link;
    EXPECT_FALSE(fs::is_symlink(at(link)));
  }
  EXPECT_EQ(tree().read("dir/file"), "in dir");
}

TEST_P(WasiPathsTest, Renames) {
  auto guest = writing();
  const auto file = inode(at("file"));
  EXPECT_EQ(rename_to(guest, "file", "dir/file"), e::success);  // In the place of what was there.
  EXPECT_EQ(tree().read("dir/file"), "inside");
  EXPECT_EQ(inode(at("dir/file")), file);
  EXPECT_FALSE(fs::exists(at("file")));
  EXPECT_EQ(rename_to(guest, "dir/file", "dir/file"), e::success);
  EXPECT_EQ(rename_to(guest, "dir/", "empty/"), e::success);
  EXPECT_EQ(tree().read("empty/deep/file"), "in deep");
  EXPECT_EQ(rename_to(guest, "empty", "dir/"), e::success);
  EXPECT_EQ(rename_to(guest, "out_file", "moved"), e::success);  // The link itself.
  EXPECT_TRUE(fs::is_symlink(at("moved")));
  EXPECT_EQ(rename_to(guest, "dir/file", "out"), e::success);
  EXPECT_TRUE(fs::is_regular_file(at("out")));
}

TEST_P(WasiPathsTest, RefusesToRenameWhatCannotBe) {
  auto guest = writing();
  fs::create_hard_link(at("file"), at("again"));
  const auto before = snapshot(tree().path());
  EXPECT_EQ(rename_to(guest, "missing", "new"), e::noent);
  EXPECT_EQ(rename_to(guest, "missing", "file"), e::noent);
  EXPECT_EQ(rename_to(guest, "file", "missing/new"), e::noent);
  EXPECT_EQ(rename_to(guest, "file", "dir"), e::isdir);
  EXPECT_EQ(rename_to(guest, "dir", "file"), e::notdir);
  EXPECT_EQ(rename_to(guest, "dir", "to_dir"), e::notdir);
  EXPECT_EQ(rename_to(guest, "empty", "dir"), e::notempty);
  EXPECT_EQ(rename_to(guest, "dir", "dir/deep/new"), e::inval);
  EXPECT_EQ(rename_to(guest, "file/", "new"), e::notdir);
  EXPECT_EQ(rename_to(guest, "file", "new/"), e::notdir);
  EXPECT_EQ(rename_to(guest, "to_dir/", "new"), e::notdir);
  for (const auto* const dots : {".", "dir/..", "dir/.", "./"}) {
    EXPECT_EQ(rename_to(guest, dots, "new"), e::busy) << dots;
    EXPECT_EQ(rename_to(guest, "empty", dots), e::busy) << dots;
  }
  EXPECT_EQ(rename_to(guest, "file", "again"), e::success);  // One file: POSIX has it do nothing.
  EXPECT_EQ(snapshot(tree().path()), before);
}

TEST_P(WasiPathsTest, GoesThroughLinksThatLeadNowhereYet) {
  auto guest = writing();
  EXPECT_EQ(open_as(guest, "dangling", {.lookup = 0, .flags = kCreate}), e::loop);
  EXPECT_FALSE(fs::exists(at("missing")));
  const auto fd = open_or_fail(guest, "dangling", {.flags = kCreate, .rights = kWrite});
  EXPECT_EQ(write_to(guest, fd, "there"), e::success);
  EXPECT_EQ(tree().read("missing"), "there");
  EXPECT_TRUE(fs::is_symlink(at("dangling")));
  EXPECT_EQ(type_of(guest, "dangling"), kIsFile);
}

// Races.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kOpenings = 10'000;
#else
constexpr int kOpenings = 100'000;
#endif

/// Two threads that put one entry in the place of another, and back, for as long as this lives.
class Swapping {
 public:
  Swapping(fs::path one, fs::path other)
      : one_{std::move(one)},
        other_{std::move(other)},
        threads_{std::jthread{[this](const std::stop_token& stop) { run(stop); }},
                 std::jthread{[this](const std::stop_token& stop) { run(stop); }}} {}

 private:
  void run(const std::stop_token& stop) const {
    while (!stop.stop_requested()) {
#ifdef RENAME_EXCHANGE
      ::renameat2(AT_FDCWD, one_.c_str(), AT_FDCWD, other_.c_str(), RENAME_EXCHANGE);
#else
      const auto between = other_.string() + ".between";
      ::rename(one_.c_str(), between.c_str());
      ::rename(other_.c_str(), one_.c_str());
      ::rename(between.c_str(), other_.c_str());
#endif
    }
  }

  fs::path one_;
  fs::path other_;
  std::array<std::jthread, 2> threads_;
};

TEST_P(WasiPathsTest, NeverOpensWhatIsOutsideWhileADirectoryIsSwappedForALinkOut) {
  tree().write("swapped/file", "inside");
  auto guest = writing();
  int read = 0;
  int refused = 0;
  {
    const Swapping swapping{at("swapped"), at("out")};
    for (int i = 0; i < kOpenings; ++i) {
      const auto* const path = i % 2 == 0 ? "swapped/file" : "dir/../swapped/./file";
      const auto answer = open_as(guest, path, {});
      if (answer != e::success) {
        ASSERT_THAT(answer, AnyOf(e::perm, e::again, e::noent));
        ++refused;
        continue;
      }
      const auto fd = guest.at<Number>(kOpened);
      ASSERT_EQ(read_from(guest, fd, 16), "inside");
      ASSERT_EQ(guest.call("fd_close", {fd}), e::success);
      ++read;
    }
  }
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 0);
}

TEST_P(WasiPathsTest, ChangesNothingOutsideWhileADirectoryIsSwappedForALinkOut) {
  fs::create_directory(at("swapped"));
  auto config = granting();
  config.limits.entries_created = UINT64_MAX;
  auto guest = start(std::move(config));
  int made = 0;
  const auto count = [&](Number answer) {
    ASSERT_THAT(answer, AnyOf(e::success, e::perm, e::again, e::noent, e::exist));
    if (answer == e::success) ++made;
  };
  {
    const Swapping swapping{at("swapped"), at("out")};
    for (int i = 0; i < kOpenings / 20; ++i) {
      const Opening creating{.flags = kCreate | kTruncate, .rights = kWrite};
      const auto opened = open_as(guest, "swapped/file", creating);
      count(opened);
      if (opened == e::success) {
        EXPECT_EQ(guest.call("fd_close", {guest.at<Number>(kOpened)}), e::success);
      }
      count(set_modified(guest, "swapped/file", 7));
      count(rename_to(guest, "swapped/file", "swapped/new"));
      count(make_link(guest, "swapped/new", "swapped/linked"));
      count(make_symlink(guest, "x", "swapped/link"));
      count(make_directory(guest, "swapped/directory"));
      for (const auto* const name :
           {"swapped/file", "swapped/new", "swapped/linked", "swapped/link"}) {
        count(unlink_file(guest, name));
      }
      count(remove_directory(guest, "swapped/directory"));
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(made, 0);
}

TEST_P(WasiPathsTest, NeverOpensWhatIsOutsideWhileAFileIsSwappedForALinkOut) {
  tree().write("swapped", "inside");
  auto guest = writing();
  int read = 0;
  {
    const Swapping swapping{at("swapped"), at("out_file")};
    for (int i = 0; i < kOpenings / 10; ++i) {
      const auto answer = open_as(guest, "swapped", {.rights = kRead | kWrite});
      if (answer != e::success) {
        ASSERT_THAT(answer, AnyOf(e::perm, e::again, e::noent));
        continue;
      }
      const auto fd = guest.at<Number>(kOpened);
      ASSERT_EQ(read_from(guest, fd, 16), "inside");
      ASSERT_EQ(guest.call("fd_close", {fd}), e::success);
      ++read;
    }
  }
  EXPECT_GT(read, 0);
}

WAPC_TEST_ON_EVERY_ENGINE(WasiPathsTest);

}  // namespace
}  // namespace wapc
