#include "wapc/cache/compile_cache.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/host_resources.hpp"
#include "support/temporary_tree.hpp"

namespace wapc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

/// What the engine below compiles: its code is its text, behind `code of `.
class TextModule final : public Module {
 public:
  explicit TextModule(std::string code) : code_{std::move(code)} {}

  std::span<const Import> imports() const noexcept override { return {}; }

  std::span<const Export> exports() const noexcept override { return {}; }

  Result<std::shared_ptr<const LinkedModule>> link(
      std::span<const ImportTable> /*tables*/) const override {
    return failure(Errc::unsupported, "text does not run");
  }

  Result<Bytes> artefact() const override {
    return Bytes{as_bytes(code_).begin(), as_bytes(code_).end()};
  }

  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

/// An engine that would run whatever it is given, and counts what it compiles.
class TextEngine final : public Engine {
 public:
  explicit TextEngine(std::string code_settings = {}) {
    info_.code_settings = std::move(code_settings);
  }

  const EngineInfo& info() const noexcept override { return info_; }

  Result<std::shared_ptr<const Module>> compile(BytesView wasm,
                                                const CompileOptions& options) const override {
    ++compiled;
    if (wasm.empty()) return failure(Errc::invalid_module, "nothing");
    auto module = std::make_shared<const TextModule>("code of " + std::string{as_text(wasm)});
    if (!gives_up) return module;
    options.made(*module);
    return failure(Errc::deadline_exceeded, "too late");
  }

  using Engine::compile;

  Result<std::shared_ptr<const Module>> restore(const Artefact& artefact, BytesView /*wasm*/,
                                                const ModuleLimits& /*limits*/) const override {
    if (foreign) return failure(Errc::unsupported, "for another processor");
    return std::make_shared<const TextModule>(std::string{as_text(artefact.bytes())});
  }

  mutable int compiled = 0;
  bool foreign = false;
  bool gives_up = false;  ///< Makes the module all the same, and tells of it.

 private:
  EngineInfo info_{.name = "text",
                   .version = "1",
                   .execution = Execution::compiled,
                   .features = {},
                   .makes_artefacts = true};
};

class CompileCacheTest : public ::testing::Test {
 protected:
  std::shared_ptr<CompileCache> open(std::size_t kept_bytes_max = 0,
                                     std::uint64_t bytes_max = 1U << 20U) const {
    return CompileCache::open(
               {.directory = directory_, .bytes_max = bytes_max, .kept_bytes_max = kept_bytes_max})
        .value();
  }

  Error open_error() const {
    const auto opened = CompileCache::open({.directory = directory_});
    return opened ? Error{Errc::internal, "it opened"} : opened.error();
  }

  /// The code of the module that comes of `wasm`.
  std::string compile(CompileCache& cache, std::string_view wasm,
                      const CompileOptions& options = {}) const {
    const auto module = cache.compile(engine_, as_bytes(wasm), options);
    if (!module) return module.error().message();
    return dynamic_cast<const TextModule&>(**module).code();
  }

  fs::path only_file() const {
    fs::path found;
    for (const auto& item : fs::directory_iterator{directory_}) {
      if (item.path().extension() == ".artefact") found = item.path();
    }
    return found;
  }

