#pragma once

#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "support/raw_wasi.hpp"
#include "support/temporary_tree.hpp"
#include "wapc/providers/builtin.hpp"

// Tests of WASI as a guest meets it, on every engine.

namespace wapc {

/// How GoogleTest names a test's engine.
inline void PrintTo(const BuiltinEngine& engine, std::ostream* out) {
  *out << engine.name;
}

}  // namespace wapc

namespace wapc::testing {

/// Error numbers as guests see them (witx: `errno`).
namespace e {
inline constexpr std::uint32_t success = 0;
inline constexpr std::uint32_t acces = 2;
inline constexpr std::uint32_t again = 6;
inline constexpr std::uint32_t badf = 8;
inline constexpr std::uint32_t busy = 10;
inline constexpr std::uint32_t dquot = 19;
inline constexpr std::uint32_t exist = 20;
inline constexpr std::uint32_t fault = 21;
inline constexpr std::uint32_t fbig = 22;
inline constexpr std::uint32_t ilseq = 25;
inline constexpr std::uint32_t inval = 28;
inline constexpr std::uint32_t io = 29;
inline constexpr std::uint32_t isdir = 31;
inline constexpr std::uint32_t loop = 32;
inline constexpr std::uint32_t mfile = 33;
inline constexpr std::uint32_t nametoolong = 37;
inline constexpr std::uint32_t noent = 44;
inline constexpr std::uint32_t nospc = 51;
inline constexpr std::uint32_t notdir = 54;
inline constexpr std::uint32_t notempty = 55;
inline constexpr std::uint32_t notsock = 57;
inline constexpr std::uint32_t notsup = 58;
inline constexpr std::uint32_t perm = 63;
inline constexpr std::uint32_t pipe = 64;
inline constexpr std::uint32_t spipe = 70;
inline constexpr std::uint32_t xdev = 75;
inline constexpr std::uint32_t notcapable = 76;
}  // namespace e

/// A pointer outside a raw module's memory, and one to its last byte.
inline constexpr std::uint32_t kOutside = kRawMemoryBytes;
inline constexpr std::uint32_t kLastByte = kRawMemoryBytes - 1;

/// Descriptors that a guest has from the start.
inline constexpr std::uint32_t kInput = 0;
inline constexpr std::uint32_t kOutput = 1;
inline constexpr std::uint32_t kError = 2;
inline constexpr std::uint32_t kDirectory = 3;  ///< The first directory granted.
inline constexpr std::uint32_t kNone = 99;      ///< Never open.

class WasiTest : public ::testing::TestWithParam<BuiltinEngine> {
 protected:
  /// A guest on the engine of the test.
  [[nodiscard]] RawWasi start(WasiConfig config = {}, std::string_view edition = kPreview1,
                              std::shared_ptr<LogSink> log = nullptr) {
    if (!engine_) engine_ = GetParam().make().value();
    return RawWasi::start(*engine_, std::move(config), edition, std::move(log));
  }

  /// What grants `tree()` as descriptor 3.
  [[nodiscard]] WasiConfig granting(DirectoryAccess access = DirectoryAccess::read_write) {
    return {.directories = {{tree_.path().string(), "/", access}}};
  }

  [[nodiscard]] const TemporaryTree& tree() const { return tree_; }

 private:
  std::unique_ptr<Engine> engine_;
  TemporaryTree tree_;
};

/// Where `open` puts the path and the descriptor's number.
inline constexpr std::uint32_t kPath = 4096;
inline constexpr std::uint32_t kOpened = 8192;

/// How to open; the rights are those of preview 1.
struct Opening {
  std::uint32_t directory = kDirectory;
  std::uint32_t lookup = 1;  ///< Follow symbolic links.
  std::uint32_t flags = 0;   ///< 1 create, 2 directory, 4 exclusive, 8 truncate.
  std::uint64_t rights = 2;  ///< 2 read, 64 write.
  std::uint64_t inheriting = 0;
  std::uint32_t fd_flags = 0;
};

/// `path_open`; the number is at `kOpened` then.
[[nodiscard]] inline std::uint32_t open_as(RawWasi& guest, std::string_view path,
                                           const Opening& how) {
  const auto length = guest.put(kPath, path);
  return guest.call("path_open", {how.directory, how.lookup, kPath, length, how.flags, how.rights,
                                  how.inheriting, how.fd_flags, kOpened});
}

/// The same for what can be opened: the number of the new descriptor.
[[nodiscard]] inline std::uint32_t open_or_fail(RawWasi& guest, std::string_view path,
                                                const Opening& how = {}) {
  EXPECT_EQ(open_as(guest, path, how), e::success) << path;
  return guest.at<std::uint32_t>(kOpened);
}

/// Reads and writes, with a vector at 16,384 whose bytes are at 20,480.
inline constexpr std::uint32_t kVector = 16384;
inline constexpr std::uint32_t kData = 20480;
inline constexpr std::uint32_t kSize = 8200;  ///< Where a size is put.
inline constexpr std::uint32_t kDataMax = 65536;

inline void put_vector(RawWasi& guest, std::uint32_t length) {
  guest.set<std::uint32_t>(kVector, kData);
  guest.set<std::uint32_t>(kVector + 4, length);
}

/// Writes `text` with `fd_write`; the error number.
[[nodiscard]] inline std::uint32_t write_to(RawWasi& guest, std::uint32_t fd,
                                            std::string_view text) {
  put_vector(guest, guest.put(kData, text));
  return guest.call("fd_write", {fd, kVector, 1, kSize});
}

/// Reads up to `length` bytes with `fd_read`, which succeeds.
[[nodiscard]] inline std::string read_from(RawWasi& guest, std::uint32_t fd,
                                           std::uint32_t length = kDataMax) {
  put_vector(guest, length);
  EXPECT_EQ(guest.call("fd_read", {fd, kVector, 1, kSize}), e::success);
  return guest.text(kData, guest.at<std::uint32_t>(kSize));
}

#define WAPC_TEST_ON_EVERY_ENGINE(Suite)                                           \
  INSTANTIATE_TEST_SUITE_P(Engines, Suite, ::testing::ValuesIn(builtin_engines()), \
                           [](const auto& engine) { return std::string{engine.param.name}; })

}  // namespace wapc::testing
