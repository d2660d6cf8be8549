// The same calls to our WASI and to wasmtime's own, on the same engine: the guest gets the same
// error number, or the difference stands in the table below, with its reason, and in docs/wasi.md.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/raw_wasi.hpp"
#include "support/temporary_tree.hpp"
#include "support/wasi_test.hpp"
#include "support/wasmtime_own_wasi.hpp"
#include "wapc/providers/wasmtime.hpp"

namespace wapc {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of these tests.

/// What a guest got: an error number, or nothing when its call was ended.
using Got = std::optional<std::uint32_t>;

/// A call that is told apart from others by `what`.
struct Case {
  std::string function;
  std::string what;
  std::vector<std::uint64_t> arguments;
};

/// A difference that is meant, and why. `function` and `what` may begin or end in `*`.
struct Difference {
  std::string_view function;
  std::string_view what;
  Got ours;
  Got theirs;
  std::string_view why;
};

constexpr Got kEnds = std::nullopt;

constexpr std::uint32_t kFirstPath = 1024;
constexpr std::uint32_t kSecondPath = 6000;
constexpr std::uint32_t kResult = 12288;
constexpr std::uint32_t kBuffer = 16384;

constexpr std::string_view kTraps =
    "wasmtime ends the guest's call for what is no valid number or pointer; here it is an error "
    "number";
constexpr std::string_view kFirst = "here the descriptor is looked at before all else";
constexpr std::string_view kSpecified = "as the specification says";
constexpr std::string_view kPosix = "as POSIX says";
constexpr std::string_view kCan = "wasmtime cannot do it";
constexpr std::string_view kSlash =
    "a link with a slash behind it is not followed, and is no directory";

constexpr std::array kDifferences{
    // What is no valid number.
    Difference{"clock_res_get", "odd", e::inval, kEnds, kTraps},
    Difference{"clock_time_get", "odd", e::inval, kEnds, kTraps},
    Difference{"fd_advise", "*with odd advice", e::badf, kEnds, kTraps},
    Difference{"fd_advise", "*with odd advice", e::inval, kEnds, kTraps},
    Difference{"fd_fdstat_set_flags", "*odd", e::badf, kEnds, kTraps},
    Difference{"fd_fdstat_set_flags", "*odd", e::inval, kEnds, kTraps},
    Difference{"fd_filestat_set_times", "*unknown", e::badf, kEnds, kTraps},
    Difference{"fd_filestat_set_times", "*unknown", e::inval, kEnds, kTraps},
    Difference{"fd_seek", "*odd", e::badf, kEnds, kTraps},
    Difference{"fd_seek", "*odd", e::spipe, kEnds, kTraps},
    Difference{"fd_seek", "*odd", e::inval, kEnds, kTraps},
    Difference{"path_open", "dir flags 16*", e::inval, kEnds, kTraps},
    Difference{"path_open", "file flags 16*", e::inval, kEnds, kTraps},
    Difference{"path_open", "new flags 16*", e::inval, kEnds, kTraps},
    Difference{"path_open", "fdflags 32", e::inval, kEnds, kTraps},
    Difference{"path_open", "odd lookup", e::inval, kEnds, kTraps},
    Difference{"proc_raise", "odd", e::notsup, kEnds, kTraps},
    Difference{"args_get", "outside", e::fault, kEnds, kTraps},
    Difference{"clock_time_get", "outside", e::fault, kEnds, kTraps},
    Difference{"random_get", "outside", e::fault, kEnds, kTraps},
    // What is looked at first.
    Difference{"fd_filestat_set_times", "*odd", e::badf, e::inval, kFirst},
    // What the specification says.
    Difference{"clock_res_get", "process time", e::inval, e::badf, kSpecified},
    Difference{"clock_res_get", "thread time", e::inval, e::badf, kSpecified},
    Difference{"clock_time_get", "process time", e::inval, e::badf, kSpecified},
    Difference{"fd_fdstat_set_rights", "*to none", e::success, e::notsup, kSpecified},
    Difference{"fd_fdstat_set_rights", "*to none", e::success, e::badf, kSpecified},
    Difference{"fd_fdstat_set_rights", "*to all", e::notcapable, e::notsup, kSpecified},
    Difference{"fd_fdstat_set_rights", "*to all", e::notcapable, e::badf, kSpecified},
    Difference{"poll_oneoff", "a closed descriptor", e::success, e::badf, kSpecified},
    // What wasmtime cannot do.
    Difference{"fd_allocate", "file for*", e::success, e::notsup, kCan},
    Difference{"fd_allocate", "file for reading", e::inval, e::notsup, kCan},
    Difference{"fd_fdstat_set_flags", "*append", e::success, e::badf, kCan},
    Difference{"fd_fdstat_set_flags", "*nonblock", e::success, e::badf, kCan},
    Difference{"fd_fdstat_set_flags", "*dsync", e::inval, e::badf, kCan},
    Difference{"path_open", "fdflags 2", e::success, e::notsup, kCan},
    Difference{"path_open", "fdflags 8", e::success, e::notsup, kCan},
    Difference{"path_open", "fdflags 16", e::success, e::notsup, kCan},
    // What POSIX and Linux say.
    Difference{"path_*", "file for*", e::notdir, e::badf, kPosix},
    Difference{"path_open", "file/ created*", e::notdir, e::isdir, kPosix},
    Difference{"path_open", "link/ created*", e::notdir, e::isdir, kPosix},
    Difference{"path_remove_directory", "dir/", e::notempty, e::inval, kPosix},
    Difference{"path_link", "dirlink/ from", e::notdir, e::perm, kSlash},
    Difference{"path_link", "dirlink/ to", e::notdir, e::exist, kSlash},
    Difference{"path_remove_directory", "dirlink/", e::notdir, e::inval, kSlash},
    Difference{"path_symlink", "dirlink/ at", e::notdir, e::exist, kSlash},
    Difference{"path_unlink_file", "dirlink/", e::notdir, e::isdir, kSlash},
};

/// Ours and theirs, each with a directory of its own, filled in the same way.
class Sides {
 public:
  /// Runs the case on both sides, each in a fresh world, with these paths at `kFirstPath` and
  /// `kSecondPath`.
  void compare(const Case& test, std::string_view first = "file", std::string_view second = "new",
               DirectoryAccess access = DirectoryAccess::read_write) {
    const bool may_write = access == DirectoryAccess::read_write;
    const TemporaryTree our_tree;
    const TemporaryTree their_tree;
    fill(our_tree);
    fill(their_tree);
    const auto ours = run(Ours{RawWasi::start(module_, config(our_tree, access))}, test, first,
                          second, may_write);
    theirs_.renew(config(their_tree, access));
    const auto theirs = run(Theirs{theirs_}, test, first, second, may_write);
    judge(test, ours, theirs);
  }

