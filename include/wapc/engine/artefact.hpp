#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"

namespace wapc {

/// What an engine made of a module, as bytes from which it makes the module again without compiling
/// it. It is code that runs unchecked: whoever hands one to an engine vouches for it. The bytes are
/// a copy that nobody can change any more, so that what was looked at is what runs. A shared
/// constant; thread-safe.
class Artefact {
 public:
  /// A copy of the `size` bytes that come next in `file`, an open descriptor. Fails with
  /// `unavailable` when there are fewer or they cannot be read, and with `limit_exceeded` when
  /// there is no memory for them.
  [[nodiscard]] static Result<Artefact> read(int file, std::size_t size);

  /// A copy of `bytes`. Fails with `limit_exceeded` when there is no memory for it.
  [[nodiscard]] static Result<Artefact> copy(BytesView bytes);

  [[nodiscard]] BytesView bytes() const noexcept;

  /// Where an engine of this process may map the same bytes from, as long as this lives; empty
  /// where the system has no such file.
  [[nodiscard]] const std::string& path() const noexcept;

 private:
  class Copy;

  explicit Artefact(std::shared_ptr<const Copy> copy) : copy_{std::move(copy)} {}

  std::shared_ptr<const Copy> copy_;
};

}  // namespace wapc
