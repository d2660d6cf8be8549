// Calls all functions of WASI as a guest would that has a directory to write to and one to read,
// with arguments that make sense and with such that do not. Looks after each call at what must hold
// whatever a guest does: what lies beside the directories stays as it is and is not read, and so
// does what the guest may only read; a call that fails leaves the guest's memory alone, and one
// that succeeds writes where it was told to; and in the end no descriptor of the host's is left
// open.
//
// With WAPC_FUZZ_OUTCOMES in the environment it says at its end how often each function succeeded
// and failed.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.hpp"
#include "choices.hpp"
#include "wapc/base/utf8.hpp"
#include "wapc/wasi/wasi.hpp"
#include "wasi/errno.hpp"
#include "wasi_fuzz/calls.hpp"
#include "wasi_fuzz/streams.hpp"
#include "wasi_fuzz/world.hpp"

namespace wapc::fuzzing {
namespace {

constexpr int kCallsMax = 64;

/// How often each function succeeded and failed, told at the end to whoever asks.
class Outcomes {
 public:
  ~Outcomes() {
    if (std::getenv("WAPC_FUZZ_OUTCOMES") == nullptr) return;  // NOLINT(concurrency-mt-unsafe)
    const auto functions = Wasi::imports().functions;
    for (std::size_t i = 0; i < functions.size(); ++i) {
      std::fprintf(stderr, "outcomes: %s.%s %zu %zu\n", functions[i].module.data(),
                   functions[i].name.data(), counts_[i].succeeded, counts_[i].failed);
    }
  }

  void count(const HostFunction& function, bool succeeded) {
    auto& counts = counts_[static_cast<std::size_t>(&function - Wasi::imports().functions.data())];
    ++(succeeded ? counts.succeeded : counts.failed);
  }

 private:
  struct Counts {
    std::size_t succeeded = 0;
    std::size_t failed = 0;
  };

  std::array<Counts, 92> counts_{};
};

/// The descriptors that this process has open.
std::size_t open_descriptors() {
  std::size_t count = 0;
  auto* const listed = ::opendir("/dev/fd");
  check(listed != nullptr, "cannot list this process's descriptors");
  while (::readdir(listed) != nullptr) ++count;  // NOLINT(concurrency-mt-unsafe): an own stream.
  ::closedir(listed);
  return count;
}

/// Lowers what the process may have of something, for as long as this lives.
class Lowered {
 public:
  Lowered(int resource, rlim_t to) : resource_{resource} {
    ::getrlimit(resource_, &before_);
    const rlimit lowered{.rlim_cur = to, .rlim_max = before_.rlim_max};
    ::setrlimit(resource_, &lowered);
  }

  ~Lowered() { ::setrlimit(resource_, &before_); }

  Lowered(const Lowered&) = delete;
  Lowered& operator=(const Lowered&) = delete;

 private:
  int resource_;
  rlimit before_{};
};

/// What a process may run into.
class Scarcity {
 public:
  explicit Scarcity(Choices& choices) {
    const auto choice = choices.below(16);
    if (choice == 14) {
      files_.emplace(RLIMIT_FSIZE, 5000);
    } else if (choice == 15) {
      const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
      ::close(next);
      descriptors_.emplace(RLIMIT_NOFILE, static_cast<rlim_t>(next) + choices.below(6));
    }
  }

 private:
  std::optional<Lowered> files_;
  std::optional<Lowered> descriptors_;
};

/// A caller without an engine.
class Memory final : public Caller {
 public:
  explicit Memory(std::size_t size) : bytes_(size) {}

  GuestMemory memory() override { return bytes_; }

  const Budget& budget() const override { return budget_; }

  void begin_call(Choices& choices) {
    budget_ = {};
    stop_ = std::stop_source{};
    const auto now = Budget::Clock::now();
    switch (choices.below(16)) {
      case 11: budget_.stop = stop_.get_token(); break;
      case 12: budget_.deadline = now + std::chrono::hours{1}; break;
      case 13: budget_.deadline = now + std::chrono::microseconds{50}; break;
      case 14: budget_.deadline = now - std::chrono::hours{1}; break;
      case 15:
        budget_.stop = stop_.get_token();
        stop_.request_stop();
        break;
      default: break;
    }
  }

