#include "language_cases.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "cases/cases.hpp"

namespace wapc::conformance {
namespace {

/// What a language says, on WASI, of what it does not get.
struct Refusals {
  std::string_view missing_file;
  std::string_view forbidden_file;
  std::string_view missing_variable;
  bool lists = true;  ///< Whether it can list a directory.
};

struct Language {
  std::string_view guest;
  std::string_view name;                        // In names of cases.
  std::optional<Refusals> wasi = std::nullopt;  // None: the guest does without WASI.
};

constexpr Refusals kLibcRefuses{"No such file or directory", "Operation not permitted",
                                "no such variable"};

constexpr std::array<Language, 13> kLanguages{{
    {"assemblyscript", "assemblyscript"},
    {"assemblyscript-old", "assemblyscript_old"},
    {"assemblyscript-wasi", "assemblyscript_wasi",
     Refusals{"NOENT", "PERM", "no such variable", false}},
    {"rust", "rust"},
    {"rust-0.4", "rust_0_4"},
    {"rust-0.3", "rust_0_3"},
    {"rust-wasi", "rust_wasi",
     Refusals{"No such file or directory (os error 44)", "Operation not permitted (os error 63)",
              "environment variable not found"}},
    {"c", "c"},
    {"c-wasi", "c_wasi", kLibcRefuses},
    {"cpp", "cpp", kLibcRefuses},
    {"go", "go",
     Refusals{": No such file or directory", ": Operation not permitted", "no such variable"}},
    {"zig", "zig"},
    {"zig-wasi", "zig_wasi",
     Refusals{"FileNotFound", "PermissionDenied", "EnvironmentVariableMissing"}},
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
      if (language.wasi) add_wasi(language, *language.wasi);
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
    constexpr Language kHello{"hello", "hello"};
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
  }

  // Few cases of many steps, as an engine that compiles takes seconds for some of these guests.
  void add_wasi(const Language& language, const Refusals& refusals) {
    const auto says_forbidden = says(refusals.forbidden_file);
    const auto says_missing = says(refusals.missing_file);
    const auto reads_given = call("read", "given.txt", answers("given\n"));
    std::vector<Step> reads{reads_given,
                            call("read", "missing.txt", says_missing),
                            call("read", "../secret.txt", says("")),
                            call("read", "/etc/passwd", says("")),
                            call("read", "link.txt", says("")),
                            call("read", "up/secret.txt", says_forbidden),
                            call("read", "far/secret.txt", says_forbidden),
                            call("write", "new.txt\ntext", says_forbidden),
                            call("write", "given.txt\ntext", says_forbidden),
                            reads_given};
    if (refusals.lists) {
      reads.push_back(call("list", ".", answers("far\ngiven.txt\nlink.txt\nup\n")));
      reads.push_back(call("list", "missing", says_missing));
      reads.push_back(call("list", "up", says_forbidden));
    }
    add(language, "reads_what_it_was_given", std::move(reads),
        {.folder = DirectoryAccess::read_only});
    add(language, "writes_where_it_may",
        {call("write", "new.txt\nsome\ntext", answers("")),
         call("read", "new.txt", answers("some\ntext")),
         call("write", "new.txt\nless", answers("")), call("read", "new.txt", answers("less")),
         call("write", "link.txt\ntext", says("")),
         call("write", "up/secret.txt\ntext", says_forbidden),
         call("write", "far/new.txt\ntext", says_forbidden), reads_given},
        {.folder = DirectoryAccess::read_write});
    add(language, "sees_nothing_that_it_was_not_given",
        {call("env", "PATH", says(refusals.missing_variable)), call("args", "", answers("")),
         call("read", "/etc/passwd", says("")), call("read", "etc/passwd", says(""))});
    add_process(language, refusals);
  }

  void add_process(const Language& language, const Refusals& refusals) {
    add(language, "prints_sees_sleeps_and_exits",
        {call("print", "a line", logging(answers(""), {{LogSource::standard_output, "a line"}})),
         call("print-error", "a line",
              logging(answers(""), {{LogSource::standard_error, "a line"}})),
         call("env", "GREETING", answers("hello")),
         call("env", "PATH", says(refusals.missing_variable)),
         call("args", "", answers("guest\none\ntwo words\n")),
         call("time", "", answers("1000000000")),
         call("random", "", answers("****************")),
         call("sleep", "1", answers("")),
         {.action = Invoke{.operation = "sleep", .payload = bytes_of("30000"), .timeout = kShort},
          .expected = runs_out(Errc::deadline_exceeded)},
         call("exit", "7", breaks(Errc::trapped, "the guest exited with code 7")),
         call("exit", "0", breaks(Errc::trapped, "the guest exited with code 0")),
         echo("alive")},
        {.wasi = {.arguments = {"guest", "one", "two words"},
                  .environment = {"GREETING=hello"},
                  .realtime_clock = [] { return std::chrono::seconds{1'000'000'000}; },
                  .random = [](auto bytes) { std::ranges::fill(bytes, std::byte{'*'}); }}});
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
