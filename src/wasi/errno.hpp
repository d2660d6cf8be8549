#pragma once

#include <cstdint>
#include <expected>
#include <utility>
#include <variant>

#include "wapc/base/error.hpp"

namespace wapc::wasi {

/// Error numbers of the specification (witx: `errno`).
enum class Errno : std::uint16_t {
  success = 0,
  too_big,
  acces,
  addrinuse,
  addrnotavail,
  afnosupport,
  again,
  already,
  badf,
  badmsg,
  busy,
  canceled,
  child,
  connaborted,
  connrefused,
  connreset,
  deadlk,
  destaddrreq,
  dom,
  dquot,
  exist,
  fault,
  fbig,
  hostunreach,
  idrm,
  ilseq,
  inprogress,
  intr,
  inval,
  io,
  isconn,
  isdir,
  loop,
  mfile,
  mlink,
  msgsize,
  multihop,
  nametoolong,
  netdown,
  netreset,
  netunreach,
  nfile,
  nobufs,
  nodev,
  noent,
  noexec,
  nolck,
  nolink,
  nomem,
  nomsg,
  noprotoopt,
  nospc,
  nosys,
  notconn,
  notdir,
  notempty,
  notrecoverable,
  notsock,
  notsup,
  notty,
  nxio,
  overflow,
  ownerdead,
  perm,
  pipe,
  proto,
  protonosupport,
  prototype,
  range,
  rofs,
  spipe,
  srch,
  stale,
  timedout,
  txtbsy,
  xdev,
  notcapable,
};

/// How a function of WASI fails: with a number, which is the guest's to see, or with an error that
/// ends the guest's call.
class Failure {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a function returns either.
  Failure(Errno number) : why_{number} {}

  Failure(Error error) : why_{std::move(error)} {}

  // NOLINTEND(google-explicit-constructor)

  /// What becomes of it: the result of the guest's call, or its end.
  [[nodiscard]] Result<std::uint32_t> to_guest() && {
    if (const auto* const number = std::get_if<Errno>(&why_)) return std::to_underlying(*number);
    return std::unexpected{std::get<Error>(std::move(why_))};
  }

  [[nodiscard]] bool operator==(Errno number) const noexcept {
    const auto* const mine = std::get_if<Errno>(&why_);
    return mine != nullptr && *mine == number;
  }

 private:
  std::variant<Errno, Error> why_;
};

/// The outcome of a function of WASI.
template <typename T = void>
using Outcome = std::expected<T, Failure>;

/// What a function returns to fail with a number: `return failing(Errno::badf)`.
[[nodiscard]] inline std::unexpected<Failure> failing(Errno number) {
  return std::unexpected<Failure>{number};
}

/// The number for what the host's system says (`errno`); `io` for what WASI has no number for.
[[nodiscard]] Errno errno_of(int number) noexcept;

/// Fails with the host's `errno` of this moment.
[[nodiscard]] std::unexpected<Failure> failing_as_host();

}  // namespace wapc::wasi