 private:
  Bytes bytes_;
  Budget budget_;
  std::stop_source stop_;
};

class CheckingLog final : public LogSink {
 public:
  void log(const LogEntry& entry) override {
    check(is_utf8(entry.text), "a line of the log is not UTF-8");
    check(entry.text.find('\n') == std::string_view::npos, "a line of the log has two");
  }
};

/// Random numbers and clocks of the program's, always the same.
void replace_outside_world(WasiConfig& config) {
  auto time = std::make_shared<std::int64_t>(0);
  const auto clock = [time] { return std::chrono::nanoseconds{*time += 100'000}; };
  config.realtime_clock = clock;
  config.monotonic_clock = clock;
  config.clock_resolution = std::chrono::microseconds{10};
  config.random = [](std::span<std::byte> bytes) { std::ranges::fill(bytes, std::byte{4}); };
}

WasiConfig some_config(const Streams& streams, Choices& choices) {
  WasiConfig config{
      .arguments = {"program", "argument"},
      .environment = {"A=1", "NAME=value"},
      .standard_input = streams.input(),
      .standard_output = streams.output(),
      .standard_error = streams.error(),
      .limits = {.descriptors = 14,
                 .bytes_written = 100'000,
                 .entries_created = 10,
                 .time_slept = std::chrono::microseconds{50}},
  };
  if (choices.rarely(2)) replace_outside_world(config);
  return config;
}

// One choice a statement, so that every compiler makes the same of an input.
std::unique_ptr<Wasi> some_instance(const World& world, const Streams& streams, Choices& choices) {
  auto config = some_config(streams, choices);
  const auto walk = choices.rarely(4) ? wasi::Walk::by_hand : wasi::Walk::by_kernel;
  auto log = choices.rarely(4) ? nullptr : std::make_shared<CheckingLog>();
  return Wasi::make(world.grants(std::move(config), walk),
                    std::make_shared<GuestLog>(std::move(log), 1));
}

/// One instance, and what it does.
class Guest {
 public:
  Guest(const World& world, Streams& streams, Outcomes& outcomes, Choices& choices)
      : world_{world},
        streams_{streams},
        outcomes_{outcomes},
        choices_{choices},
        wasi_{some_instance(world, streams, choices)},
        caller_{choices.one_of(std::array<std::size_t, 4>{65536, 65536, 131072, 0})} {
    constexpr std::string_view kText =
        "a line of text\n\xE2\x82\xAC\xFF and then some more of it\n";
    const auto pattern = choices.bytes(64);
    fill(pattern.empty() ? as_bytes(kText) : pattern);
    caller_.begin_call(choices);
  }

  /// Opens what most functions need: a file for reading and writing (descriptor 5), one of the
  /// directory that is read-only (6), and a directory (7).
  void open_some() {
    open(3, "file");
    open(4, "file");
    open(3, "dir");
  }

  void act() {
    const auto functions = Wasi::imports().functions;
    const auto choice = choices_.below(functions.size() + 4);
    if (choice < functions.size()) return call(functions[choice]);
    switch (choice - functions.size()) {
      case 0: return begin_call();
      case 1: return streams_.stir(choices_);
      case 2: return wasi_->flush();
      default: return poke();
    }
  }

 private:
  /// Repeats a few bytes over the whole memory.
  void fill(BytesView pattern) {
    const auto memory = caller_.memory();
    if (pattern.size() > memory.size()) return;
    std::memcpy(memory.data(), pattern.data(), pattern.size());
    for (auto filled = pattern.size(); filled < memory.size();) {
      const auto more = std::min(filled, memory.size() - filled);
      std::memcpy(memory.data() + filled, memory.data(), more);
      filled += more;
    }
  }

  /// What a guest does in its memory itself.
  void poke() {
    const auto at = choices_.number<std::uint16_t>();
    (void)write(caller_.memory(), at, choices_.bytes(64));
  }

  void begin_call() {
    wasi_->forget_exit();
    wasi_->begin_call();
    caller_.begin_call(choices_);
  }

  void open(std::uint32_t directory, std::string_view name) {
    constexpr std::uint64_t kRead = 1U << 1U;
    constexpr std::uint64_t kWrite = 1U << 6U;
    const auto functions = Wasi::imports().functions;
    const auto path_open = std::ranges::find(functions, "path_open", &HostFunction::name);
    const bool writes = directory == 3 && name == "file";
    (void)write(caller_.memory(), 0, as_bytes(name));
    const std::array<std::uint64_t, 9> arguments{
        directory, 0, 0, name.size(), 0, kRead | (writes ? kWrite : 0), 0, 0, 100};
    (void)path_open->body(*wasi_, caller_, std::span<const std::uint64_t>{arguments});
  }

  void call(const HostFunction& function) {
    const auto memory = caller_.memory();
    const auto call = make_call(function, memory, choices_);
    const auto writable = call.writable(memory);
    before_.assign(memory.begin(), memory.end());
    const auto done = function.body(*wasi_, caller_, std::span{call.arguments});
    const bool succeeded = done && *done == 0;
    outcomes_.count(function, succeeded);

    if (done) {
      check(*done <= std::to_underlying(wasi::Errno::notcapable), "no error number", function.name);
    } else {
      check_error(done.error(), function);
    }
    const bool failed_with_number = done && !succeeded;
    if (!failed_with_number) forgive(writable);
    const bool same =
        memory.empty() || std::memcmp(memory.data(), before_.data(), memory.size()) == 0;
    check(same, "memory is changed that was not to be", function.name);
    if (succeeded) check_told(call, memory);
    check(world_.seems_unchanged(), "what is not the guest's was changed or read", function.name);
    if (!done) begin_call();
  }

  /// Takes over what a call has written where it was allowed to.
  void forgive(std::span<const GuestMemory> writable) {
    const auto* const memory = caller_.memory().data();
    for (const auto& region : writable) {
      std::copy(region.begin(), region.end(), before_.begin() + (region.data() - memory));
    }
  }

  void check_error(const Error& error, const HostFunction& function) {
    const bool exits = function.name == "proc_exit";
    check(exits == wasi_->exit_code().has_value(), "an exit code is not as it should be",
          function.name);
    const bool expected =
        error.code() == Errc::trapped ? exits
        : error.code() == Errc::limit_exceeded
            ? error.message().find("out of memory") == std::string::npos
            : (error.code() == Errc::deadline_exceeded || error.code() == Errc::cancelled) &&
                  caller_.budget().limited();
    check(expected, error.message(), function.name);
  }

  /// A guest is told of nothing that lies outside.
  void check_told(const Call& call, GuestMemory memory) {
    if (!call.function->name.ends_with("_filestat_get")) return;
    const auto at = static_cast<std::uint32_t>(call.arguments.back());
    const auto stat = slice(memory, at, call.parameters.back().count);
    check(stat.has_value(), "a result has no room", call.function->name);
    check(!world_.is_outside(load<std::uint64_t>(*stat, 0), load<std::uint64_t>(*stat, 8)),
          "the guest was told of what lies outside", call.function->name);
  }

  const World& world_;
  Streams& streams_;
  Outcomes& outcomes_;
  Choices& choices_;
  std::unique_ptr<Wasi> wasi_;
  Memory caller_;
  Bytes before_;
};

void run(const World& world, Outcomes& outcomes, Choices choices) {
  const auto descriptors = open_descriptors();
  {
    const World::Visit visit{world};
    Streams streams{choices};
    {
      Guest guest{world, streams, outcomes, choices};
      if (!choices.rarely(8)) guest.open_some();
      const Scarcity scarcity{choices};
      for (int acts = 0; acts < kCallsMax && !choices.used_up(); ++acts) guest.act();
    }
    check(streams.are_unchanged(), "a descriptor that was lent is not as it was");
  }
  check(open_descriptors() == descriptors, "descriptors are left open");
  check(world.is_unchanged(), "what is not the guest's was changed");
}

}  // namespace
}  // namespace wapc::fuzzing

// By default it would end this program without a word.
extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  std::signal(SIGPIPE,
              [](int) { wapc::fuzzing::complain("a signal of a guest's reached the program"); });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const wapc::fuzzing::World kWorld;
  static wapc::fuzzing::Outcomes outcomes;
  wapc::fuzzing::run(kWorld, outcomes, wapc::fuzzing::Choices{{bytes, size}});
  return 0;
}