  static std::string contents(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  static void replace(const fs::path& path, std::string_view contents) {
    fs::remove(path);
    std::ofstream{path, std::ios::binary} << contents;
  }

  testing::TemporaryTree tree_;
  fs::path directory_ = tree_.path() / "in" / "here";
  TextEngine engine_;
};

TEST_F(CompileCacheTest, StoresWhatIsCompiledBehindACallerWhoGaveUp) {
  engine_.gives_up = true;
  EXPECT_EQ(compile(*open(), "a guest"), "too late");
  const auto cache = open();

  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_EQ(cache->stats().read, 1U);
  EXPECT_EQ(engine_.compiled, 1);
}

TEST_F(CompileCacheTest, TellsWhoeverElseWantsToKnow) {
  engine_.gives_up = true;
  int told = 0;
  EXPECT_EQ(compile(*open(), "a guest", {.made = [&](const Module&) { ++told; }}), "too late");
  EXPECT_EQ(told, 1);
}

TEST_F(CompileCacheTest, CompilesOnceForAllProcesses) {
  EXPECT_EQ(compile(*open(), "a guest"), "code of a guest");
  const auto cache = open();
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_EQ(engine_.compiled, 1);
  EXPECT_EQ(cache->stats().read, 1);
  EXPECT_EQ(cache->stats().trouble, "");
}

TEST_F(CompileCacheTest, KeepsWhatItHasLookedAt) {
  compile(*open(), "a guest");
  const auto cache = open(1U << 20U);
  compile(*cache, "a guest");
  fs::remove_all(directory_);
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_EQ(cache->stats().kept, 1);
}

TEST_F(CompileCacheTest, KeepsNoMoreThanItMay) {
  const auto cache = open(30);
  for (const auto* const guest : {"first guest", "other guest", "first guest", "other guest"}) {
    compile(*cache, guest);
  }
  compile(*cache, "other guest");
  EXPECT_EQ(cache->stats().kept, 1);  // Of 19 bytes each, the last one alone.
}

TEST_F(CompileCacheTest, KeepsNoMoreOfThemThanItMay) {
  const auto cache = CompileCache::open({.directory = directory_, .kept_max = 2}).value();
  for (const auto* const guest : {"a", "b", "c"}) compile(*cache, guest);
  // Each is kept when it is read: a, b, and c in the place of a; then b and c are used.
  for (const auto* const guest : {"a", "b", "c", "b", "c", "a"}) compile(*cache, guest);
  EXPECT_EQ(cache->stats().read, 4);
  EXPECT_EQ(cache->stats().kept, 2);
}

TEST_F(CompileCacheTest, TellsApartWhatCodeDependsOn) {
  const auto cache = open();
  compile(*cache, "a guest");
  compile(*cache, "another");
  compile(*cache, "a guest", {.limits = {.functions = 7}});
  const TextEngine other{"settings"};
  EXPECT_TRUE(cache->compile(other, as_bytes("a guest"), {}));
  EXPECT_EQ(engine_.compiled + other.compiled, 4);
  EXPECT_THAT(*cache->entries(), SizeIs(4));
}

TEST_F(CompileCacheTest, StoresNothingOfAModuleThatIsNone) {
  const auto cache = open();
  EXPECT_EQ(compile(*cache, ""), "nothing");
  EXPECT_THAT(*cache->entries(), IsEmpty());
}

TEST_F(CompileCacheTest, RunsNothingOfWhichABitWasFlipped) {
  const auto cache = open();
  const std::string guest(1300, 'g');
  const auto code = compile(*cache, guest);
  const auto good = contents(only_file());
  std::uint64_t flips = 0;
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit, ++flips) {
      auto bad = good;
      bad[byte] = static_cast<char>(static_cast<unsigned char>(bad[byte]) ^ (1U << bit));
      replace(only_file(), bad);
      ASSERT_EQ(compile(*cache, guest), code) << byte;
      ASSERT_EQ(cache->stats().refused, flips + 1) << byte;
    }
  }
  EXPECT_GE(flips, 10'000);
  EXPECT_EQ(cache->stats().read, 0);
  EXPECT_EQ(contents(only_file()), good);  // Written anew.
}

TEST_F(CompileCacheTest, RunsNothingThatIsTorn) {
  const auto cache = open();
  const auto code = compile(*cache, "a guest");
  const auto good = contents(only_file());
  for (std::size_t size = 0; size < good.size(); ++size) {
    replace(only_file(), good.substr(0, size));
    ASSERT_EQ(compile(*cache, "a guest"), code) << size;
  }
  replace(only_file(), good + "more");
  EXPECT_EQ(compile(*cache, "a guest"), code);
  EXPECT_EQ(cache->stats().read, 0);
}

TEST_F(CompileCacheTest, RunsNothingThatWasWrittenUnderAnotherKey) {
  compile(*open(), "a guest");
  const auto foreign = contents(only_file());
  fs::remove_all(directory_);
  const auto cache = open();
  compile(*cache, "a guest");
  replace(only_file(), foreign);
  compile(*cache, "a guest");
  EXPECT_EQ(cache->stats().refused, 1);
}

TEST_F(CompileCacheTest, RunsNothingOfAnotherModule) {
  const auto cache = open();
  compile(*cache, "one guest");
  const auto one = only_file();
  const auto other = contents(one);
  fs::remove(one);
  compile(*cache, "a guest");
  replace(only_file(), other);
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_EQ(cache->stats().refused, 1);
}

TEST_F(CompileCacheTest, FollowsNoLinkAndWaitsForNoPipe) {
  const auto cache = open();
  compile(*cache, "a guest");
  const auto file = only_file();
  fs::rename(file, directory_ / "elsewhere");
  fs::create_symlink(directory_ / "elsewhere", file);
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_EQ(cache->stats().read, 0);
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_EQ(cache->stats().read, 1);  // Both were replaced.
}

TEST_F(CompileCacheTest, CompilesAnewWhatIsForAnotherMachine) {
  const auto cache = open();
  compile(*cache, "a guest");
  engine_.foreign = true;
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_EQ(engine_.compiled, 2);
}

TEST_F(CompileCacheTest, HoldsNoMoreThanItMay) {
  const auto cache = open(0, 500);  // Room for ten files of 50 bytes.
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    compile(*cache, "guest  " + std::string(3, letter));
    EXPECT_EQ(compile(*cache, "guest  " + std::string(3, letter)),
              "code of guest  " + std::string(3, letter));
  }
  std::uint64_t bytes = 0;
  const auto entries = cache->entries().value();
  for (const auto& entry : entries) bytes += entry.bytes;
  EXPECT_LE(bytes, 500);
  EXPECT_THAT(entries, SizeIs(10));
  EXPECT_EQ(compile(*cache, std::string(1000, 'x')), "code of " + std::string(1000, 'x'));
  EXPECT_THAT(cache->stats().trouble, HasSubstr("more than the whole cache may hold"));
}

