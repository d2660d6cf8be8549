#include "wasi/host_directory.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace wapc::wasi {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using std::string_literals::operator""s;

template <typename T>
Errno number(Outcome<T> outcome) {
  if (outcome) return Errno::success;
  auto told = std::move(outcome).error().to_guest();
  return told ? static_cast<Errno>(*told) : Errno::io;
}

std::string content(int fd) {
  std::string text(256, '\0');
  const auto length = ::pread(fd, text.data(), text.size(), 0);
  text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return text;
}

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream{path} << text;
}

std::string read_file(const fs::path& path) {
  std::ifstream stream{path};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// All that can be seen of what is in a directory, the times at which it was read aside.
std::map<std::string, std::string> snapshot(const fs::path& root) {
  std::map<std::string, std::string> seen;
  const auto look = [&](const fs::path& path) {
    struct stat status{};
    ASSERT_EQ(::lstat(path.c_str(), &status), 0);
    auto& told = seen[path.string()];
    for (const auto part :
         {static_cast<long long>(status.st_ino), static_cast<long long>(status.st_mode),
          static_cast<long long>(status.st_nlink), static_cast<long long>(status.st_size),
          static_cast<long long>(status.st_mtime), static_cast<long long>(status.st_ctime)}) {
      told += std::to_string(part) + ' ';
    }
    if (S_ISREG(status.st_mode)) told += read_file(path);
  };
  look(root);
  for (const auto& entry : fs::recursive_directory_iterator{root}) look(entry.path());
  return seen;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (int fd = 0; fd < 4096; ++fd) count += ::fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return count;
}

void listen_at(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.native().size(), sizeof address.sun_path);
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  const UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM, 0)};
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

constexpr HostDirectory::OpenOptions kRead{.read = true};
constexpr HostDirectory::OpenOptions kFollow{.link = LinkAtEnd::follow, .read = true};
constexpr HostDirectory::OpenOptions kCreate{
    .link = LinkAtEnd::follow, .read = true, .write = true, .create = true};
constexpr HostDirectory::OpenOptions kTruncate{
    .link = LinkAtEnd::follow, .write = true, .truncate = true};
constexpr std::array<timespec, 2> kTimes{timespec{.tv_sec = 1000, .tv_nsec = 0},
                                         timespec{.tv_sec = 2000, .tv_nsec = 0}};

