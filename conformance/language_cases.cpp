#include "language_cases.hpp"

#include <array>
#include <fstream>
#include <iterator>
#include <string_view>

#include "cases/cases.hpp"

namespace wapc::conformance {
namespace {

struct Language {
  std::string_view guest;
  std::string_view name;  // In names of cases.
  bool prints;            // Has standard output.
};

constexpr std::array<Language, 10> kLanguages{{
    {"assemblyscript", "assemblyscript", false},
    {"assemblyscript-old", "assemblyscript_old", false},
    {"rust", "rust", false},
    {"rust-0.4", "rust_0_4", false},
    {"rust-0.3", "rust_0_3", false},
    {"c", "c", false},
    {"c-wasi", "c_wasi", true},
    {"cpp", "cpp", true},
    {"go", "go", true},
    {"zig", "zig", false},
}};

Step call(std::string operation, std::string_view payload, Expected expected) {
  return {.action = Invoke{.operation = std::move(operation), .payload = bytes_of(payload)},
          .expected = std::move(expected)};
}

Step echo(std::string_view payload, std::size_t padding = 0) {
  return {.action = Invoke{.operation = "echo", .payload = bytes_of(payload), .padding = padding},
          .expected = {.echoes = true}};
}

SeenCall seen(std::string_view operation, std::string_view payload) {
  const bool relay = operation == "relay";
  return {.binding = relay ? "conformance" : "myBinding",
          .name_space = relay ? "guest" : "wapc:sample",
          .operation = std::string{operation},
          .payload = std::string{payload},
          .during = relay ? "host" : "wapc:sample!Hello"};
}

/// SDKs put words before a text: it is looked for. Some also log it.
Expected says(std::string_view text) {
  auto expected = mentioning(fails(Errc::guest_error), {std::string{text}});
  expected.any_log = true;
  return expected;
}

class Table {
 public:
  Table() {
    add_hello_of_the_readme();
    for (const auto& language : kLanguages) {
      add_hello(language);
      add_all(language);
    }
  }

  [[nodiscard]] std::span<const Case> cases() const noexcept { return cases_; }

 private:
  void add(const Language& language, std::string_view what, std::vector<Step> steps,
           Setup setup = {.scripts = {{"Ping", bytes_of("pong")}, {"relay", bytes_of("reply")}}}) {
    cases_.push_back({.name = std::string{language.name} + "_" + std::string{what},
                      .row = "guests of other languages",
                      .guest = std::string{language.guest},
                      .setup = std::move(setup),
                      .steps = std::move(steps),
                      .counts_calls = false});
  }

  void add_hello(const Language& language) {
    constexpr std::string_view kPayload = "this is a test";
    add(language, "hello",
        {call("wapc:sample!Hello", kPayload,
              calling(answers("hello world!"), {seen("Ping", kPayload)}))});
    add(language, "hello_without_a_handler",
        {call("wapc:sample!Hello", kPayload, says("Missing host callback function!"))},
        {.handler = false});
    add(language, "unknown_operation", {call("no such operation", "", says(""))});
  }

  // It answers whether or not its host does, so that the README's first line needs no options.
  void add_hello_of_the_readme() {
    constexpr Language kHello{"hello", "hello", false};
    constexpr std::string_view kPayload = "this is a test";
    add(kHello, "hello",
        {call("wapc:sample!Hello", kPayload,
              calling(answers("hello world!"), {seen("Ping", kPayload)}))});
    add(kHello, "hello_without_a_handler",
        {call("wapc:sample!Hello", kPayload,
              logging(answers("hello world!"),
                      {{LogSource::console,
                        "nobody answers my Ping: Missing host callback function!"}}))},
        {.handler = false});
    add(kHello, "unknown_operation", {call("no such operation", "", says(""))});
  }

  void add_all(const Language& language) {
    add(language, "echo", {echo("text"), echo(""), echo({"\0\xFF\x80", 3}), echo("", 1U << 20U)});
    add(language, "fail",
        {call("fail", "no luck", says("no luck")), call("fail", "", says("failed on purpose")),
         echo("alive")});
    add(language, "host",
        {call("host", "ask", calling(answers("reply"), {seen("relay", "ask")})),
         call("host", "", calling(answers("reply"), {seen("relay", "")}))});
    add(language, "host_that_fails",
        {call("host", "ask",
              calling(says("no such host operation: relay"), {seen("relay", "ask")}))},
        {});
    add(language, "log",
        {call("log", "a line", logging(answers(""), {{LogSource::console, "a line"}}))});
    auto panics = breaks(Errc::trapped);
    panics.any_log = true;
    add(language, "panic", {call("panic", "out of cheese", panics), echo("alive")});
    if (language.prints) {
      add(language, "print",
          {call("print", "a line",
                logging(answers(""), {{LogSource::standard_output, "a line"}}))});
    }
  }

  Cases cases_;
};

}  // namespace

std::span<const Case> language_cases() {
  static const Table table;
  return table.cases();
}

GuestSource guests_in(std::filesystem::path directory) {
  return [directory = std::move(directory)](std::string_view name) -> Result<Bytes> {
    const auto path = directory / (std::string{name} + ".wasm");
    std::ifstream file{path, std::ios::binary};
    if (!file) return failure(Errc::unsupported, "cannot open " + path.string());
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return bytes_of(text);
  };
}

std::map<std::string, std::string> missing_guests(const std::filesystem::path& directory) {
  std::map<std::string, std::string> missing;
  std::ifstream file{directory / "missing.txt"};
  for (std::string line; std::getline(file, line);) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) missing[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return missing;
}

}  // namespace wapc::conformance
