#pragma once

#include <string_view>
#include <utility>

#include "wapc/base/budget.hpp"
#include "wapc/base/bytes.hpp"
#include "wapc/base/error.hpp"

namespace wapc {

/// A call on a guest. Views its operation and payload; they outlive the call. Each may be up to
/// 4 GiB less one byte, as lengths cross the boundary in 32 bits.
struct Invocation {
  std::string_view operation = {};
  BytesView payload = {};
  Budget budget = {};
  const void* context = nullptr;  ///< The caller's own; handlers find it in `HostCall`.
};

/// Whatever answers invocations: a guest, a pool of guests, or guests on another machine.
class Invoker {
 public:
  virtual ~Invoker() = default;

  /// Replaces what is in `response`, and reuses its storage; after an error what is in it means
  /// nothing. Allocates nothing once the buffers have grown.
  [[nodiscard]] virtual Result<> invoke_into(const Invocation& invocation, Bytes& response) = 0;

  /// The same into a new buffer.
  [[nodiscard]] Result<Bytes> invoke(const Invocation& invocation) {
    Bytes response;
    if (auto done = invoke_into(invocation, response); !done) {
      return std::unexpected{std::move(done).error()};
    }
    return response;
  }
};

}  // namespace wapc
