// Runs each hostile guest of the manifest on each engine that is built in: what becomes of it is
// what the manifest says, another guest of the same engine never notices, and nothing of it stays
// behind.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "manifest.hpp"
#include "surroundings.hpp"
#include "wapc/host/host.hpp"
#include "wapc/providers/builtin.hpp"

namespace wapc::hostile {
namespace {

constexpr std::size_t kPageBytes = 65'536;

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path.string()};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

template <typename T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error{result.error().message()};
  return *std::move(result);
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 300;
  if (text.size() <= kMost) return std::string{text};
  return std::string{text.substr(0, kMost)} + "... (" + std::to_string(text.size()) + " bytes)";
}

std::string shown(const Result<Bytes>& result) {
  if (!result) {
    return std::string{to_string(result.error().code())} + ": " +
           shortened(result.error().message());
  }
  std::string text = "an answer of " + std::to_string(result->size()) + " bytes:";
  for (const auto byte : std::span{*result}.first(std::min<std::size_t>(result->size(), 80))) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto number = std::to_integer<unsigned>(byte);
    text.append(" ").append({kDigits[number / 16], kDigits[number % 16]});
  }
  return text;
}

std::size_t lines_in(std::string_view text) {
  if (text.empty()) return 0;
  return 1 + static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

void expect_failure(const Outcome& expected, const Error& error) {
  EXPECT_EQ(to_string(error.code()), to_string(*expected.failure)) << shortened(error.message());
  const auto& message = error.message();
  if (expected.message) {
    EXPECT_TRUE(message == *expected.message)
        << "expected the message: " << *expected.message << "\ngot: " << shortened(message);
  }
  for (const auto& part : expected.mentions) {
    EXPECT_TRUE(message.contains(part))
        << "expected a message that mentions: " << part << "\ngot: " << shortened(message);
  }
  if (expected.message_size) {
    EXPECT_EQ(message.size(), *expected.message_size);
  }
  if (expected.backtrace_lines) {
    EXPECT_EQ(lines_in(error.backtrace()), *expected.backtrace_lines) << error.backtrace();
  }
  if (expected.backtrace_lines_max) {
    EXPECT_LE(lines_in(error.backtrace()), *expected.backtrace_lines_max);
  }
}

void expect_outcome(const Outcome& expected, const Result<Bytes>& result) {
  if (expected.failure) {
    ASSERT_FALSE(result.has_value())
        << "expected " << to_string(*expected.failure) << ", got " << shown(result);
    expect_failure(expected, result.error());
    return;
  }
  ASSERT_TRUE(result.has_value()) << shown(result);
  if (expected.answer) {
    EXPECT_TRUE(*result == *expected.answer)
        << "expected " << shown(*expected.answer) << "\ngot      " << shown(result);
  }
  if (expected.answer_size) {
    EXPECT_EQ(result->size(), *expected.answer_size);
  }
}

template <typename T>
Result<Bytes> as_outcome(const Result<T>& result) {
  if (!result) return std::unexpected{result.error()};
  return Bytes{};
}

/// The program around a guest, whose handler does what the guest asks by the operation's name.
class Program final : public HostHandler, public LogSink {
 public:
  /// What `another` and `again` call; both outlive their calls.
  std::function<Result<Bytes>(const Budget&)> call_another;
  Host* own_host = nullptr;

  [[nodiscard]] Result<> answer(const HostCall& call, Bytes& reply) override {
    const std::uint32_t asked = ++asked_;
    if (call.operation == "error") {
      return failure(Errc::internal, std::string{as_text(call.payload)});
    }
    if (call.operation == "deny") return failure(Errc::denied, "not for guests");
    if (call.operation == "throw") throw std::runtime_error{"the handler threw on purpose"};
    if (call.operation == "megabyte") {
      reply.assign(std::size_t{1} << 20U, std::byte{'x'});
      return {};
    }
    if (call.operation == "count") {
      const auto bytes = std::as_bytes(std::span{&asked, 1});
      reply.assign(bytes.begin(), bytes.end());
      return {};
    }
    if (call.operation == "again" || call.operation == "another") {
      return replying(
          call.operation == "again" ? call_again(call.budget) : call_another(call.budget), reply);
    }
    reply.assign(call.payload.begin(), call.payload.end());
    return {};
  }

  void log(const LogEntry& /*entry*/) override { ++lines_; }

  /// How many lines came since it was asked last.
  [[nodiscard]] std::size_t take_lines() { return lines_.exchange(0); }

 private:
  static Result<> replying(Result<Bytes> result, Bytes& reply) {
    if (!result) return std::unexpected{std::move(result).error()};
    reply = *std::move(result);
    return {};
  }

  [[nodiscard]] Result<Bytes> call_again(const Budget& budget) const {
    if (own_host == nullptr) return failure(Errc::busy, "the guest does not answer calls yet");
    return own_host->invoke({.operation = "again", .payload = {}, .budget = budget});
  }

  std::atomic<std::uint32_t> asked_ = 0;
  std::atomic<std::size_t> lines_ = 0;
};

/// One engine for all guests, as programs have it, with a good guest that lives beside them.
class Neighbourhood {
 public:
  static Neighbourhood& of(const BuiltinEngine& builtin) {
    static std::map<std::string_view, std::unique_ptr<Neighbourhood>> all;
    auto& one = all[builtin.name];
    if (!one) one.reset(new Neighbourhood{builtin});
    return *one;
  }

  [[nodiscard]] const Engine& engine() const { return *engine_; }

  /// The good guest answers, and its memory is as it left it; and so does a fresh one.
  void expect_good_guests_answer() {
    expect_answers(*neighbour_, ++calls_);
    const auto fresh = Host::start(module_);
    ASSERT_TRUE(fresh.has_value()) << fresh.error().message();
    expect_answers(**fresh, 1);
  }

 private:
  explicit Neighbourhood(const BuiltinEngine& builtin)
      : engine_{value_or_throw(builtin.make())},
        module_{value_or_throw(GuestModule::load(
            *engine_, read_file(std::filesystem::path{WAPC_HOSTILE_GUESTS} / "good.wasm")))},
        neighbour_{value_or_throw(Host::start(module_))} {}

  /// The good guest answers with the number of its calls.
  static void expect_answers(Host& host, std::uint32_t calls) {
    const auto answer = host.invoke({.operation = "count", .payload = {}});
    ASSERT_TRUE(answer.has_value()) << "a good guest fails: " << answer.error().message();
    ASSERT_EQ(answer->size(), sizeof calls);
    std::uint32_t counted = 0;
    std::memcpy(&counted, answer->data(), sizeof counted);
    EXPECT_EQ(counted, calls) << "a good guest's memory is not as it left it";
  }

  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const GuestModule> module_;
  std::unique_ptr<Host> neighbour_;
  std::uint32_t calls_ = 0;
};

/// The life of one hostile guest.
class Trial {
 public:
  Trial(const Guest& guest, const Engine& engine)
      : guest_{guest}, engine_{engine}, wasm_{read_file(guest.file)} {
    if (guest_.setup.folder) tree_.emplace();
  }

  void run() {
    auto module = GuestModule::load(engine_, wasm_, module_options());
    if (guest_.load) return expect_outcome(*guest_.load, as_outcome(module));
    ASSERT_TRUE(module.has_value()) << "load: " << shortened(module.error().message());
    const auto options = host_options();
    program_->call_another = [&](const Budget& budget) -> Result<Bytes> {
      auto other = Host::start(*module, options, budget);
      if (!other) return std::unexpected{std::move(other).error()};
      return (*other)->invoke({.operation = "x", .payload = {}, .budget = budget});
    };
    const auto host = Host::start(*module, options);
    if (guest_.start) return expect_outcome(*guest_.start, as_outcome(host));
    ASSERT_TRUE(host.has_value()) << "start: " << shortened(host.error().message());
    program_->own_host = host->get();
    for (std::size_t i = 0; i < guest_.calls.size(); ++i) {
      SCOPED_TRACE("call " + std::to_string(i + 1));
      make(guest_.calls[i], **host);
    }
    program_->own_host = nullptr;
    program_->call_another = nullptr;
  }

  void expect_nothing_changed_outside() const {
    if (tree_) {
      EXPECT_TRUE(tree_->is_untouched_outside());
    }
  }

 private:
  [[nodiscard]] GuestModuleOptions module_options() const {
    GuestModuleOptions options;
    options.limits.bytes = guest_.setup.module_bytes.value_or(options.limits.bytes);
    return options;
  }

  [[nodiscard]] HostOptions host_options() const {
    // What has an end takes as long as it takes.
    HostOptions options{.call_timeout = std::chrono::nanoseconds::max(),
                        .start_timeout = std::chrono::hours{1}};
    if (guest_.start && guest_.start->timeout) options.start_timeout = *guest_.start->timeout;
    if (guest_.setup.start_timeout) options.start_timeout = *guest_.setup.start_timeout;
    if (guest_.setup.restart_wait) options.restart_wait = *guest_.setup.restart_wait;
    if (guest_.setup.handler) options.handler = program_;
    if (guest_.setup.log) options.log = program_;
    if (const auto pages = guest_.setup.memory_pages) {
      options.limits.memory_bytes = *pages * kPageBytes;
    }
    options.ending_codes = guest_.setup.ending_codes;
    options.nesting_max = guest_.setup.nesting_max.value_or(options.nesting_max);
    limit_calls(options.call_limits);
    limit_wasi(options.wasi.limits);
    if (tree_) {
      options.wasi.directories.push_back({.host_path = tree_->given().string(),
                                          .guest_path = "/",
                                          .access = DirectoryAccess::read_write});
    }
    return options;
  }

  void limit_calls(CallLimits& limits) const {
    limits.host_calls = guest_.setup.host_calls.value_or(limits.host_calls);
    limits.log_bytes = guest_.setup.log_bytes.value_or(limits.log_bytes);
    limits.log_lines = guest_.setup.log_lines.value_or(limits.log_lines);
  }

  void limit_wasi(WasiLimits& limits) const {
    limits.entries_created = guest_.setup.entries_created.value_or(limits.entries_created);
    limits.bytes_written = guest_.setup.bytes_written.value_or(limits.bytes_written);
    if (guest_.setup.time_slept) limits.time_slept = *guest_.setup.time_slept;
  }

  void make(const Call& call, Host& host) {
    (void)program_->take_lines();
    Budget budget;
    if (const auto timeout = call.outcome.timeout) {
      budget.deadline = Budget::end_of(*timeout, Budget::Clock::now());
    }
    const auto result = host.invoke(
        {.operation = call.operation, .payload = as_bytes(call.payload), .budget = budget});
    expect_outcome(call.outcome, result);
    const auto lines = program_->take_lines();
    if (call.outcome.lines) {
      EXPECT_EQ(lines, *call.outcome.lines);
    }
  }

  const Guest& guest_;
  const Engine& engine_;
  Bytes wasm_;
  std::optional<GivenTree> tree_;
  std::shared_ptr<Program> program_ = std::make_shared<Program>();
};

class HostileTest final : public ::testing::Test {
 public:
  HostileTest(const BuiltinEngine& builtin, const Guest& guest)
      : builtin_{builtin}, guest_{guest} {}

  void TestBody() override {
    auto& neighbourhood = Neighbourhood::of(builtin_);
    const auto missing = guest_.features.without(neighbourhood.engine().info().features);
    if (!missing.empty()) GTEST_SKIP() << builtin_.name << " lacks " << to_string(missing);

    neighbourhood.expect_good_guests_answer();  // Also so that what is made once is made.
    const auto before = Resources::in_use();
    if (const auto kib = guest_.setup.stack_kib) {
      on_thread_with_stack(*kib << 10U, [&] { run_guest(neighbourhood.engine()); });
    } else {
      run_guest(neighbourhood.engine());
    }
    neighbourhood.expect_good_guests_answer();
    EXPECT_EQ(leaked(before, Resources::in_use()), "");
  }

 private:
  void run_guest(const Engine& engine) const {
    Trial trial{guest_, engine};
    trial.run();
    trial.expect_nothing_changed_outside();
  }

  const BuiltinEngine& builtin_;
  const Guest& guest_;
};

void register_tests(const std::vector<Guest>& guests) {
  for (const auto& builtin : builtin_engines()) {
    for (const auto& guest : guests) {
      const auto suite = "hostile_" + guest.hostility + "/" + std::string{builtin.name};
      const auto make = [&builtin, &guest]() -> ::testing::Test* {
        return new HostileTest{builtin, guest};  // GoogleTest owns it.
      };
      // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): what it owns, it deletes.
      ::testing::RegisterTest(suite.c_str(), guest.name.c_str(), nullptr, nullptr, __FILE__,
                              __LINE__, make);
    }
  }
}

}  // namespace
}  // namespace wapc::hostile

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  try {
    const auto guests = wapc::hostile::read_manifest(WAPC_HOSTILE_GUESTS);
    wapc::hostile::register_tests(guests);
    const int failed = RUN_ALL_TESTS();
    if (::testing::UnitTest::GetInstance()->test_to_run_count() > 0) return failed;
    std::fputs("hostile_test: no test has such a name\n", stderr);
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "hostile_test: %s\n", e.what());
    return 2;
  }
}