  /// The differences that were met.
  [[nodiscard]] const std::set<const Difference*>& met() const { return met_; }

 private:
  static void fill(const TemporaryTree& tree) {
    namespace fs = std::filesystem;
    tree.write("outside/secret", "secret");
    tree.write("root/file", "0123456789");
    tree.write("root/dir/file", "inner");
    tree.write("root/full/file", "inner");
    const auto root = tree.path() / "root";
    fs::create_directory(root / "empty");
    fs::create_symlink("file", root / "link");
    fs::create_symlink("dir", root / "dirlink");
    fs::create_symlink("nowhere", root / "dangling");
    fs::create_symlink("loop", root / "loop");
    fs::create_symlink("../outside", root / "out");
    fs::create_symlink("/etc/passwd", root / "absolute");
    fs::create_symlink("dir/../file", root / "winding");
    ::mkfifo((root / "fifo").c_str(), 0600);
  }

  static WasiConfig config(const TemporaryTree& tree, DirectoryAccess access) {
    return {.arguments = {"program"},
            .environment = {"A=1"},
            .directories = {{(tree.path() / "root").string(), "/", access}},
            .standard_input = std::make_shared<const Bytes>()};
  }

  /// Descriptors that both sides have open: 4 a file for reading, 5 one for writing, 6 one for
  /// both, 7 a directory. Both give the same numbers as long as nothing is closed.
  template <typename Guest>
  static void open_all(Guest& guest, bool may_write) {
    struct {
      std::string_view path;
      std::uint64_t flags;
      std::uint64_t rights;
    } constexpr kOpened[]{{"file", 0, 2}, {"file", 0, 64}, {"file", 0, 66}, {"dir", 2, 0}};

    for (const auto& opened : kOpened) {
      const auto rights = may_write ? opened.rights : opened.rights & 2U;
      guest.put_path(kFirstPath, opened.path);
      const auto got = guest.call(
          "path_open", {3, 1, kFirstPath, opened.path.size(), opened.flags, rights, 0, 0, kResult});
      EXPECT_EQ(got, e::success) << opened.path;
    }
  }

