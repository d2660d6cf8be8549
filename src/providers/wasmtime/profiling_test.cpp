#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "providers/wasmtime/wasmtime_fixture.hpp"

namespace wapc::wasmtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using Profiling = WasmtimeOptions::Profiling;

constexpr std::string_view kGuest =
    R"((module (func $inner_work (nop)) (func (export "run") (call $inner_work))))";

std::string text_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// In a folder of its own, as files are made in the current one.
class ProfilingTest : public ::testing::TestWithParam<Profiling> {
 protected:
  ProfilingTest() {
    fs::create_directory(folder_);
    fs::current_path(folder_);
  }

  ~ProfilingTest() override {
    fs::current_path(before_);
    fs::remove_all(folder_);
    fs::remove_all(map_);
  }

  [[nodiscard]] fs::path file() const {
    return GetParam() == Profiling::perf_map ? map_ : folder_ / ("jit-" + process_ + ".dump");
  }

  const std::string process_ = std::to_string(::getpid());
  const fs::path before_ = fs::current_path();
  const fs::path folder_ = fs::temp_directory_path() / ("wapc_profiling_" + process_);
  const fs::path map_ = "/tmp/perf-" + process_ + ".map";
};

INSTANTIATE_TEST_SUITE_P(Kinds, ProfilingTest,
                         ::testing::Values(Profiling::perf_map, Profiling::jitdump),
                         [](const auto& test) {
                           return test.param == Profiling::perf_map ? "PerfMap" : "Jitdump";
                         });

TEST_P(ProfilingTest, AFileThatCannotBeWrittenIsAnError) {
  fs::create_directory(file());

  const auto engine = make_wasmtime_engine({.profiling = GetParam()});

  EXPECT_EQ(engine.error().code(), Errc::unavailable);
  EXPECT_THAT(engine.error().message(), HasSubstr(file().filename().string()));
}

TEST_P(ProfilingTest, TheFunctionsOfEachModuleAreNamed) {
  const auto engine = make_wasmtime_engine({.profiling = GetParam()}).value();

  ASSERT_TRUE(engine->compile(from_text(kGuest)));

  EXPECT_THAT(text_of(file()), HasSubstr("inner_work"));
}

}  // namespace
}  // namespace wapc::wasmtime
