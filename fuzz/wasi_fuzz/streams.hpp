#pragma once

#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "choices.hpp"
#include "wapc/wasi/wasi_config.hpp"

namespace wapc::fuzzing {

/// What a guest reads and writes by descriptors 0, 1 and 2, of each kind that there is, and what
/// the program has at the other end.
class Streams {
 public:
  explicit Streams(Choices& choices);

  [[nodiscard]] const StandardInput& input() const noexcept { return input_; }

  [[nodiscard]] const StandardOutput& output() const noexcept { return output_; }

  [[nodiscard]] const StandardOutput& error() const noexcept { return error_; }

  /// Lets the program read what was written, or write what can be read.
  void stir(Choices& choices);

  /// Whether the descriptors that were lent are open and have the flags that they had.
  [[nodiscard]] bool are_unchanged() const;

 private:
  struct Lent {
    int fd;
    int flags;
  };

  HostDescriptor lend(UniqueFd fd);
  HostDescriptor lend_input(Choices& choices);
  HostDescriptor lend_output(Choices& choices);
  StandardOutput some_output(Choices& choices);

  std::vector<UniqueFd> opened_;
  std::vector<Lent> lent_;
  std::vector<int> other_ends_;
  StandardInput input_;
  StandardOutput output_;
  StandardOutput error_;
};

}  // namespace wapc::fuzzing