  /// Gives both sides the same shape.
  struct Ours {
    RawWasi guest;

    Got call(const std::string& function, const std::vector<std::uint64_t>& arguments) {
      const auto done = guest.try_call(function, std::span{arguments});
      return done ? Got{*done} : kEnds;
    }

    void put_path(std::uint32_t at, std::string_view path) { guest.put(at, path); }
  };

  struct Theirs {
    WasmtimeOwnWasi& guest;

    Got call(const std::string& function, const std::vector<std::uint64_t>& arguments) const {
      return guest.call(*guest.find(function), arguments);
    }

    void put_path(std::uint32_t at, std::string_view path) const {
      std::ranges::copy(as_bytes(path), guest.memory().subspan(at).begin());
    }
  };

  template <typename Guest>
  static Got run(Guest guest, const Case& test, std::string_view first, std::string_view second,
                 bool may_write) {
    open_all(guest, may_write);
    guest.put_path(kFirstPath, first);
    guest.put_path(kSecondPath, second);
    // A vector at `kResult` + 64: 16 bytes at `kBuffer`; and a subscription to nothing is all
    // zeros.
    guest.put_path(kResult + 64, std::string_view{"\x00\x40\x00\x00\x10\x00\x00\x00", 8});
    guest.put_path(kBuffer + 2056, std::string_view{"\x01\0\0\0\0\0\0\0\x63", 9});  // To read 99.
    return guest.call(test.function, test.arguments);
  }

  static bool matches(std::string_view pattern, std::string_view what) {
    if (pattern.ends_with('*')) return what.starts_with(pattern.substr(0, pattern.size() - 1));
    if (pattern.starts_with('*')) return what.ends_with(pattern.substr(1));
    return pattern == what;
  }

  void judge(const Case& test, Got ours, Got theirs) {
    if (ours == theirs) return;
    for (const auto& known : kDifferences) {
      if (matches(known.function, test.function) && matches(known.what, test.what) &&
          known.ours == ours && known.theirs == theirs) {
        met_.insert(&known);
        return;
      }
    }
    const auto text = [](Got got) { return got ? std::to_string(*got) : "kEnds"; };
    ADD_FAILURE() << "{\"" << test.function << "\", \"" << test.what << "\", " << text(ours) << ", "
                  << text(theirs) << "},";
  }

