#include "guests.hpp"

#include <algorithm>
#include <cassert>
#include <set>

#include "embedded_guests.hpp"
#include "wapc/conformance/suite.hpp"

namespace wapc::conformance {
namespace {

constexpr std::string_view kHeader{"\0asm\1\0\0\0", 8};

Bytes bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::optional<Bytes> embedded(std::string_view name) {
  const auto guests = all_embedded_guests();
  const auto found = std::ranges::find(guests, name, &EmbeddedGuest::name);
  if (found == guests.end()) return std::nullopt;
  const auto bytes = std::as_bytes(found->bytes);
  return Bytes{bytes.begin(), bytes.end()};
}

/// The puppet without its end.
Bytes puppet_cut_to(std::size_t (*length)(std::size_t whole)) {
  auto bytes = embedded("puppet").value_or(Bytes{});
  assert(!bytes.empty());
  bytes.resize(length(bytes.size()));
  return bytes;
}

/// What has been done to a module to make it none.
std::optional<Bytes> malformed(std::string_view name) {
  if (name == "cut_off_near_its_end") return puppet_cut_to([](auto whole) { return whole - 10; });
  if (name == "cut_in_half") return puppet_cut_to([](auto whole) { return whole / 2; });
  if (name == "half_a_header") return bytes_of(kHeader.substr(0, 4));
  if (name == "only_a_header") return bytes_of(kHeader);
  if (name == "version_2") return bytes_of({"\0asm\2\0\0\0", 8});
  if (name == "component") return bytes_of({"\0asm\15\0\1\0", 8});
  return std::nullopt;
}

}  // namespace

std::optional<Bytes> no_module(std::string_view name) {
  if (name == "no_bytes") return Bytes{};
  if (name == "some_text") return bytes_of("this is not a module\n");
  return std::nullopt;
}

Result<Bytes> webassembly_guest(std::string_view name) {
  if (auto bytes = embedded(name)) return *std::move(bytes);
  if (auto bytes = malformed(name)) return *std::move(bytes);
  return failure(Errc::unsupported, "the suite has no guest called " + std::string{name});
}

std::span<const std::string> guest_names() {
  static const auto names = [] {
    std::set<std::string> needed;
    const auto add = [&](const std::string& name) {
      if (!no_module(name)) needed.insert(name);
    };
    for (const auto& test : cases()) {
      if (test.needs.webassembly) continue;
      add(test.guest);
      for (const auto& step : test.steps) {
        if (const auto* replace = std::get_if<Replace>(&step.action)) add(replace->guest);
      }
    }
    return std::vector<std::string>{needed.begin(), needed.end()};
  }();
  return names;
}

}  // namespace wapc::conformance
