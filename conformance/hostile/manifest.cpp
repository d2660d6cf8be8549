#include "manifest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace wapc::hostile {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// A misspelt key would make an expectation say less than it seems to.
void check_keys(const json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) {
      throw std::runtime_error{"the manifest has an unknown key: " + key};
    }
  }
}

template <typename T>
std::optional<T> maybe(const json& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  return found->get<T>();
}

std::optional<milliseconds> maybe_ms(const json& object, std::string_view key) {
  const auto number = maybe<std::int64_t>(object, key);
  if (!number) return std::nullopt;
  return milliseconds{*number};
}

Errc errc_of(std::string_view name) {
  // Those that a guest can bring about, if need be through the handler, as docs/errors.md spells
  // them.
  constexpr std::array kCodes{
      std::pair{std::string_view{"invalid_module"}, Errc::invalid_module},
      std::pair{std::string_view{"init_failed"}, Errc::init_failed},
      std::pair{std::string_view{"guest_error"}, Errc::guest_error},
      std::pair{std::string_view{"trapped"}, Errc::trapped},
      std::pair{std::string_view{"protocol_violation"}, Errc::protocol_violation},
      std::pair{std::string_view{"deadline_exceeded"}, Errc::deadline_exceeded},
      std::pair{std::string_view{"limit_exceeded"}, Errc::limit_exceeded},
      std::pair{std::string_view{"denied"}, Errc::denied},
  };
  const auto* const found =
      std::ranges::find(kCodes, name, [](const auto& row) { return row.first; });
  if (found == kCodes.end()) {
    throw std::runtime_error{"the manifest has an unknown code: " + std::string{name}};
  }
  return found->second;
}

Feature feature_of(std::string_view name) {
  for (std::size_t number = 0; number < kFeatureCount; ++number) {
    const auto feature = static_cast<Feature>(number);
    if (to_string(feature) == name) return feature;
  }
  throw std::runtime_error{"the manifest has an unknown feature: " + std::string{name}};
}

Bytes from_hex(std::string_view digits) {
  Bytes bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    std::uint8_t byte = 0;
    std::from_chars(digits.data() + at, digits.data() + at + 2, byte, 16);
    bytes.push_back(std::byte{byte});
  }
  return bytes;
}

Outcome outcome_of(const json& object) {
  check_keys(object, {"code", "message", "mentions", "message_size", "backtrace_lines",
                      "backtrace_lines_max", "answer", "answer_size", "lines", "timeout_ms",
                      "operation", "payload"});
  Outcome outcome{.message = maybe<std::string>(object, "message"),
                  .message_size = maybe<std::size_t>(object, "message_size"),
                  .backtrace_lines = maybe<std::size_t>(object, "backtrace_lines"),
                  .backtrace_lines_max = maybe<std::size_t>(object, "backtrace_lines_max"),
                  .answer_size = maybe<std::size_t>(object, "answer_size"),
                  .lines = maybe<std::size_t>(object, "lines"),
                  .timeout = maybe_ms(object, "timeout_ms")};
  if (const auto code = maybe<std::string>(object, "code")) outcome.failure = errc_of(*code);
  if (const auto answer = maybe<std::string>(object, "answer")) outcome.answer = from_hex(*answer);
  outcome.mentions = object.value("mentions", std::vector<std::string>{});
  if (!outcome.failure && !outcome.answer && !outcome.answer_size) {
    throw std::runtime_error{"the manifest has an outcome that says nothing"};
  }
  return outcome;
}

Setup setup_of(const json& object) {
  check_keys(object, {"handler", "log", "folder", "memory_pages", "stack_kib", "entries_created",
                      "bytes_written", "time_slept_ms", "host_calls", "log_bytes", "log_lines",
                      "nesting_max", "start_timeout_ms", "restart_wait_ms", "module_bytes",
                      "ending_codes"});
  std::vector<Errc> ending_codes;
  for (const auto& code : object.value("ending_codes", json::array())) {
    ending_codes.push_back(errc_of(code.get<std::string>()));
  }
  return {.handler = object.value("handler", true),
          .log = object.value("log", true),
          .folder = object.value("folder", false),
          .memory_pages = maybe<std::size_t>(object, "memory_pages"),
          .stack_kib = maybe<std::size_t>(object, "stack_kib"),
          .entries_created = maybe<std::uint64_t>(object, "entries_created"),
          .bytes_written = maybe<std::uint64_t>(object, "bytes_written"),
          .time_slept = maybe_ms(object, "time_slept_ms"),
          .host_calls = maybe<std::uint64_t>(object, "host_calls"),
          .log_bytes = maybe<std::size_t>(object, "log_bytes"),
          .log_lines = maybe<std::uint64_t>(object, "log_lines"),
          .nesting_max = maybe<std::size_t>(object, "nesting_max"),
          .module_bytes = maybe<std::size_t>(object, "module_bytes"),
          .ending_codes = std::move(ending_codes),
          .start_timeout = maybe_ms(object, "start_timeout_ms"),
          .restart_wait = maybe_ms(object, "restart_wait_ms")};
}

Guest guest_of(const json& object, const std::filesystem::path& folder) {
  check_keys(object, {"name", "class", "file", "features", "setup", "load", "start", "calls"});
  Guest guest{.name = object.at("name"),
              .hostility = object.at("class"),
              .file = folder / object.at("file").get<std::string>(),
              .setup = setup_of(object.value("setup", json::object()))};
  for (const auto& feature : object.value("features", json::array())) {
    guest.features.add(feature_of(feature.get<std::string>()));
  }
  if (const auto load = object.find("load"); load != object.end()) guest.load = outcome_of(*load);
  if (const auto start = object.find("start"); start != object.end()) {
    guest.start = outcome_of(*start);
  }
  for (const auto& call : object.value("calls", json::array())) {
    guest.calls.push_back({.operation = call.value("operation", std::string{}),
                           .payload = call.value("payload", std::string{}),
                           .outcome = outcome_of(call)});
  }
  return guest;
}

}  // namespace

std::vector<Guest> read_manifest(const std::filesystem::path& folder) {
  std::ifstream file{folder / "manifest.json", std::ios::binary};
  if (!file) throw std::runtime_error{"no manifest in " + folder.string()};
  std::vector<Guest> guests;
  for (const auto& object : json::parse(file)) guests.push_back(guest_of(object, folder));
  return guests;
}

}  // namespace wapc::hostile