  Bytes wasm_ = raw_module(Wasi::imports(), kPreview1);
  std::unique_ptr<Engine> engine_ = make_wasmtime_engine().value();
  std::shared_ptr<const Module> module_ = engine_->compile(wasm_).value();
  WasmtimeOwnWasi theirs_{wasm_, {}};
  std::set<const Difference*> met_;
};

/// Descriptors by kind.
struct Kind {
  std::string_view name;
  std::uint32_t fd;
};

constexpr std::array<Kind, 9> kKinds{{{"input", 0},
                                      {"output", 1},
                                      {"error output", 2},
                                      {"granted directory", 3},
                                      {"file for reading", 4},
                                      {"file for writing", 5},
                                      {"file for both", 6},
                                      {"opened directory", 7},
                                      {"closed", 99}}};

/// Functions of one descriptor, with arguments after it that make sense, and some that do not.
struct Variant {
  std::string_view function;
  std::string_view what;
  std::vector<std::uint64_t> rest;
};

std::vector<Variant> variants() {
  constexpr std::uint64_t kVectorAt = kResult + 64;
  constexpr std::uint64_t kMinusOne = UINT64_MAX;
  return {
      {"fd_advise", "", {0, 0, 0}},
      {"fd_advise", " with odd advice", {0, 0, 6}},
      {"fd_allocate", "", {0, 100}},
      {"fd_close", "", {}},
      {"fd_datasync", "", {}},
      {"fd_fdstat_get", "", {kResult}},
      {"fd_fdstat_set_flags", " append", {1}},
      {"fd_fdstat_set_flags", " nonblock", {4}},
      {"fd_fdstat_set_flags", " dsync", {2}},
      {"fd_fdstat_set_flags", " odd", {64}},
      {"fd_fdstat_set_rights", " to none", {0, 0}},
      {"fd_fdstat_set_rights", " to all", {kMinusOne >> 34U, 0}},
      {"fd_filestat_get", "", {kResult}},
      {"fd_filestat_set_size", "", {5}},
      {"fd_filestat_set_size", " too large", {kMinusOne}},
      {"fd_filestat_set_times", "", {0, 0, 8}},
      {"fd_filestat_set_times", " odd", {0, 0, 3}},
      {"fd_filestat_set_times", " unknown", {0, 0, 16}},
      {"fd_pread", "", {kVectorAt, 1, 0, kResult}},
      {"fd_pread", " of nothing", {kVectorAt, 0, 0, kResult}},
      {"fd_pread", " far out", {kVectorAt, 1, kMinusOne, kResult}},
      {"fd_prestat_get", "", {kResult}},
      {"fd_prestat_dir_name", "", {kBuffer, 1}},
      {"fd_prestat_dir_name", " too short", {kBuffer, 0}},
      {"fd_pwrite", "", {kVectorAt, 1, 0, kResult}},
      {"fd_pwrite", " far out", {kVectorAt, 1, kMinusOne, kResult}},
      {"fd_read", "", {kVectorAt, 1, kResult}},
      {"fd_read", " of nothing", {kVectorAt, 0, kResult}},
      {"fd_readdir", "", {kBuffer, 1000, 0, kResult}},
      {"fd_readdir", " from far", {kBuffer, 1000, 1000, kResult}},
      {"fd_renumber", " to input", {0}},
      {"fd_renumber", " to closed", {98}},
      {"fd_seek", " set", {3, 0, kResult}},
      {"fd_seek", " before the start", {kMinusOne, 0, kResult}},
      {"fd_seek", " from the end", {kMinusOne, 2, kResult}},
      {"fd_seek", " odd", {0, 3, kResult}},
      {"fd_sync", "", {}},
      {"fd_tell", "", {kResult}},
      {"fd_write", "", {kVectorAt, 1, kResult}},
      {"fd_write", " of nothing", {kVectorAt, 0, kResult}},
      {"path_create_directory", "", {kSecondPath, 3}},
      {"path_filestat_get", "", {1, kFirstPath, 4, kResult}},
      {"path_filestat_set_times", "", {1, kFirstPath, 4, 0, 0, 8}},
      {"path_link", "", {0, kFirstPath, 4, 3, kSecondPath, 3}},
      {"path_open", "", {1, kFirstPath, 4, 0, 2, 0, 0, kResult}},
      {"path_readlink", "", {kFirstPath, 4, kBuffer, 100, kResult}},
      {"path_remove_directory", "", {kFirstPath, 4}},
      {"path_rename", "", {kFirstPath, 4, 3, kSecondPath, 3}},
      {"path_unlink_file", "", {kFirstPath, 4}},
      {"sock_accept", "", {0, kResult}},
      {"sock_recv", "", {kVectorAt, 1, 0, kResult, kResult + 4}},
      {"sock_send", "", {kVectorAt, 1, 0, kResult}},
      {"sock_shutdown", "", {1}},
  };
}

void compare_descriptors(Sides& sides) {
  for (const auto& variant : variants()) {
    for (const auto& kind : kKinds) {
      Case test{std::string{variant.function},
                std::string{kind.name} + std::string{variant.what},
                {kind.fd}};
      test.arguments.insert(test.arguments.end(), variant.rest.begin(), variant.rest.end());
      sides.compare(test);
    }
  }
}

constexpr std::array<std::string_view, 34> kPaths{
    "file",      "file/",  "file/.",   "file/..",    "dir",          "dir/",
    "dir/.",     "dir/..", "dir/file", "dir//file",  "./dir/./file", "",
    ".",         "..",     "/",        "/file",      "../outside",   "dir/../../outside",
    "link",      "link/",  "dirlink",  "dirlink/",   "dirlink/file", "dangling",
    "loop",      "loop/x", "out",      "out/secret", "absolute",     "winding",
    "nowhere/x", "new",    "new/",     "empty"};

/// What is done with a path; `{}` stands for the path and its length.
void compare_paths(Sides& sides) {
  for (const auto path : kPaths) {
    const auto n = path.size();
    const std::uint64_t p = kFirstPath;
    const std::vector<std::pair<Case, std::string_view>> cases{
        {{"path_create_directory", "", {3, p, n}}, ""},
        {{"path_filestat_get", "", {3, 0, p, n, kResult}}, ""},
        {{"path_filestat_get", " followed", {3, 1, p, n, kResult}}, ""},
        {{"path_filestat_set_times", "", {3, 0, p, n, 0, 0, 8}}, ""},
        {{"path_filestat_set_times", " followed", {3, 1, p, n, 0, 0, 8}}, ""},
        {{"path_link", " from", {3, 0, p, n, 3, kSecondPath, 3}}, "new"},
        {{"path_link", " to", {3, 0, kSecondPath, 4, 3, p, n}}, "file"},
        {{"path_link", " followed", {3, 1, p, n, 3, kSecondPath, 3}}, "new"},
        {{"path_open", "", {3, 0, p, n, 0, 2, 0, 0, kResult}}, ""},
        {{"path_open", " followed", {3, 1, p, n, 0, 2, 0, 0, kResult}}, ""},
        {{"path_open", " for writing", {3, 1, p, n, 0, 64, 0, 0, kResult}}, ""},
        {{"path_open", " as directory", {3, 1, p, n, 2, 2, 0, 0, kResult}}, ""},
        {{"path_open", " created", {3, 1, p, n, 1, 66, 0, 0, kResult}}, ""},
        {{"path_open", " created new", {3, 1, p, n, 5, 66, 0, 0, kResult}}, ""},
        {{"path_open", " created unfollowed", {3, 0, p, n, 1, 66, 0, 0, kResult}}, ""},
        {{"path_open", " truncated", {3, 1, p, n, 8, 66, 0, 0, kResult}}, ""},
        {{"path_readlink", "", {3, p, n, kBuffer, 100, kResult}}, ""},
        {{"path_remove_directory", "", {3, p, n}}, ""},
        {{"path_rename", " from", {3, p, n, 3, kSecondPath, 3}}, "new"},
        {{"path_rename", " to", {3, kSecondPath, 4, 3, p, n}}, "file"},
        {{"path_rename", " directory to", {3, kSecondPath, 5, 3, p, n}}, "empty"},
        {{"path_symlink", " at", {kSecondPath, 4, 3, p, n}}, "file"},
        {{"path_symlink", " to", {p, n, 3, kSecondPath, 3}}, "new"},
        {{"path_unlink_file", "", {3, p, n}}, ""},
    };
    for (const auto& [shape, second] : cases) {
      sides.compare({shape.function, std::string{path} + shape.what, shape.arguments}, path,
                    second);
    }
  }
}

void compare_odd_paths(Sides& sides) {
  const std::string long_name(300, 'n');
  std::string long_path;
  while (long_path.size() < 5000) long_path += "dir/../";
  const std::string with_nul("file\0x", 6);

  struct {
    std::string_view name;
    std::string_view path;
  } const odd[]{{"long name", long_name},
                {"long path", std::string_view{long_path}.substr(0, 4090)},
                {"NUL", with_nul},
                {"not UTF-8", "f\xFFle"}};

  for (const auto& [name, path] : odd) {
    const auto what = std::string{name};
    sides.compare({"path_open", what, {3, 1, kFirstPath, path.size(), 0, 2, 0, 0, kResult}}, path);
    sides.compare({"path_filestat_get", what, {3, 1, kFirstPath, path.size(), kResult}}, path);
    sides.compare({"path_create_directory", what, {3, kFirstPath, path.size()}}, path);
    sides.compare({"path_unlink_file", what, {3, kFirstPath, path.size()}}, path);
    sides.compare({"path_symlink", what, {kFirstPath, path.size(), 3, kSecondPath, 3}}, path);
  }
}

void compare_opening(Sides& sides) {
  for (std::uint64_t flags = 0; flags <= 16; ++flags) {
    for (const std::uint64_t rights : {0U, 2U, 64U, 66U}) {
      for (const std::string_view path : {"file", "dir", "new"}) {
        const auto what = std::string{path} + " flags " + std::to_string(flags) + " rights " +
                          std::to_string(rights);
        sides.compare(
            {"path_open", what, {3, 1, kFirstPath, path.size(), flags, rights, 0, 0, kResult}},
            path);
      }
    }
  }
  for (std::uint64_t fd_flags = 0; fd_flags <= 32; fd_flags = fd_flags * 2 + (fd_flags == 0)) {
    sides.compare({"path_open",
                   "fdflags " + std::to_string(fd_flags),
                   {3, 1, kFirstPath, 4, 0, 66, 0, fd_flags, kResult}});
  }
  sides.compare({"path_open", "odd lookup", {3, 2, kFirstPath, 4, 0, 2, 0, 0, kResult}});
}

void compare_read_only(Sides& sides) {
  const std::vector<Case> cases{
      {"path_create_directory", "read-only", {3, kSecondPath, 3}},
      {"path_filestat_get", "read-only", {3, 1, kFirstPath, 4, kResult}},
      {"path_filestat_set_times", "read-only", {3, 1, kFirstPath, 4, 0, 0, 8}},
      {"path_link", "read-only", {3, 0, kFirstPath, 4, 3, kSecondPath, 3}},
      {"path_open", "read-only", {3, 1, kFirstPath, 4, 0, 2, 0, 0, kResult}},
      {"path_open", "read-only for writing", {3, 1, kFirstPath, 4, 0, 64, 0, 0, kResult}},
      {"path_open", "read-only created", {3, 1, kSecondPath, 3, 1, 2, 0, 0, kResult}},
      {"path_open", "read-only truncated", {3, 1, kFirstPath, 4, 8, 2, 0, 0, kResult}},
      {"path_remove_directory", "read-only", {3, kFirstPath, 4}},
      {"path_rename", "read-only", {3, kFirstPath, 4, 3, kSecondPath, 3}},
      {"path_symlink", "read-only", {kFirstPath, 4, 3, kSecondPath, 3}},
      {"path_unlink_file", "read-only", {3, kFirstPath, 4}},
      {"fd_filestat_set_size", "read-only", {4, 1}},
      {"fd_filestat_set_times", "read-only", {4, 0, 0, 8}},
      {"fd_filestat_set_times", "read-only directory", {3, 0, 0, 8}},
      {"fd_write", "read-only", {4, kResult + 64, 1, kResult}},
      {"fd_readdir", "read-only", {3, kBuffer, 1000, 0, kResult}},
  };
  for (const auto& test : cases) sides.compare(test, "file", "new", DirectoryAccess::read_only);
}

void compare_the_rest(Sides& sides) {
  constexpr std::uint64_t kOdd = 4;
  const std::vector<Case> cases{
      {"args_get", "", {kResult, kBuffer}},
      {"args_sizes_get", "", {kResult, kResult + 4}},
      {"environ_get", "", {kResult, kBuffer}},
      {"environ_sizes_get", "", {kResult, kResult + 4}},
      {"clock_res_get", "real time", {0, kResult}},
      {"clock_res_get", "monotonic", {1, kResult}},
      {"clock_res_get", "process time", {2, kResult}},
      {"clock_res_get", "thread time", {3, kResult}},
      {"clock_res_get", "odd", {kOdd, kResult}},
      {"clock_time_get", "real time", {0, 0, kResult}},
      {"clock_time_get", "process time", {2, 0, kResult}},
      {"clock_time_get", "odd", {kOdd, 0, kResult}},
      {"random_get", "", {kBuffer, 16}},
      {"random_get", "of nothing", {kBuffer, 0}},
      {"random_get", "outside", {kOutside, 1}},
      {"clock_time_get", "outside", {0, 0, kOutside}},
      {"args_get", "outside", {kOutside, kOutside}},
      {"proc_raise", "", {6}},
      {"proc_raise", "odd", {99}},
      {"proc_exit", "", {0}},
      {"sched_yield", "", {}},
      {"poll_oneoff", "of nothing", {kBuffer, kBuffer + 4096, 0, kResult}},
      {"poll_oneoff", "a clock that is over", {kBuffer, kBuffer + 4096, 1, kResult}},
      {"poll_oneoff", "a closed descriptor", {kBuffer + 2048, kBuffer + 4096, 1, kResult}},
  };
  for (const auto& test : cases) sides.compare(test);
}

TEST(WasiDifferentialTest, GivesGuestsTheErrorsOfWasmtimesOwnOrSaysWhyNot) {
  Sides sides;
  compare_descriptors(sides);
  compare_paths(sides);
  compare_odd_paths(sides);
  compare_opening(sides);
  compare_read_only(sides);
  compare_the_rest(sides);
  for (const auto& known : kDifferences) {
    EXPECT_TRUE(sides.met().contains(&known))
        << "no difference any more: " << known.function << ": " << known.what;
  }
}

}  // namespace
}  // namespace wapc
