#include "cli/compile_progress.hpp"

#include <condition_variable>
#include <mutex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wapc::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// What was written to a terminal.
class Terminal {
 public:
  void write(std::string_view text) {
    const std::scoped_lock lock{mutex_};
    text_ += text;
    ++writes_;
    changed_.notify_all();
  }

  void wait_for_writes(int count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return writes_ >= count; });
  }

  std::string text() {
    const std::scoped_lock lock{mutex_};
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  int writes_ = 0;
};

/// An engine that compiles until so much was written to a terminal, and then fails.
class SlowEngine final : public Engine {
 public:
  SlowEngine(Terminal& terminal, int writes) : terminal_{terminal}, writes_{writes} {}

  const EngineInfo& info() const noexcept override { return info_; }

  Result<std::shared_ptr<const Module>> compile(BytesView /*wasm*/,
                                                const CompileOptions& /*options*/) const override {
    terminal_.wait_for_writes(writes_);
    return failure(Errc::invalid_module, "nothing");
  }

  using Engine::compile;

 private:
  Terminal& terminal_;
  int writes_;
  EngineInfo info_{
      .name = "slow", .version = "1", .execution = Execution::compiled, .features = {}};
};

std::string shown(std::string guest, int writes, std::chrono::milliseconds first) {
  Terminal terminal;
  const auto engine =
      showing(std::make_shared<const SlowEngine>(terminal, writes),
              {.guest = std::move(guest),
               .line = {.write = [&](std::string_view text) { terminal.write(text); },
                        .first = first,
                        .step = std::chrono::milliseconds{1}}});
  EXPECT_EQ(engine->compile({}).error().message(), "nothing");
  return terminal.text();
}

TEST(CompileProgressTest, ShowsALineAnewAndWipesIt) {
  const auto text = shown("a.wasm", 3, {});
  EXPECT_THAT(text, StartsWith("\r\x1b[Kwapc: compiling a.wasm (0 s)\r\x1b[Kwapc: compiling"));
  EXPECT_THAT(text, EndsWith(" s)\r\x1b[K"));
}

TEST(CompileProgressTest, ShowsNothingOfWhatIsQuick) {
  EXPECT_THAT(shown("a.wasm", 0, std::chrono::hours{1}), IsEmpty());
}

TEST(CompileProgressTest, ShowsNamesShortAndEscaped) {
  EXPECT_THAT(shown("\x1b[1m" + std::string(100, 'x'), 1, {}),
              HasSubstr("compiling \\x1b[1m" + std::string(33, 'x') + "... ("));
  EXPECT_THAT(shown(std::string(39, 'x') + "\u00e4.wasm", 1, {}),
              HasSubstr("compiling " + std::string(39, 'x') + "... ("));
  EXPECT_THAT(shown("a\nb", 1, {}), Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace wapc::cli
