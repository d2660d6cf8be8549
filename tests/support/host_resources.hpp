#pragma once

#include <array>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

// Things of the host's that tests of WASI hand in, and its limits.

namespace wapc::testing {

/// Two ends that are connected.
struct Connected {
  UniqueFd reader;
  UniqueFd writer;

  [[nodiscard]] static Connected pipe() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe(ends.data()), 0);
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
  }

  [[nodiscard]] static Connected sockets() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
  }

  void put(std::string_view text) const {
    EXPECT_EQ(::write(writer.get(), text.data(), text.size()), std::ssize(text));
  }

  /// Takes up to `length` bytes out, as many as are there at once.
  [[nodiscard]] std::string take(std::size_t length) const {
    std::string text(length, '\0');
    const auto read = ::read(reader.get(), text.data(), text.size());
    EXPECT_GE(read, 0);
    text.resize(read > 0 ? static_cast<std::size_t>(read) : 0);
    return text;
  }
};

/// Lowers a limit of this process for as long as it lives.
class LoweredLimit {
 public:
  LoweredLimit(int resource, rlim_t value) : resource_{resource} {
    EXPECT_EQ(::getrlimit(which(), &before_), 0);
    auto lowered = before_;
    lowered.rlim_cur = value;
    EXPECT_EQ(::setrlimit(which(), &lowered), 0);
  }

  LoweredLimit(const LoweredLimit&) = delete;
  LoweredLimit& operator=(const LoweredLimit&) = delete;

  ~LoweredLimit() { EXPECT_EQ(::setrlimit(which(), &before_), 0); }

  /// So that no descriptor more can be opened.
  [[nodiscard]] static LoweredLimit to_open_descriptors() {
    const UniqueFd next{::open("/", O_RDONLY | O_CLOEXEC)};
    EXPECT_GE(next.get(), 0);
    return {RLIMIT_NOFILE, static_cast<rlim_t>(next.get())};
  }

 private:
  [[nodiscard]] decltype(RLIMIT_NOFILE) which() const {
    return static_cast<decltype(RLIMIT_NOFILE)>(resource_);
  }

  int resource_;
  rlimit before_{};
};

/// Whether this build opens descriptors of its own: the undefined behaviour sanitizer does, to see
/// whether memory is there, and takes a process that can open none for a bug.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kNeedsDescriptors = true;  // Our preset has both sanitizers.
#else
inline constexpr bool kNeedsDescriptors = false;
#endif

}  // namespace wapc::testing