TEST_F(CompileCacheTest, IsClearedOfAllThatItWrote) {
  const auto cache = open(1U << 20U);
  compile(*cache, "a guest");
  compile(*cache, "another");
  EXPECT_EQ(cache->clear().value(), 2);
  EXPECT_THAT(*cache->entries(), IsEmpty());
  compile(*cache, "a guest");
  EXPECT_EQ(engine_.compiled, 3);
}

TEST_F(CompileCacheTest, GoesOnWithoutItsDirectory) {
  const auto cache = open();
  compile(*cache, "a guest");
  fs::remove_all(directory_);
  EXPECT_EQ(compile(*cache, "a guest"), "code of a guest");
  EXPECT_THAT(cache->stats().trouble, HasSubstr("No such file"));
}

TEST_F(CompileCacheTest, GoesOnWhenThereIsNoRoomForAFile) {
  const auto cache = open();
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  {
    const testing::LoweredLimit full{RLIMIT_FSIZE, 20};
    EXPECT_EQ(compile(*cache, "a guest that is longer"), "code of a guest that is longer");
  }
  EXPECT_THAT(cache->stats().trouble, HasSubstr("cannot write an artefact"));
  EXPECT_EQ(std::distance(fs::directory_iterator{directory_}, {}), 1);  // The key.
}

TEST_F(CompileCacheTest, ServesManyAtOnce) {
  constexpr int kThreads = 8;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        const TextEngine engine;
        const auto cache =
            open(100, 2000);  // As processes would, with a key that one of them made.
        for (int round = 0; round < 200; ++round) {
          const auto wasm = "guest " + std::to_string(round % 50);
          const auto module = cache->compile(engine, as_bytes(wasm), {}).value();
          EXPECT_EQ(dynamic_cast<const TextModule&>(*module).code(), "code of " + wasm);
        }
        EXPECT_EQ(cache->stats().refused, 0);
      });
    }
  }
  for (const auto& item : fs::directory_iterator{directory_}) {
    EXPECT_NE(item.path().extension(), ".unfinished");
  }
}

TEST_F(CompileCacheTest, IsNotOpenedWhereOthersMayWrite) {
  fs::create_directories(directory_);
  fs::permissions(directory_, fs::perms::group_write, fs::perm_options::add);
  EXPECT_EQ(open_error().code(), Errc::invalid_options);
  EXPECT_THAT(open_error().message(), HasSubstr("chmod go-w"));
}

TEST_F(CompileCacheTest, IsNotOpenedWithAKeyThatOthersKnow) {
  static_cast<void>(open());
  fs::permissions(directory_ / "key", fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(open_error().message(), HasSubstr("not for its owner alone"));
}

TEST_F(CompileCacheTest, IsNotOpenedWithADamagedKey) {
  for (const auto size : {0U, 31U, 33U}) {
    static_cast<void>(CompileCache::open({.directory = directory_}));
    replace(directory_ / "key", std::string(size, 'k'));
    fs::permissions(directory_ / "key", fs::perms::owner_read);
    EXPECT_THAT(open_error().message(), HasSubstr("is damaged: remove it"));
  }
}

TEST_F(CompileCacheTest, IsNotOpenedWhereThereIsNoDirectory) {
  fs::create_directories(directory_.parent_path());
  std::ofstream{directory_} << "a file";
  EXPECT_EQ(open_error().code(), Errc::invalid_options);
  EXPECT_THAT(open_error().message(), HasSubstr("Not a directory"));
  directory_ = "";
  EXPECT_EQ(open_error().code(), Errc::invalid_options);
}

}  // namespace
}  // namespace wapc
