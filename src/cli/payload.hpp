#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "cli/problem.hpp"
#include "wapc/base/bytes.hpp"

namespace wapc::cli {

/// How a payload is given and an answer shown.
enum class Form { raw, hex, msgpack };

/// The bytes that `text` stands for: those of the file of `@FILE`, otherwise its own, where `@@...`
/// is text that begins with `@`. Fails with exit code `usage`, calling it `what`, or `file`.
[[nodiscard]] Outcome<Bytes> text_or_file(std::string_view what, std::string_view text);

/// The bytes to send. `argument` is as in `text_or_file`, or `-` for standard input; none is no
/// bytes. What it holds is taken as `form` says.
[[nodiscard]] Outcome<Bytes> read_payload(const std::optional<std::string>& argument, Form form);

/// Hex digits, two for each byte; blanks between bytes are passed over.
[[nodiscard]] Outcome<Bytes> from_hex(std::string_view text);

[[nodiscard]] std::string to_hex(BytesView bytes);
[[nodiscard]] std::string to_base64(BytesView bytes);

/// JSON as MessagePack, in the shortest form of each value.
[[nodiscard]] Outcome<Bytes> json_to_msgpack(std::string_view text);

/// An answer as JSON. Fails with exit code `bad_answer` when it is anything but one value of
/// MessagePack that JSON has room for.
[[nodiscard]] Outcome<nlohmann::json> msgpack_to_json(BytesView bytes);

}  // namespace wapc::cli
