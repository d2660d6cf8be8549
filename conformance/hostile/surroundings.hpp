#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

// What is around a hostile guest, and must be as before when it is gone.

namespace wapc::hostile {

/// What this process has of the machine's.
struct Resources {
  std::size_t descriptors = 0;
  std::size_t mapped_bytes = 0;    ///< Of address space.
  std::size_t resident_bytes = 0;  ///< Of memory.
  std::size_t threads = 0;

  /// Asks the kernel; all 0 where it is not Linux. Gives memory that was freed back to it first.
  [[nodiscard]] static Resources in_use();
};

/// What of `after` cannot be put down to chance when `before` was there first; empty when nothing.
/// An instance that is not freed shows by its address space on an engine that compiles, and by its
/// memory where it had much of that; a file by its descriptor.
[[nodiscard]] std::string leaked(const Resources& before, const Resources& after);

/// A directory to give to a guest, in a fresh temporary one, which goes with the object:
///
///   secret                 not given
///   given/alive            a file
///   given/down/            a directory
///   given/out, given/root  symbolic links to `..` and `/`
///   given/self             a symbolic link to itself
class GivenTree {
 public:
  GivenTree();
  ~GivenTree();

  GivenTree(const GivenTree&) = delete;
  GivenTree& operator=(const GivenTree&) = delete;

  [[nodiscard]] std::filesystem::path given() const { return around_ / "given"; }

  /// Whether nothing around it was changed.
  [[nodiscard]] bool is_untouched_outside() const;

 private:
  std::filesystem::path around_;
};

/// Runs `work` on a thread with a stack of `bytes`, and waits for it.
void on_thread_with_stack(std::size_t bytes, const std::function<void()>& work);

}  // namespace wapc::hostile