/// A directory that is granted, and another beside it that is not.
class HostDirectoryTest : public testing::TestWithParam<Walk> {
 protected:
  void SetUp() override {
    auto pattern = (fs::temp_directory_path() / "wapc-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    fs::create_directories(inside() / "dir/deep");
    fs::create_directories(outside() / "below");
    write_file(inside() / "file", "inside");
    write_file(inside() / "dir/file", "in dir");
    write_file(inside() / "dir/deep/file", "in deep");
    write_file(outside() / "file", "outside");
    make_links();
    ASSERT_EQ(::mkfifo((inside() / "fifo").c_str(), 0600), 0);
    listen_at(inside() / "socket");
    before_ = snapshot(outside());
    directory_ = granted(DirectoryAccess::read_write);
    ASSERT_NE(directory_, nullptr);
    if (GetParam() == Walk::by_kernel && best_walk(directory_->fd()) != Walk::by_kernel) {
      GTEST_SKIP() << "no openat2 here";
    }
  }

  void TearDown() override {
    if (base_.empty()) return;
    EXPECT_EQ(snapshot(outside()), before_);
    directory_.reset();
    fs::remove_all(base_);
  }

  void make_links() {
    const std::vector<std::pair<std::string, std::string>> links{
        {"file", "to_file"},
        {"dir", "to_dir"},
        {"dir/", "to_dir_slashed"},
        {"dir/deep/..", "to_dir_by_dots"},
        {"../file", "dir/to_file_above"},
        {"deep/../../dir/./deep//file", "dir/to_deep_file"},
        {"chain_2", "chain_1"},
        {"./chain_3", "chain_2"},
        {"to_dir/to_file_above", "chain_3"},
        {"loop_2", "loop_1"},
        {"loop_1", "loop_2"},
        {"loop_self", "loop_self"},
        {"loop_self/x", "loop_longer"},
        {"missing", "dangling"},
        {"missing/x", "dangling_below"},
        {"dir/new", "dangling_in_dir"},
        {"..", "up"},
        {"../outside", "out"},
        {"../outside/file", "out_file"},
        {"../inside/file", "out_and_in"},
        {"../outside/new", "out_dangling"},
        {"../../outside", "dir/out_two"},
        {"to_dir/../../outside", "out_by_dots"},
        {"chain_out_2", "chain_out"},
        {"out", "chain_out_2"},
        {outside().string(), "absolute"},
        {(outside() / "file").string(), "absolute_file"},
        {(inside() / "file").string(), "absolute_inside"},
        {"/", "absolute_root"},
    };
    for (const auto& [target, name] : links) fs::create_symlink(target, inside() / name);
  }

  [[nodiscard]] fs::path inside() const { return base_ / "inside"; }

  [[nodiscard]] fs::path outside() const { return base_ / "outside"; }

  [[nodiscard]] std::shared_ptr<const HostDirectory> granted(DirectoryAccess access) const {
    auto opened = HostDirectory::grant(
        {.host_path = inside().string(), .guest_path = "/", .access = access}, GetParam());
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? *opened : nullptr;
  }

  [[nodiscard]] std::shared_ptr<const HostDirectory> opened_directory(std::string_view path) const {
    auto opened = directory_->open(path, kRead);
    if (!opened) return nullptr;
    return std::get<std::shared_ptr<const HostDirectory>>(*std::move(opened));
  }

  /// Makes so many directories in one another, and returns the path of the last one.
  [[nodiscard]] std::string make_deep(int levels) const {
    std::string path;
    UniqueFd here{::open(inside().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    for (int i = 0; i < levels; ++i) {
      if (!here) {
        ADD_FAILURE() << path;
        break;
      }
      path += "d/";
      EXPECT_EQ(::mkdirat(here.get(), "d", 0700), 0);
      here = UniqueFd{::openat(here.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    }
    return path;
  }

  /// Takes the outermost of them away, one after the other: to remove them all at once would take a
  /// descriptor for each.
  void make_shallow() const {
    const int here = directory_->fd();
    while (::renameat(here, "d/d", here, "next") == 0) {
      EXPECT_EQ(::unlinkat(here, "d", AT_REMOVEDIR), 0);
      EXPECT_EQ(::renameat(here, "next", here, "d"), 0);
    }
  }

  /// What a file says, or the number of the error.
  [[nodiscard]] std::string reading(std::string_view path, HostDirectory::OpenOptions how) const {
    auto opened = directory_->open(path, how);
    if (!opened) return "error " + std::to_string(static_cast<int>(number(std::move(opened))));
    const auto* const file = std::get_if<HostDirectory::OpenedFile>(&*opened);
    return file == nullptr ? "a directory" : content(file->fd.get());
  }

  fs::path base_;
  std::shared_ptr<const HostDirectory> directory_;
  std::map<std::string, std::string> before_;
};

INSTANTIATE_TEST_SUITE_P(EachWalk, HostDirectoryTest,
                         testing::Values(Walk::by_kernel, Walk::by_hand),
                         [](const testing::TestParamInfo<Walk>& each) {
                           return each.param == Walk::by_kernel ? "ByKernel" : "ByHand";
                         });

/// Everything that can be done by a path, and what came of it.
std::map<std::string, Errno> everything(const HostDirectory& directory, std::string_view path) {
  return {
      {"open", number(directory.open(path, kRead))},
      {"open, following", number(directory.open(path, kFollow))},
      {"open as a directory", number(directory.open(path, {.read = true, .directory = true}))},
      {"create", number(directory.open(path, kCreate))},
      {"truncate", number(directory.open(path, kTruncate))},
      {"status", number(directory.status(path, LinkAtEnd::keep))},
      {"status, following", number(directory.status(path, LinkAtEnd::follow))},
      {"set_times", number(directory.set_times(path, LinkAtEnd::keep, kTimes))},
      {"set_times, following", number(directory.set_times(path, LinkAtEnd::follow, kTimes))},
      {"read_link", number(directory.read_link(path))},
      {"create_directory", number(directory.create_directory(path))},
      {"create_symbolic_link", number(directory.create_symbolic_link("file", path))},
      {"link to", number(directory.link("file", directory, path))},
      {"link from", number(directory.link(path, directory, "linked"))},
      {"rename to", number(directory.rename("file", directory, path))},
      {"rename from", number(directory.rename(path, directory, "renamed"))},
      {"remove_file", number(directory.remove_file(path))},
      {"remove_directory", number(directory.remove_directory(path))},
  };
}

TEST_P(HostDirectoryTest, OpensWhatLiesBelowIt) {
  const std::vector<std::pair<std::string, std::string>> good{
      {"file", "inside"},
      {"./file", "inside"},
      {".//.///file", "inside"},
      {"dir/file", "in dir"},
      {"dir//deep/./file", "in deep"},
      {"dir/../file", "inside"},
      {"dir/deep/../../dir/deep/file", "in deep"},
      {"to_file", "inside"},
      {"to_dir/file", "in dir"},
      {"to_dir/../file", "inside"},
      {"to_dir_slashed/file", "in dir"},
      {"to_dir_by_dots/file", "in dir"},
      {"dir/to_file_above", "inside"},
      {"to_dir/to_deep_file", "in deep"},
      {"chain_1", "inside"},
      {".", "a directory"},
      {"./", "a directory"},
      {"dir", "a directory"},
      {"dir/", "a directory"},
      {"dir///", "a directory"},
      {"dir/.", "a directory"},
      {"dir/..", "a directory"},
      {"dir/deep/../", "a directory"},
      {"to_dir", "a directory"},
      {"to_dir/", "a directory"},
      {"to_dir_slashed", "a directory"},
      {"to_dir_by_dots/.", "a directory"},
  };
  for (const auto& [path, expected] : good) EXPECT_EQ(reading(path, kFollow), expected) << path;
}

TEST_P(HostDirectoryTest, RefusesWhateverPathsLeadOut) {
  for (const auto* const path : {"..",
                                 "../",
                                 "../.",
                                 "../outside/file",
                                 "../inside/file",
                                 "dir/../..",
                                 "dir/../../outside",
                                 "dir/../../inside/file",
                                 "./../outside/file",
                                 "/",
                                 "//",
                                 "/file",
                                 "/etc/passwd",
                                 "up/file",
                                 "up/",
                                 "up/.",
                                 "up/..",
                                 "up/new",
                                 "up/outside/below",
                                 "out/",
                                 "out/.",
                                 "out/file",
                                 "out/new",
                                 "out/below",
                                 "out/below/",
                                 "out/below/..",
                                 "out/../inside/file",
                                 "to_dir/out_two/file",
                                 "dir/out_two/new",
                                 "out_by_dots/file",
                                 "out_by_dots/new",
                                 "chain_out/file",
                                 "chain_out/new",
                                 "absolute/",
                                 "absolute/file",
                                 "absolute/new",
                                 "absolute/below/",
                                 "absolute_root/etc",
                                 "out_dangling/new",
                                 "to_dir/../../outside/file"}) {
    for (const auto& [what, outcome] : everything(*directory_, path)) {
      const bool about_the_link =
          outcome == Errno::exist || outcome == Errno::notdir || outcome == Errno::isdir;
      const bool is_link_slashed = std::string_view{path}.ends_with('/') && about_the_link;
      EXPECT_TRUE(outcome == Errno::perm || is_link_slashed)
          << what << ' ' << path << ": " << static_cast<int>(outcome);
    }
  }
  EXPECT_EQ(snapshot(outside()), before_);
  EXPECT_EQ(reading("file", kRead), "inside");
}

TEST_P(HostDirectoryTest, FollowsNoLinkOutAtTheEndOfAPath) {
  for (const auto* const path :
       {"up", "out", "out_file", "out_and_in", "out_dangling", "out_by_dots", "chain_out",
        "absolute", "absolute_file", "absolute_inside", "absolute_root", "dir/out_two"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(number(directory_->open(path, kRead)), Errno::loop);
    EXPECT_EQ(number(directory_->open(path, kFollow)), Errno::perm);
    EXPECT_EQ(number(directory_->open(path, kCreate)), Errno::perm);
    EXPECT_EQ(number(directory_->open(path, kTruncate)), Errno::perm);
    EXPECT_EQ(number(directory_->open(path, {.write = true, .create = true, .exclusive = true})),
              Errno::exist);
    EXPECT_EQ(number(directory_->status(path, LinkAtEnd::follow)), Errno::perm);
    EXPECT_EQ(number(directory_->set_times(path, LinkAtEnd::follow, kTimes)), Errno::perm);
    EXPECT_EQ(number(directory_->create_directory(path)), Errno::exist);
    EXPECT_EQ(number(directory_->create_symbolic_link("file", path)), Errno::exist);
    EXPECT_EQ(number(directory_->link("file", *directory_, path)), Errno::exist);
    EXPECT_EQ(number(directory_->remove_directory(path)), Errno::notdir);
    EXPECT_EQ(number(directory_->rename("dir/deep", *directory_, path)), Errno::notdir);
  }
}

TEST_P(HostDirectoryTest, WorksOnALinkItselfWhereverItPoints) {
  for (const auto* const path : {"out", "out_file", "out_dangling", "absolute"}) {
    SCOPED_TRACE(path);
    const auto status = directory_->status(path, LinkAtEnd::keep);
    ASSERT_TRUE(status);
    EXPECT_TRUE(S_ISLNK(status->st_mode));
    EXPECT_EQ(number(directory_->set_times(path, LinkAtEnd::keep, kTimes)), Errno::success);
    EXPECT_EQ(directory_->status(path, LinkAtEnd::keep)->st_mtime, 2000);
    EXPECT_EQ(number(directory_->link(path, *directory_, "linked")), Errno::success);
    EXPECT_TRUE(fs::is_symlink(inside() / "linked"));
    EXPECT_EQ(number(directory_->remove_file("linked")), Errno::success);
    EXPECT_EQ(number(directory_->rename(path, *directory_, "renamed")), Errno::success);
    EXPECT_EQ(number(directory_->rename("file", *directory_, "renamed")), Errno::success);
    EXPECT_EQ(number(directory_->rename("renamed", *directory_, "file")), Errno::success);
    EXPECT_FALSE(fs::is_symlink(inside() / "file"));
  }
}

TEST_P(HostDirectoryTest, FollowsNoLinkOutBecauseOfASlash) {
  for (const auto* const path : {"out/", "chain_out//", "absolute/", "out_dangling/", "up/"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(number(directory_->open(path, kRead)), Errno::perm);
    EXPECT_EQ(number(directory_->status(path, LinkAtEnd::keep)), Errno::perm);
    EXPECT_EQ(number(directory_->set_times(path, LinkAtEnd::keep, kTimes)), Errno::perm);
    EXPECT_EQ(number(directory_->read_link(path)), Errno::perm);
    EXPECT_EQ(number(directory_->create_directory(path)), Errno::exist);
    EXPECT_EQ(number(directory_->create_symbolic_link("file", path)), Errno::notdir);
    EXPECT_EQ(number(directory_->link("file", *directory_, path)), Errno::notdir);
    EXPECT_EQ(number(directory_->link(path, *directory_, "linked")), Errno::notdir);
    EXPECT_EQ(number(directory_->rename("dir", *directory_, path)), Errno::notdir);
    EXPECT_EQ(number(directory_->rename("file", *directory_, path)), Errno::notdir);
    EXPECT_EQ(number(directory_->rename(path, *directory_, "renamed")), Errno::notdir);
    EXPECT_EQ(number(directory_->remove_file(path)), Errno::notdir);
    EXPECT_EQ(number(directory_->remove_directory(path)), Errno::notdir);
  }
}

TEST_P(HostDirectoryTest, TakesASlashToMeanADirectory) {
  for (const auto* const path :
       {"file/", "dir/file//", "to_file/", "chain_1/", "file/.", "fifo/"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(number(directory_->open(path, kFollow)), Errno::notdir);
    EXPECT_EQ(number(directory_->open(path, kCreate)), Errno::notdir);
    EXPECT_EQ(number(directory_->status(path, LinkAtEnd::keep)), Errno::notdir);
    EXPECT_EQ(number(directory_->set_times(path, LinkAtEnd::keep, kTimes)), Errno::notdir);
    EXPECT_EQ(number(directory_->read_link(path)), Errno::notdir);
    EXPECT_EQ(number(directory_->remove_file(path)), Errno::notdir);
    EXPECT_EQ(number(directory_->remove_directory(path)), Errno::notdir);
    EXPECT_EQ(number(directory_->rename(path, *directory_, "renamed")), Errno::notdir);
    EXPECT_EQ(number(directory_->rename("dir/file", *directory_, path)), Errno::notdir);
    EXPECT_EQ(number(directory_->link(path, *directory_, "linked")), Errno::notdir);
    EXPECT_EQ(number(directory_->link("dir/file", *directory_, path)), Errno::notdir);
    EXPECT_EQ(number(directory_->create_symbolic_link("x", path)), Errno::notdir);
  }
  for (const auto* const path : {"new/", "dir/new//"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(number(directory_->open(path, kRead)), Errno::noent);
    EXPECT_EQ(number(directory_->open(path, kCreate)), Errno::isdir);
    EXPECT_EQ(number(directory_->status(path, LinkAtEnd::keep)), Errno::noent);
    EXPECT_EQ(number(directory_->remove_file(path)), Errno::noent);
    EXPECT_EQ(number(directory_->remove_directory(path)), Errno::noent);
    EXPECT_EQ(number(directory_->link("file", *directory_, path)), Errno::noent);
    EXPECT_EQ(number(directory_->link(path, *directory_, "linked")), Errno::noent);
    EXPECT_EQ(number(directory_->create_symbolic_link("x", path)), Errno::noent);
    EXPECT_EQ(number(directory_->rename(path, *directory_, "renamed")), Errno::noent);
    EXPECT_EQ(number(directory_->rename("file", *directory_, path)), Errno::notdir);
    EXPECT_EQ(number(directory_->rename("dir/deep/", *directory_, path)), Errno::success);
    EXPECT_EQ(number(directory_->rename(path, *directory_, "dir/deep")), Errno::success);
    EXPECT_EQ(number(directory_->create_directory(path)), Errno::success);
    EXPECT_EQ(number(directory_->create_symbolic_link("x", path)), Errno::exist);
    EXPECT_EQ(number(directory_->link("file", *directory_, path)), Errno::exist);
    EXPECT_EQ(number(directory_->link(path, *directory_, "linked")), Errno::perm);
    EXPECT_EQ(number(directory_->remove_file(path)), Errno::isdir);
    EXPECT_EQ(number(directory_->remove_directory(path)), Errno::success);
  }
}

TEST_P(HostDirectoryTest, RemovesAndReplacesNoDirectoryThatAPathOnlyCallsDots) {
  for (const auto* const path : {".", "./", "dir/.", "dir/..", "dir/deep/..", "to_dir/./"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(number(directory_->create_directory(path)), Errno::exist);
    EXPECT_EQ(number(directory_->create_symbolic_link("x", path)), Errno::exist);
    EXPECT_EQ(number(directory_->link("file", *directory_, path)), Errno::exist);
    EXPECT_EQ(number(directory_->link(path, *directory_, "linked")), Errno::perm);
    EXPECT_EQ(number(directory_->rename(path, *directory_, "renamed")), Errno::busy);
    EXPECT_EQ(number(directory_->rename("file", *directory_, path)), Errno::busy);
    EXPECT_EQ(number(directory_->remove_file(path)), Errno::isdir);
    EXPECT_EQ(number(directory_->remove_directory(path)), Errno::inval);
    EXPECT_EQ(number(directory_->read_link(path)), Errno::inval);
    EXPECT_EQ(number(directory_->open(path, kCreate)), Errno::isdir);
    EXPECT_EQ(number(directory_->set_times(path, LinkAtEnd::keep, kTimes)), Errno::success);
  }
}

TEST_P(HostDirectoryTest, RefusesNamesThatCannotBe) {
  const std::string long_name(256, 'x');
  const std::vector<std::pair<std::string, Errno>> bad{
      {"", Errno::noent},
      {"file\0"s, Errno::inval},
      {"\0"s, Errno::inval},
      {"dir\0/file"s, Errno::inval},
      {"\xff", Errno::ilseq},
      {"dir/\xc3", Errno::ilseq},
      {"\xc0\xae\xc0\xae/outside", Errno::ilseq},
      {long_name, Errno::nametoolong},
      {"dir/" + long_name, Errno::nametoolong},
      {long_name + "/file", Errno::nametoolong},
      {std::string(4096, '/'), Errno::nametoolong},
      {std::string(4096, 'x'), Errno::nametoolong},
      {std::string(std::size_t{1} << 20U, '.'), Errno::nametoolong},
  };
  for (const auto& [path, expected] : bad) {
    for (const auto& [what, outcome] : everything(*directory_, path)) {
      EXPECT_EQ(outcome, expected) << what << ' ' << path.substr(0, 20);
    }
  }
}

TEST_P(HostDirectoryTest, TakesTheLongestNamesAndDeepPaths) {
  const std::string name(255, 'x');
  EXPECT_EQ(number(directory_->open(name, kCreate)), Errno::success);
  EXPECT_EQ(number(directory_->remove_file(name)), Errno::success);
  std::string dots;
  while (dots.size() < 4000) dots += "./";
  EXPECT_EQ(reading(dots + "file", kRead), "inside");
  std::string there_and_back;
  while (there_and_back.size() < 4000) there_and_back += "dir/../";
  EXPECT_EQ(reading(there_and_back + "file", kRead), "inside");
  EXPECT_EQ(reading(there_and_back + "../outside/file", kRead), "error 63");
  const auto deep = make_deep(2000);
  EXPECT_EQ(number(directory_->open(deep + "file", kCreate)), Errno::success);
  EXPECT_EQ(reading(deep + "../d/file", kRead), "");
  EXPECT_EQ(number(directory_->open(deep + "d/x", kRead)), Errno::noent);
  EXPECT_EQ(number(directory_->open(deep + "file/" + std::string(100, '.'), kRead)),
            Errno::nametoolong);
  make_shallow();
}

TEST_P(HostDirectoryTest, GoesFarBackUpOrSaysThatItCannot) {
  const auto deep = make_deep(100);
  std::string up;
  while (up.size() < 300) up += "../";
  const auto read = reading(deep + up + "file", kRead);
  const bool by_kernel = GetParam() == Walk::by_kernel;
  EXPECT_EQ(read, by_kernel ? "inside" : "error 37");
  EXPECT_EQ(reading(deep + up + "../outside/file", kRead), by_kernel ? "error 63" : "error 37");
  EXPECT_EQ(reading(deep.substr(0, 60) + up.substr(0, 90) + "file", kRead), "inside");
}

TEST_P(HostDirectoryTest, EndsInLoopsOfLinks) {
  for (const auto* const path :
       {"loop_1", "loop_self", "loop_longer", "loop_1/file", "loop_self/", "loop_longer/x"}) {
    EXPECT_EQ(number(directory_->open(path, kFollow)), Errno::loop) << path;
    EXPECT_EQ(number(directory_->open(path, kCreate)), Errno::loop) << path;
    EXPECT_EQ(number(directory_->status(path, LinkAtEnd::follow)), Errno::loop) << path;
  }
  EXPECT_EQ(number(directory_->status("loop_1", LinkAtEnd::keep)), Errno::success);
  EXPECT_EQ(number(directory_->open("loop_1", kRead)), Errno::loop);
}

TEST_P(HostDirectoryTest, FollowsFortyLinksAndNoMore) {
  fs::create_symlink("file", inside() / "l0");
  fs::create_symlink("dir", inside() / "d0");
  for (int i = 1; i < 41; ++i) {
    fs::create_symlink("l" + std::to_string(i - 1), inside() / ("l" + std::to_string(i)));
    fs::create_symlink("d" + std::to_string(i - 1), inside() / ("d" + std::to_string(i)));
  }
  EXPECT_EQ(reading("l39", kFollow), "inside");
  EXPECT_EQ(reading("d39/file", kFollow), "in dir");
  EXPECT_EQ(number(directory_->open("l40", kFollow)), Errno::loop);
  EXPECT_EQ(number(directory_->open("d40/file", kFollow)), Errno::loop);
}

TEST_P(HostDirectoryTest, OpensNeitherFifosNorSockets) {
  fs::create_symlink("fifo", inside() / "to_fifo");
  for (const auto* const path : {"fifo", "socket", "to_fifo"}) {
    EXPECT_EQ(number(directory_->open(path, kFollow)), Errno::acces) << path;
    EXPECT_EQ(number(directory_->open(path, kCreate)), Errno::acces) << path;
    EXPECT_EQ(number(directory_->open(path, kTruncate)), Errno::acces) << path;
    EXPECT_EQ(number(directory_->open(path, {.link = LinkAtEnd::follow, .directory = true})),
              Errno::notdir)
        << path;
  }
  EXPECT_TRUE(S_ISFIFO(directory_->status("fifo", LinkAtEnd::keep)->st_mode));
  EXPECT_EQ(number(directory_->remove_file("fifo")), Errno::success);
}

#ifdef __linux__
TEST_P(HostDirectoryTest, OpensNeitherDevicesNorTheKernelsFiles) {
  const auto root = HostDirectory::grant({.host_path = "/", .guest_path = "/"}, GetParam());
  ASSERT_TRUE(root) << root.error().message();
  for (const auto* const path :
       {"dev/null", "dev/zero", "dev/tty", "proc/self/environ", "proc/self/mem", "proc", "proc/",
        "proc/self/", "proc/version", "proc/self/../version", "proc/self/task", "sys", "sys/kernel",
        "sys/kernel/notes", "proc/sys/kernel/core_pattern"}) {
    if (!fs::exists(fs::path{"/"} / path)) continue;
    EXPECT_EQ(number((*root)->open(path, kFollow)), Errno::acces) << path;
    EXPECT_EQ(number((*root)->open(path, kCreate)), Errno::perm) << path;
  }
  for (const auto* const path : {"proc/self/root/etc", "proc/self/cwd/x", "proc/self/exe",
                                 "proc/thread-self/root", "proc/self/fd/0"}) {
    EXPECT_THAT(number((*root)->open(path, kFollow)),
                AnyOf(Errno::perm, Errno::loop, Errno::noent, Errno::acces))
        << path;
    EXPECT_NE(number((*root)->read_link(path)), Errno::success) << path;
  }
}

TEST_P(HostDirectoryTest, ChangesNothingInTheKernelsFileSystems) {
  const auto root = HostDirectory::grant(
      {.host_path = "/", .guest_path = "/", .access = DirectoryAccess::read_write}, GetParam());
  ASSERT_TRUE(root) << root.error().message();
  EXPECT_EQ(number((*root)->create_directory("proc/sys/wapc")), Errno::acces);
  EXPECT_EQ(number((*root)->remove_directory("proc/sys/kernel")), Errno::acces);
  EXPECT_EQ(number((*root)->remove_file("proc/self/comm")), Errno::acces);
  EXPECT_EQ(number((*root)->open("proc/self/comm", kTruncate)), Errno::acces);
  EXPECT_EQ(number((*root)->open("proc/self/new", kCreate)), Errno::acces);
  EXPECT_EQ(number((*root)->create_symbolic_link("x", "proc/self/new")), Errno::acces);
  EXPECT_EQ(number((*root)->rename("proc/self/comm", **root, "proc/self/new")), Errno::acces);
  EXPECT_EQ(number((*root)->set_times("proc/self/comm", LinkAtEnd::keep, kTimes)), Errno::acces);
}

TEST_P(HostDirectoryTest, GrantsNoDirectoryOfTheKernels) {
  for (const auto* const path : {"/proc", "/proc/self", "/sys", "/sys/kernel"}) {
    const auto opened = HostDirectory::grant({.host_path = path, .guest_path = "/"}, GetParam());
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code(), Errc::invalid_options);
    EXPECT_THAT(opened.error().message(), HasSubstr("the kernel's own"));
  }
}
#endif

TEST_P(HostDirectoryTest, SaysWhyADirectoryCannotBeGranted) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {inside() / "missing", "no such directory"},
      {"", "no such directory"},
      {inside() / "file", "it is not a directory"},
      {inside() / "fifo", "it is not a directory"},
      {inside() / "file/x", "it is not a directory"},
      {inside().string() + "\0x"s, "holds a NUL byte"},
  };
  for (const auto& [path, why] : bad) {
    const auto opened = HostDirectory::grant({.host_path = path, .guest_path = "/"}, GetParam());
    ASSERT_FALSE(opened) << path;
    EXPECT_EQ(opened.error().code(), Errc::invalid_options);
    EXPECT_THAT(opened.error().message(), HasSubstr(path));
    EXPECT_THAT(opened.error().message(), HasSubstr(why));
  }
}

TEST_P(HostDirectoryTest, SaysWhenItMayNotReadWhatItIsToGrant) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ASSERT_EQ(::chmod((inside() / "dir/deep").c_str(), 0), 0);
  const auto opened = HostDirectory::grant(
      {.host_path = (inside() / "dir/deep").string(), .guest_path = "/"}, GetParam());
  ASSERT_EQ(::chmod((inside() / "dir/deep").c_str(), 0700), 0);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("may not read"));
}

TEST_P(HostDirectoryTest, ChangesNothingThatIsGrantedForReading) {
  const auto readable = granted(DirectoryAccess::read_only);
  const auto unchanged = snapshot(inside());
  EXPECT_EQ(number(readable->open("file", {.read = true, .write = true})), Errno::perm);
  EXPECT_EQ(number(readable->open("file", {.write = true})), Errno::perm);
  EXPECT_EQ(number(readable->open("file", kCreate)), Errno::perm);
  EXPECT_EQ(number(readable->open("new", kCreate)), Errno::perm);
  EXPECT_EQ(number(readable->open("file", kTruncate)), Errno::perm);
  EXPECT_EQ(number(readable->open("file", {.read = true, .truncate = true})), Errno::perm);
  EXPECT_EQ(number(readable->create_directory("new")), Errno::perm);
  EXPECT_EQ(number(readable->remove_directory("dir/deep")), Errno::perm);
  EXPECT_EQ(number(readable->remove_file("file")), Errno::perm);
  EXPECT_EQ(number(readable->create_symbolic_link("file", "new")), Errno::perm);
  EXPECT_EQ(number(readable->set_times("file", LinkAtEnd::follow, kTimes)), Errno::perm);
  EXPECT_EQ(number(readable->rename("file", *directory_, "new")), Errno::perm);
  EXPECT_EQ(number(directory_->rename("file", *readable, "new")), Errno::perm);
  EXPECT_EQ(number(readable->link("file", *directory_, "new")), Errno::perm);
  EXPECT_EQ(number(directory_->link("file", *readable, "new")), Errno::perm);
  EXPECT_EQ(snapshot(inside()), unchanged);
  EXPECT_EQ(number(readable->open("file", kRead)), Errno::success);
  EXPECT_EQ(number(readable->read_link("to_file")), Errno::success);
  EXPECT_EQ(number(readable->status("file", LinkAtEnd::keep)), Errno::success);
}

TEST_P(HostDirectoryTest, KeepsTheAccessAndTheBoundsOfADirectoryBelow) {
  const auto readable = granted(DirectoryAccess::read_only);
  auto opened = readable->open("dir", kRead);
  ASSERT_TRUE(opened);
  const auto below = std::get<std::shared_ptr<const HostDirectory>>(*opened);
  EXPECT_EQ(below->access(), DirectoryAccess::read_only);
  EXPECT_EQ(number(below->remove_file("file")), Errno::perm);
  EXPECT_EQ(number(below->open("file", kRead)), Errno::success);
  EXPECT_EQ(number(below->open("../file", kRead)), Errno::perm);
  EXPECT_EQ(number(below->open("to_file_above", kFollow)), Errno::perm);
  EXPECT_EQ(number(below->open("to_deep_file", kFollow)), Errno::perm);
}

TEST_P(HostDirectoryTest, OpensFilesAsAsked) {
  const auto file = [](Outcome<HostDirectory::Opened> opened) {
    EXPECT_TRUE(opened);
    return std::get<HostDirectory::OpenedFile>(*std::move(opened));
  };
  const auto created = file(directory_->open("new", kCreate));
  EXPECT_TRUE(created.created);
  EXPECT_EQ(::fcntl(created.fd.get(), F_GETFL) & O_ACCMODE, O_RDWR);
  EXPECT_EQ(::fcntl(created.fd.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::write(created.fd.get(), "text", 4), 4);
  const auto again = file(directory_->open("new", kCreate));
  EXPECT_FALSE(again.created);
  EXPECT_EQ(content(again.fd.get()), "text");
  const auto read = file(directory_->open("new", kRead));
  EXPECT_EQ(::fcntl(read.fd.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  const auto appending =
      file(directory_->open("new", {.write = true, .status_flags = O_APPEND | O_SYNC}));
  EXPECT_EQ(::fcntl(appending.fd.get(), F_GETFL) & (O_ACCMODE | O_APPEND | O_SYNC),
            O_WRONLY | O_APPEND | O_SYNC);
  const auto neither = file(directory_->open("new", {}));
  EXPECT_EQ(::fcntl(neither.fd.get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(content(neither.fd.get()), "text");
  const auto truncated = file(directory_->open("new", {.read = true, .truncate = true}));
  EXPECT_FALSE(truncated.created);
  EXPECT_EQ(content(neither.fd.get()), "");
}

TEST_P(HostDirectoryTest, CreatesFilesWhereAPathLeads) {
  EXPECT_EQ(number(directory_->open("dangling", kCreate)), Errno::success);
  EXPECT_TRUE(fs::is_regular_file(inside() / "missing"));
  EXPECT_EQ(number(directory_->open("dangling_in_dir", kCreate)), Errno::success);
  EXPECT_TRUE(fs::is_regular_file(inside() / "dir/new"));
  EXPECT_EQ(number(directory_->open("dangling_below", kCreate)), Errno::notdir);
  EXPECT_EQ(number(directory_->open("to_dir/another", kCreate)), Errno::success);
  EXPECT_TRUE(fs::is_regular_file(inside() / "dir/another"));
  EXPECT_EQ(number(directory_->open("nowhere/new", kCreate)), Errno::noent);
  EXPECT_EQ(number(directory_->open("file/new", kCreate)), Errno::notdir);
}

TEST_P(HostDirectoryTest, RefusesWhatCannotBeOpenedAsAsked) {
  using Options = HostDirectory::OpenOptions;
  const std::vector<std::tuple<std::string, Options, Errno>> bad{
      {"file", {.create = true, .exclusive = true}, Errno::exist},
      {"dir", {.create = true, .exclusive = true}, Errno::exist},
      {"to_file", {.create = true, .exclusive = true}, Errno::exist},
      {"dangling", {.create = true, .exclusive = true}, Errno::exist},
      {"dir", {.write = true}, Errno::isdir},
      {"dir", {.truncate = true}, Errno::isdir},
      {"dir", {.create = true}, Errno::isdir},
      {"dir", {.write = true, .directory = true}, Errno::isdir},
      {"file", {.read = true, .directory = true}, Errno::notdir},
      {"dir", {.create = true, .directory = true}, Errno::inval},
      {"dir", {.exclusive = true, .directory = true}, Errno::inval},
      {"dir", {.truncate = true, .directory = true}, Errno::inval},
      {"to_file", {.read = true}, Errno::loop},
      {"to_dir", {.read = true, .directory = true}, Errno::loop},
      {"dangling", {.create = true}, Errno::loop},
      {"dangling", {.link = LinkAtEnd::follow}, Errno::noent},
      {"missing", {.read = true}, Errno::noent},
      {"missing", {.truncate = true}, Errno::noent},
      {"file/x", {.read = true}, Errno::notdir},
  };
  for (const auto& [path, options, expected] : bad) {
    EXPECT_EQ(number(directory_->open(path, options)), expected) << path;
  }
}

TEST_P(HostDirectoryTest, LinksOnlyWhatIsThereToWhatIsNot) {
  EXPECT_EQ(number(directory_->link("file", *directory_, "dir/linked")), Errno::success);
  EXPECT_TRUE(fs::equivalent(inside() / "file", inside() / "dir/linked"));
  EXPECT_EQ(number(directory_->link("file", *directory_, "dir/linked")), Errno::exist);
  EXPECT_EQ(number(directory_->link("missing", *directory_, "new")), Errno::noent);
  EXPECT_EQ(number(directory_->link("dir", *directory_, "new")), Errno::perm);
  EXPECT_EQ(number(directory_->link("to_dir", *directory_, "new")), Errno::success);
  EXPECT_TRUE(fs::is_symlink(inside() / "new"));
}

TEST_P(HostDirectoryTest, RenamesBetweenDirectories) {
  const auto below = opened_directory("dir");
  ASSERT_NE(below, nullptr);
  EXPECT_EQ(number(directory_->rename("file", *below, "deep/moved")), Errno::success);
  EXPECT_EQ(read_file(inside() / "dir/deep/moved"), "inside");
  EXPECT_EQ(number(below->rename("deep", *directory_, "deep")), Errno::success);
  EXPECT_EQ(number(directory_->rename("dir", *directory_, "dir/below")), Errno::inval);
  EXPECT_EQ(number(directory_->rename("dir", *directory_, "deep")), Errno::notempty);
  EXPECT_EQ(number(directory_->rename("dir/file", *directory_, "deep")), Errno::isdir);
  EXPECT_EQ(number(directory_->rename("dir", *directory_, "deep/moved")), Errno::notdir);
  EXPECT_EQ(number(directory_->rename("missing", *directory_, "new")), Errno::noent);
}

TEST_P(HostDirectoryTest, MakesAndRemovesDirectoriesAndFiles) {
  EXPECT_EQ(number(directory_->create_directory("new")), Errno::success);
  EXPECT_EQ(number(directory_->create_directory("new")), Errno::exist);
  EXPECT_EQ(number(directory_->create_directory("file/new")), Errno::notdir);
  EXPECT_EQ(number(directory_->create_directory("missing/new")), Errno::noent);
  EXPECT_EQ(number(directory_->remove_directory("new")), Errno::success);
  EXPECT_EQ(number(directory_->remove_directory("dir")), Errno::notempty);
  EXPECT_EQ(number(directory_->remove_directory("file")), Errno::notdir);
  EXPECT_EQ(number(directory_->remove_directory("missing")), Errno::noent);
  EXPECT_EQ(number(directory_->remove_file("to_file")), Errno::success);
  EXPECT_TRUE(fs::exists(inside() / "file"));
  EXPECT_EQ(number(directory_->remove_file("file")), Errno::success);
  EXPECT_EQ(number(directory_->remove_file("file")), Errno::noent);
  EXPECT_THAT(number(directory_->remove_file("dir/deep")), AnyOf(Errno::isdir, Errno::perm));
}

TEST_P(HostDirectoryTest, MakesRelativeSymbolicLinksAlone) {
  const std::vector<std::pair<std::string, Errno>> targets{
      {"/etc", Errno::perm},        {"/", Errno::perm},
      {"", Errno::noent},           {"x\0y"s, Errno::inval},
      {"\xff", Errno::ilseq},       {std::string(4096, 'x'), Errno::nametoolong},
      {"dir/file", Errno::success}, {"../outside/file", Errno::success},
      {"\xc3\xa4", Errno::success},
  };
  for (const auto& [target, expected] : targets) {
    EXPECT_EQ(number(directory_->create_symbolic_link(target, "new")), expected) << target;
    if (expected != Errno::success) continue;
    EXPECT_EQ(*directory_->read_link("new"), target);
    EXPECT_EQ(number(directory_->create_symbolic_link(target, "new")), Errno::exist);
    EXPECT_EQ(number(directory_->remove_file("new")), Errno::success);
  }
}

TEST_P(HostDirectoryTest, ReadsRelativeSymbolicLinksAlone) {
  fs::create_symlink("\xff", inside() / "to_bad");
  EXPECT_EQ(*directory_->read_link("to_dir"), "dir");
  EXPECT_EQ(*directory_->read_link("to_dir/to_file_above"), "../file");
  EXPECT_EQ(*directory_->read_link("out"), "../outside");
  EXPECT_EQ(number(directory_->read_link("absolute")), Errno::perm);
  EXPECT_EQ(number(directory_->read_link("to_bad")), Errno::ilseq);
  EXPECT_EQ(number(directory_->read_link("file")), Errno::inval);
  EXPECT_EQ(number(directory_->read_link("dir")), Errno::inval);
  EXPECT_EQ(number(directory_->read_link("to_dir/")), Errno::inval);
  EXPECT_EQ(number(directory_->read_link("missing")), Errno::noent);
}

TEST_P(HostDirectoryTest, SetsTimesOfWhatAPathLeadsTo) {
  EXPECT_EQ(number(directory_->set_times("to_file", LinkAtEnd::follow, kTimes)), Errno::success);
  EXPECT_EQ(directory_->status("file", LinkAtEnd::keep)->st_mtime, 2000);
  EXPECT_NE(directory_->status("to_file", LinkAtEnd::keep)->st_mtime, 2000);
  EXPECT_EQ(number(directory_->set_times("to_dir", LinkAtEnd::keep, kTimes)), Errno::success);
  EXPECT_EQ(directory_->status("to_dir", LinkAtEnd::keep)->st_mtime, 2000);
  EXPECT_NE(directory_->status("dir", LinkAtEnd::keep)->st_mtime, 2000);
  EXPECT_EQ(number(directory_->set_times(".", LinkAtEnd::keep, kTimes)), Errno::success);
  EXPECT_EQ(directory_->status(".", LinkAtEnd::keep)->st_mtime, 2000);
  EXPECT_EQ(number(directory_->set_times("missing", LinkAtEnd::keep, kTimes)), Errno::noent);
}

TEST_P(HostDirectoryTest, CanBeListedFromItsStartTwice) {
  for (int i = 0; i < 2; ++i) {
    auto fd = directory_->reopen();
    ASSERT_TRUE(fd);
    DIR* const stream = ::fdopendir(fd->get());
    ASSERT_NE(stream, nullptr);
    (void)fd->release();
    EXPECT_NE(::readdir(stream), nullptr);  // NOLINT(concurrency-mt-unsafe): an own stream.
    ::closedir(stream);
  }
}

TEST_P(HostDirectoryTest, KeepsNoDescriptorOfWhatFails) {
  const auto before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    for (const auto* const path :
         {"../outside/file", "out/file", "dir/out_two/x", "loop_1/x", "missing/x", "file/x", "fifo",
          "socket", "dir/missing", "to_dir/missing", "dir/../..", "dir/deep/", "\xff", "",
          "dir/deep/../../dir/file/x", "out_dangling", "dir/"}) {
      (void)everything(*directory_, path);
    }
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(HostDirectoryTest, SaysWhenTheProcessHasNoMoreDescriptors) {
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const auto before = open_descriptors();
  for (rlim_t spare = 0; spare < 3; ++spare) {
    const UniqueFd lowest{::dup(0)};
    const auto first_free = static_cast<rlim_t>(lowest.get());
    const rlimit scarce{.rlim_cur = first_free + 1 + spare, .rlim_max = usual.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &scarce), 0);
    const auto file = number(directory_->open("file", kRead));
    const auto below = number(directory_->open("dir/deep/../file", kRead));
    const auto created = number(directory_->open("new" + std::to_string(spare), kCreate));
    const auto made = number(directory_->create_directory("dir/deep/" + std::to_string(spare)));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
    EXPECT_EQ(file, spare > 0 ? Errno::success : Errno::mfile);
    EXPECT_THAT(below, AnyOf(Errno::success, Errno::mfile));
    EXPECT_EQ(created, spare > 0 ? Errno::success : Errno::mfile);
    EXPECT_EQ(fs::exists(inside() / ("new" + std::to_string(spare))), spare > 0);
    EXPECT_THAT(made, AnyOf(Errno::success, Errno::mfile));
  }
  EXPECT_EQ(open_descriptors(), before);
}

/// Two threads that put one entry of the granted directory in the place of another, and back, for
/// as long as this lives.
class Swapping {
 public:
  Swapping(int directory, std::string one, std::string other)
      : swap_{[directory, one = std::move(one), other = std::move(other)] {
          exchange(directory, one, other);
        }},
        threads_{std::jthread{[this](const std::stop_token& stop) { run(stop); }},
                 std::jthread{[this](const std::stop_token& stop) { run(stop); }}} {}

 private:
  static void exchange(int directory, const std::string& one, const std::string& other) {
#ifdef RENAME_EXCHANGE
    ::renameat2(directory, one.c_str(), directory, other.c_str(), RENAME_EXCHANGE);
#else
    const auto between = other + ".between";
    ::renameat(directory, one.c_str(), directory, between.c_str());
    ::renameat(directory, other.c_str(), directory, one.c_str());
    ::renameat(directory, between.c_str(), directory, other.c_str());
#endif
  }

  void run(const std::stop_token& stop) const {
    while (!stop.stop_requested()) swap_();
  }

  std::function<void()> swap_;
  std::array<std::jthread, 2> threads_;
};

constexpr int kOpenings = 100'000;

TEST_P(HostDirectoryTest, NeverLeavesWhileADirectoryIsSwappedForALinkOut) {
  fs::create_directory(inside() / "swapped");
  write_file(inside() / "swapped/file", "inside");
  int read = 0;
  {
    const Swapping swapping{directory_->fd(), "swapped", "out"};
    for (int i = 0; i < kOpenings; ++i) {
      const auto* const path = i % 2 == 0 ? "swapped/file" : "dir/../swapped/./file";
      auto opened = directory_->open(path, kFollow);
      if (opened) {
        ASSERT_EQ(content(std::get<HostDirectory::OpenedFile>(*opened).fd.get()), "inside");
        ++read;
        continue;
      }
      ASSERT_THAT(number(std::move(opened)), AnyOf(Errno::perm, Errno::again, Errno::noent));
    }
  }
  EXPECT_GT(read, 0);
}

TEST_P(HostDirectoryTest, ChangesNothingOutsideWhileADirectoryIsSwappedForALinkOut) {
  fs::create_directory(inside() / "swapped");
  int made = 0;
  const auto count = [&](Errno outcome) {
    ASSERT_THAT(outcome, AnyOf(Errno::success, Errno::perm, Errno::noent, Errno::exist,
                               Errno::again, Errno::notdir));
    if (outcome == Errno::success) ++made;
  };
  {
    const Swapping swapping{directory_->fd(), "swapped", "out"};
    for (int i = 0; i < kOpenings / 20; ++i) {
      count(number(directory_->open("swapped/new", kCreate)));
      count(number(directory_->open("swapped/file", kTruncate)));
      count(number(directory_->rename("swapped/new", *directory_, "swapped/renamed")));
      count(number(directory_->link("swapped/renamed", *directory_, "swapped/linked")));
      count(number(directory_->create_symbolic_link("x", "swapped/link")));
      count(number(directory_->set_times("swapped/below", LinkAtEnd::follow, kTimes)));
      count(number(directory_->create_directory("swapped/below/new")));
      count(number(directory_->remove_file("swapped/file")));
      count(number(directory_->remove_file("swapped/linked")));
      count(number(directory_->remove_file("swapped/link")));
      count(number(directory_->remove_file("swapped/renamed")));
      count(number(directory_->remove_directory("swapped/below")));
    }
  }
  EXPECT_GT(made, 0);
}

TEST_P(HostDirectoryTest, NeverLeavesWhileAFileIsSwappedForALinkOut) {
  write_file(inside() / "swapped", "inside");
  int read = 0;
  {
    const Swapping swapping{directory_->fd(), "swapped", "out_file"};
    for (int i = 0; i < kOpenings; ++i) {
      auto opened = directory_->open("swapped", i % 2 == 0 ? kFollow : kRead);
      if (opened) {
        ASSERT_EQ(content(std::get<HostDirectory::OpenedFile>(*opened).fd.get()), "inside");
        ++read;
        continue;
      }
      ASSERT_THAT(number(std::move(opened)),
                  AnyOf(Errno::perm, Errno::loop, Errno::again, Errno::noent));
    }
    for (int i = 0; i < kOpenings / 10; ++i) {
      EXPECT_NE(number(directory_->open("swapped", kTruncate)), Errno::io);
      EXPECT_NE(number(directory_->set_times("swapped", LinkAtEnd::follow, kTimes)), Errno::io);
      EXPECT_NE(number(directory_->link("swapped", *directory_, "linked")), Errno::io);
      EXPECT_NE(number(directory_->open("linked", kTruncate)), Errno::io);
      EXPECT_NE(number(directory_->remove_file("linked")), Errno::io);
    }
  }
  EXPECT_GT(read, 0);
}

TEST_P(HostDirectoryTest, NeverHangsWhileAFileIsSwappedForAFifo) {
  write_file(inside() / "swapped", "inside");
  int read = 0;
  {
    const Swapping swapping{directory_->fd(), "swapped", "fifo"};
    for (int i = 0; i < kOpenings / 10; ++i) {
      for (const auto& options : {kRead, HostDirectory::OpenOptions{.write = true}}) {
        auto opened = directory_->open("swapped", options);
        if (opened) {
          struct stat status{};
          ASSERT_EQ(::fstat(std::get<HostDirectory::OpenedFile>(*opened).fd.get(), &status), 0);
          ASSERT_TRUE(S_ISREG(status.st_mode));
          ++read;
          continue;
        }
        ASSERT_THAT(number(std::move(opened)), AnyOf(Errno::acces, Errno::again, Errno::noent));
      }
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace wapc::wasi
