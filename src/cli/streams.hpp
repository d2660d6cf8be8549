#pragma once

#include <string_view>

#include "cli/problem.hpp"

namespace wapc::cli {

/// Standard output and error of the process. Thread-safe: each text goes out in one piece.
class Streams {
 public:
  /// Lets writing to a pipe that nobody reads fail instead of ending the process. Takes the numbers
  /// of standard streams that are closed, lest a file that is opened later passes for one; they
  /// fail as if they were closed still.
  Streams();

  /// Writes all of `text`, as it is. A reader that went away, as `head` does, has what it wanted:
  /// no error. Fails with exit code `file` on a full disk and the like.
  [[nodiscard]] Outcome<> out(std::string_view text);

  /// Writes all of `text` to standard error, if that can be done at all.
  void error(std::string_view text) noexcept;

  [[nodiscard]] bool out_is_terminal() const noexcept { return out_is_terminal_; }

  [[nodiscard]] bool error_is_terminal() const noexcept { return error_is_terminal_; }

 private:
  bool out_is_terminal_;
  bool error_is_terminal_;
};

}  // namespace wapc::cli
