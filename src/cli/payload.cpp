#include "cli/payload.hpp"

#include <array>
#include <cstdint>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "cli/files.hpp"
#include "cli/text.hpp"

namespace wapc::cli {
namespace {

using Json = nlohmann::json;

/// Looks at a document without keeping it, and stops where it is nested too deeply: the library's
/// functions call themselves for each level, and a guest must not choose how much stack they need.
class DepthCheck final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }

  bool boolean(bool /*value*/) override { return true; }

  bool number_integer(number_integer_t /*value*/) override { return true; }

  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }

  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }

  bool string(string_t& /*value*/) override { return true; }

  bool binary(binary_t& /*value*/) override { return true; }

  bool start_object(std::size_t /*elements*/) override { return enter(); }

  bool key(string_t& /*value*/) override { return true; }

  bool end_object() override { return leave(); }

  bool start_array(std::size_t /*elements*/) override { return enter(); }

  bool end_array() override { return leave(); }

  bool parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                   const Json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at ...": the first word is for its developers.
    const std::string_view text = error.what();
    const auto words = text.find("] ");
    why_ = text.substr(words == std::string_view::npos ? 0 : words + 2);
    return false;
  }

  /// What was found wrong.
  [[nodiscard]] const std::string& why() const noexcept { return why_; }

 private:
  static constexpr int kDepthMax = 500;

  bool enter() {
    if (++depth_ <= kDepthMax) return true;
    why_ = fmt::format("it is nested more than {} levels deep", kDepthMax);
    return false;
  }

  bool leave() {
    --depth_;
    return true;
  }

  int depth_ = 0;
  std::string why_;
};

Outcome<Bytes> decoded(Bytes bytes, Form form) {
  switch (form) {
    case Form::raw: return bytes;
    case Form::hex: return from_hex(as_text(bytes));
    case Form::msgpack: return json_to_msgpack(as_text(bytes));
  }
  return bytes;
}

Bytes bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

std::unexpected<Problem> bad_answer(std::string_view why) {
  return std::unexpected{
      Problem{.exit = ExitCode::bad_answer,
              .code = "bad_answer",
              .message = fmt::format("the answer is not MessagePack: {}", why),
              .hint = "leave --msgpack out to see the answer as it is, or use --hex"}};
}

}  // namespace

Outcome<Bytes> text_or_file(std::string_view what, std::string_view text) {
  if (text.starts_with("@@")) return bytes_of(text.substr(1));
  if (!text.starts_with("@")) return bytes_of(text);
  if (text.size() == 1) {
    return wrong_usage(fmt::format("{} \"@\" names no file", what),
                       "write @FILE, or @@ for the text \"@\"");
  }
  return read_file(std::string{text.substr(1)});
}

Outcome<Bytes> read_payload(const std::optional<std::string>& argument, Form form) {
  if (!argument) return Bytes{};
  WAPC_TRY(auto bytes,
           *argument == "-" ? read_standard_input() : text_or_file("the payload", *argument));
  return decoded(std::move(bytes), form);
}

Outcome<Bytes> from_hex(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::string_view{" \t\r\n"}.find(text[i]) != std::string_view::npos) continue;
    const auto high = digit(text[i]);
    const auto low = high && i + 1 < text.size() ? digit(text[i + 1]) : std::nullopt;
    if (!high || !low) {
      const auto wrong = high ? i + 1 : i;
      const auto what = wrong < text.size() ? fmt::format("{} at position {}",
                                                          in_quotes(text.substr(wrong, 1)), wrong)
                                            : "half a byte at the end";
      return wrong_usage(fmt::format("the payload is not hex: {}", what),
                         "--hex takes two hex digits for each byte, such as 68656c6c6f");
    }
    bytes.push_back(static_cast<std::byte>(*high << 4U | *low));
    ++i;
  }
  return bytes;
}

std::string to_hex(BytesView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4U];
    text += kDigits[std::to_integer<unsigned>(byte) & 0xFU];
  }
  return text;
}

std::string to_base64(BytesView bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three =
          three << 8U | (i + k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? kDigits[three >> (18 - 6 * k) & 0x3FU] : '=';
    }
  }
  return text;
}

Outcome<Bytes> json_to_msgpack(std::string_view text) {
  DepthCheck check;
  if (!Json::sax_parse(text, &check)) {
    return wrong_usage(fmt::format("the payload is not JSON: {}", printable(check.why())),
                       "--msgpack takes JSON, such as '{\"name\": \"World\"}' or '\"text\"'");
  }
  const auto packed = Json::to_msgpack(Json::parse(text));
  return bytes_of({reinterpret_cast<const char*>(packed.data()), packed.size()});
}

Outcome<Json> msgpack_to_json(BytesView bytes) {
  const auto text = as_text(bytes);
  if (text.empty()) return bad_answer("it is empty");
  DepthCheck check;
  if (!Json::sax_parse(text, &check, Json::input_format_t::msgpack)) {
    return bad_answer(printable(check.why()));
  }
  auto value = Json::from_msgpack(text, true, false);
  if (value.is_discarded()) return bad_answer("it says that it holds more than it can");
  return value;
}

}  // namespace wapc::cli
