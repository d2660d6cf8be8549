// Turns JSON into MessagePack and MessagePack into JSON as `wapc call --msgpack` does, and hex into
// bytes as `--hex` does. What was JSON comes back as the same value; what was MessagePack is the
// same value when it is packed again, and what is shown of it is JSON, and that value too where
// JSON has a form for it.

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

#include <nlohmann/json.hpp>

#include "check.hpp"
#include "choices.hpp"
#include "cli/payload.hpp"
#include "cli/text.hpp"
#include "wapc/base/utf8.hpp"

namespace wapc::fuzzing {
namespace {

using Json = nlohmann::json;

/// Whether JSON has a form of its own for it and for all that it holds.
bool has_form_in_json(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string: return is_utf8(value.get_ref<const std::string&>());
    case Json::value_t::number_float: return std::isfinite(value.get<double>());
    case Json::value_t::binary: return false;
    case Json::value_t::array:
      for (const auto& element : value) {
        if (!has_form_in_json(element)) return false;
      }
      return true;
    case Json::value_t::object:
      for (const auto& [key, element] : value.items()) {
        if (!is_utf8(key) || !has_form_in_json(element)) return false;
      }
      return true;
    default: return true;
  }
}

Bytes pack(const Json& value) {
  const auto packed = Json::to_msgpack(value);
  const auto bytes = std::as_bytes(std::span{packed});
  return {bytes.begin(), bytes.end()};
}

void from_json(std::string_view text) {
  const auto sent = cli::json_to_msgpack(text);
  if (!sent) {
    check(sent.error().exit == cli::ExitCode::usage, "wrong exit code", sent.error().message);
    check(is_utf8(sent.error().message), "a message is not UTF-8");
    return;
  }
  const auto back = cli::msgpack_to_json(*sent);
  check(back.has_value(), "JSON became what is no MessagePack", text);
  check(*back == Json::parse(text), "JSON came back as another value", text);
}

void from_msgpack(BytesView bytes) {
  const auto value = cli::msgpack_to_json(bytes);
  if (!value) {
    check(value.error().exit == cli::ExitCode::bad_answer, "wrong exit code",
          value.error().message);
    check(is_utf8(value.error().message), "a message is not UTF-8");
    return;
  }
  const auto once = pack(*value);
  const auto again = cli::msgpack_to_json(once);
  check(again.has_value(), "what was packed again is no MessagePack");
  check(pack(*again) == once, "what was packed again is another value");  // Also of NaN.

  const auto shown = cli::json_text(*value);
  check(Json::accept(shown), "what is shown is not JSON", shown);
  if (!has_form_in_json(*value)) return;
  check(Json::parse(shown) == *value, "what is shown is another value", shown);
  const auto sent = cli::json_to_msgpack(shown);
  check(sent.has_value(), "what is shown cannot be sent", shown);
  check(*sent == once, "what is shown is sent as another value", shown);
}

void from_hex(std::string_view text) {
  const auto bytes = cli::from_hex(text);
  if (!bytes) {
    check(is_utf8(bytes.error().message), "a message is not UTF-8");
    return;
  }
  check(cli::from_hex(cli::to_hex(*bytes)) == *bytes, "hex came back as other bytes", text);
  const auto length = cli::to_base64(*bytes).size();
  check(length == (bytes->size() + 2) / 3 * 4, "base64 of another length", text);
}

}  // namespace
}  // namespace wapc::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const auto rest = std::as_bytes(std::span{bytes, size}.subspan(1));
  switch (bytes[0] % 3) {
    case 0: wapc::fuzzing::from_json(wapc::as_text(rest)); break;
    case 1: wapc::fuzzing::from_msgpack(rest); break;
    default: wapc::fuzzing::from_hex(wapc::as_text(rest)); break;
  }
  return 0;
}
