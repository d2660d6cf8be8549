#pragma once

#include <filesystem>
#include <memory>

#include "wapc/base/error.hpp"

namespace wapc::conformance {

/// A folder to grant to a guest, in a fresh temporary one that goes with the object:
///
///   secret.txt             holds `secret` and an end of line; not granted
///   given/given.txt        holds `given` and an end of line
///   given/link.txt         a symbolic link to ../secret.txt
///   given/up, given/far    symbolic links to the folder around it: `..`, and its absolute path
class GivenFolder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<const GivenFolder>> make();
  ~GivenFolder();

  GivenFolder(const GivenFolder&) = delete;
  GivenFolder& operator=(const GivenFolder&) = delete;

  /// What is granted.
  [[nodiscard]] std::filesystem::path path() const { return around_ / "given"; }

  /// Whether what is around it is as it was.
  [[nodiscard]] bool is_untouched_outside() const;

 private:
  explicit GivenFolder(std::filesystem::path around) : around_{std::move(around)} {}

  std::filesystem::path around_;
};

}  // namespace wapc::conformance
