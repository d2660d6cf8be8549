#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "wapc/base/bytes.hpp"

// Most cases run on one guest, the puppet: it does what the payload of its call tells it to, import
// by import. So a case is a table of data, and an engine that runs something other than WebAssembly
// has one guest to write and not two hundred. This header is what such a guest is written from.
//
// The puppet has 2 pages of memory, imports the nine functions of module `wapc`, and exports
// `memory` and `__guest_call`, which counts its calls, grows the memory until the payload fits at
// kPayloadAt (or gives the error `out of memory`), fetches operation and payload to kOperationAt
// and kPayloadAt, and answers by operation:
//
//   calls   how many calls this instance was given, this one included: 4 bytes, little-endian
//   echo    the payload, as it lies there
//   script  does what the payload says (see Verb)
//   (none)  an empty operation: does the script at kStoredScriptAt, behind its length of 4 bytes;
//   when
//           that is 0, the error below
//   other   the error `no such operation`
//
// Variants of it:
//
//   puppet_abort          also imports `env.abort`
//   puppet_starts         has a start section and exports `_start`, `_initialize` and `wapc_init`;
//                         each asks the host for a script: a host call with binding `puppet`,
//                         namespace `start`, its name (`section` for the start section) as
//                         operation, and no payload. When that succeeds, the answer is fetched to
//                         kStartScriptAt and done.
//   puppet_wasi           the same, and imports `proc_exit` and `fd_write` from
//                         `wasi_snapshot_preview1`
//   puppet_wasi_unstable  the same from `wasi_unstable`

namespace wapc::conformance {

/// What a script can say. A script is a row of 32-bit numbers, little-endian: a verb and its
/// arguments, and so on. After its end the call returns 1.
enum class Verb : std::uint32_t {
  guest_request = 1,         ///< (operation pointer, payload pointer).
  guest_response = 2,        ///< (pointer, length).
  guest_error = 3,           ///< (pointer, length).
  host_call = 4,             ///< Pointer and length of binding, namespace, operation, payload.
  host_response_length = 5,  ///< ()
  host_response = 6,         ///< (pointer).
  host_error_length = 7,     ///< ()
  host_error = 8,            ///< (pointer).
  console_log = 9,           ///< (pointer, length).
  abort = 10,                ///< (message, file, line, column).
  exit = 11,                 ///< (code): WASI's `proc_exit`.
  print = 12,                ///< (pointer, length): WASI's `fd_write` to descriptor 1.
  grow = 13,                 ///< (pages): `memory.grow`.
  grow_fully = 14,           ///< (): grows by a page until refused; its value is the size in pages.
  save = 15,                 ///< (pointer): writes the value of the last verb that had one.
  put = 16,                  ///< (pointer, length, bytes filled up to whole numbers): writes bytes.
  give = 17,                 ///< (value): the call returns it.
  give_last = 18,            ///< (): the call returns the value of the last verb that had one.
  trap = 19,                 ///< (see PuppetTrap)
  loop = 20,                 ///< (): goes round for ever, calling nothing.
  recurse = 21,              ///< (): calls itself for ever.
  again = 22,                ///< (): goes on at the start of the script.
};

/// Ways to trap.
enum class PuppetTrap : std::uint32_t {
  unreachable = 0,
  memory_out_of_bounds = 1,
  undefined_element = 2,
  uninitialized_element = 3,
  indirect_call_type_mismatch = 4,
  integer_overflow = 5,  ///< The least i32, divided by -1.
  integer_division_by_zero = 6,
  invalid_conversion_to_integer = 7,  ///< Of what is not a number.
};

inline constexpr std::uint32_t kPuppetPages = 2;
inline constexpr std::uint32_t kPageBytes = 65536;
inline constexpr std::uint32_t kPuppetBytes = kPuppetPages * kPageBytes;

inline constexpr std::uint32_t kOperationAt = 0x1000;
inline constexpr std::uint32_t kPayloadAt = 0x10000;
inline constexpr std::uint32_t kStartScriptAt = 0x8000;
inline constexpr std::uint32_t kStoredScriptAt = 0xa000;

/// Where scripts may keep what they like: kScratchBytes bytes.
inline constexpr std::uint32_t kScratchAt = 0x2000;
inline constexpr std::uint32_t kScratchBytes = 0x6000;

/// A script being written; a value.
class Script {
 public:
  Script& say(Verb verb, std::initializer_list<std::uint32_t> arguments = {});
  Script& put(std::uint32_t pointer, BytesView bytes);

  Script& put(std::uint32_t pointer, std::string_view text) { return put(pointer, as_bytes(text)); }

  // These put text into scratch memory, where the script has put none yet, and say a verb of it.
  Script& response(std::string_view text) { return of_text(Verb::guest_response, text); }

  Script& error(std::string_view text) { return of_text(Verb::guest_error, text); }

  Script& log(std::string_view text) { return of_text(Verb::console_log, text); }

  Script& print(std::string_view text) { return of_text(Verb::print, text); }

  Script& host_call(std::string_view binding, std::string_view name_space,
                    std::string_view operation, std::string_view payload);

  Script& trap(PuppetTrap trap) { return say(Verb::trap, {static_cast<std::uint32_t>(trap)}); }

  /// Fetches the host's answer, or its error, and responds with it; its length is `length`.
  Script& respond_with_host_response(std::uint32_t length);
  Script& respond_with_host_error(std::uint32_t length);

  /// Puts `script` where a later call with an empty operation finds it.
  Script& store(const Script& script);

  /// Responds with the `length` bytes at `pointer`.
  Script& respond_from(std::uint32_t pointer, std::uint32_t length) {
    return say(Verb::guest_response, {pointer, length});
  }

  [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }

 private:
  Script& of_text(Verb verb, std::string_view text);
  void add(std::uint32_t number);

  /// Puts `text` where nothing was put yet, and says where.
  std::uint32_t keep(std::string_view text);

  Bytes bytes_;
  std::uint32_t kept_ = 0;  // Bytes of scratch memory.
};

}  // namespace wapc::conformance
