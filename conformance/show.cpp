#include "show.hpp"

namespace wapc::conformance {

std::string show(std::string_view bytes) {
  constexpr std::size_t kShownMax = 200;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : bytes.substr(0, kShownMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte >= 0x20 && byte < 0x7F) {
      text += c;
    } else {
      text += "\\x";
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
  }
  text += '"';
  if (bytes.size() > kShownMax) text += "... (" + std::to_string(bytes.size()) + " bytes)";
  return text;
}

std::string show(const SeenCall& call) {
  auto text = show(call.binding) + "/" + show(call.name_space) + "/" + show(call.operation) + "(" +
              show(call.payload) + ") of guest " + std::to_string(call.guest_id);
  return text + (call.during ? " during " + show(*call.during) : " while it starts");
}

std::string show(const SeenLine& line) {
  return std::string{to_string(line.source)} + " " + show(line.text) + " of guest " +
         std::to_string(line.guest_id);
}

std::string show(const Step& step) {
  if (const auto* invoke = std::get_if<Invoke>(&step.action)) {
    return "calling " + show(invoke->operation);
  }
  return "replacing by " + std::get<Replace>(step.action).guest;
}

}  // namespace wapc::conformance
