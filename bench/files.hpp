#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "wapc/base/bytes.hpp"

// What benchmarks read, and where they write. Ends the program when that fails.

namespace wapc::bench {

inline Bytes read_guest(const char* path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (text.empty()) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(2);
  }
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

/// A folder of its own, gone in the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto name = (std::filesystem::temp_directory_path() / "wapc_bench_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      std::fprintf(stderr, "cannot make %s\n", name.c_str());
      std::exit(2);
    }
    path_ = name;
  }

  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace wapc::bench
