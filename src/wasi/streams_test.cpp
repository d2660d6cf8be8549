#include "wasi/streams.hpp"

#include <array>
#include <atomic>
#include <barrier>
#include <cerrno>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigpending is POSIX's.
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): posix_openpt is POSIX's.
#include <sys/stat.h>
#include <termios.h>

#include "support/host_resources.hpp"
#include "support/recording_log.hpp"
#include "support/temporary_tree.hpp"
#include "wasi/held_signals.hpp"

namespace wapc::wasi {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::Connected;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::LoweredLimit;
using testing::RecordingLog;
using testing::TemporaryTree;

constexpr std::size_t kWriteMax = 65536;
constexpr auto kWaits = Blocking::waits;
constexpr auto kAgain = Blocking::fails_with_again;

/// What a read or write came to: a count, a number for the guest, or the end of its call.
struct Came {
  std::optional<std::size_t> count;
  std::optional<std::uint32_t> number;
  std::optional<Errc> end;

  static Came of(Outcome<std::size_t> outcome) {
    if (outcome) return {*outcome, std::nullopt, std::nullopt};
    const auto told = std::move(outcome).error().to_guest();
    if (told) return {std::nullopt, *told, std::nullopt};
    return {std::nullopt, std::nullopt, told.error().code()};
  }

  bool operator==(const Came&) const = default;

  friend void PrintTo(const Came& came, std::ostream* out) {
    if (came.count) *out << *came.count << " bytes";
    if (came.number) *out << "error number " << *came.number;
    if (came.end) *out << to_string(*came.end);
  }
};

Came bytes(std::size_t count) {
  return {count, std::nullopt, std::nullopt};
}

Came number(Errno error) {
  return {std::nullopt, std::to_underlying(error), std::nullopt};
}

Came ending(Errc code) {
  return {std::nullopt, std::nullopt, code};
}

Budget until_soon() {
  return {.deadline = Budget::Clock::now() + milliseconds{1}, .stop = {}};
}

Budget cancelled() {
  std::stop_source stop;
  stop.request_stop();
  return {.stop = stop.get_token()};
}

/// What a guest does with its standard input.
struct Reader {
  explicit Reader(const StandardInput& source) : input{source} {}

  /// Reads up to `length` bytes to `text`, in two parts.
  Came read(std::size_t length, Blocking blocking = kWaits, const Budget& budget = {}) {
    text.assign(length, '?');
    const std::array parts{
        iovec{.iov_base = text.data(), .iov_len = length / 2},
        iovec{.iov_base = text.data() + length / 2, .iov_len = length - length / 2}};
    const auto came = Came::of(input.read(parts, blocking, waiting, budget));
    text.resize(came.count.value_or(0));
    return came;
  }

  Input input;
  Waiting waiting{nanoseconds::max()};
  std::string text;
};

/// What a guest does with its standard output.
struct Writer {
  explicit Writer(const StandardOutput& target, std::shared_ptr<LogSink> log = nullptr,
                  GuestLog::Limits limits = {})
      : output{target, LogSource::standard_output,
               std::make_shared<GuestLog>(std::move(log), 7, limits)} {}

  Came write_parts(std::vector<std::string> texts, Blocking blocking = kWaits,
                   const Budget& budget = {}) {
    std::vector<iovec> parts;
    for (auto& text : texts) parts.push_back({.iov_base = text.data(), .iov_len = text.size()});
    return Came::of(output.write(parts, blocking, waiting, budget));
  }

  Came write(std::string text, Blocking blocking = kWaits, const Budget& budget = {}) {
    return write_parts({std::move(text)}, blocking, budget);
  }

  Output output;
  Waiting waiting{nanoseconds::max()};
};

/// Writes until that fails, because there is room for nothing more.
void fill(Writer& writer) {
  Came came = bytes(1);
  while (came.count) came = writer.write(std::string(kWriteMax, 'x'), kAgain);
  EXPECT_EQ(came, number(Errno::again));
}

HostDescriptor of(const UniqueFd& fd) {
  return {fd.get()};
}

UniqueFd opened(const std::string& path, int flags) {
  UniqueFd fd{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
  EXPECT_TRUE(fd) << path;
  return fd;
}

// --- Input ---------------------------------------------------------------------------------------

TEST(InputTest, IsAtItsEndWhenThereIsNone) {
  Reader reader{NoInput{}};

  EXPECT_EQ(reader.read(10), bytes(0));
  EXPECT_EQ(reader.read(10, kAgain), bytes(0));
  EXPECT_EQ(reader.input.awaited(), std::nullopt);
  EXPECT_EQ(reader.input.available(), 0U);
  EXPECT_FALSE(reader.input.is_terminal());
}

TEST(InputTest, GivesBytesFromTheFirstOneOnToEachInstance) {
  const auto text = as_bytes("hello, guest");
  const StandardInput source = std::make_shared<const Bytes>(text.begin(), text.end());
  Reader reader{source};
  Reader other{source};

  EXPECT_EQ(reader.read(7), bytes(7));
  EXPECT_EQ(reader.text, "hello, ");
  EXPECT_EQ(reader.input.available(), 5U);
  EXPECT_EQ(reader.read(100, kAgain), bytes(5));
  EXPECT_EQ(reader.text, "guest");
  EXPECT_EQ(reader.read(100), bytes(0));
  EXPECT_EQ(reader.input.available(), 0U);
  EXPECT_EQ(reader.input.awaited(), std::nullopt);
  EXPECT_FALSE(reader.input.is_terminal());

  EXPECT_EQ(other.read(100), bytes(12));
}

TEST(InputTest, GivesWhatIsInAPipeAndItsEnd) {
  auto pipe = Connected::pipe();
  pipe.put("hello");
  Reader reader{of(pipe.reader)};

  EXPECT_EQ(reader.input.awaited(), pipe.reader.get());
  EXPECT_EQ(reader.input.available(), 5U);
  EXPECT_EQ(reader.read(3), bytes(3));
  EXPECT_EQ(reader.read(100), bytes(2));
  EXPECT_EQ(reader.text, "lo");
  EXPECT_EQ(reader.read(100, kAgain), number(Errno::again));

  pipe.writer = UniqueFd{};
  EXPECT_EQ(reader.read(100), bytes(0));
  EXPECT_EQ(reader.read(100, kAgain), bytes(0));
  EXPECT_FALSE(reader.input.is_terminal());
}

TEST(InputTest, GivesWhatIsInASocketAndItsEnd) {
  auto sockets = Connected::sockets();
  sockets.put("hello");
  Reader reader{of(sockets.reader)};

  EXPECT_EQ(reader.input.available(), 5U);
  EXPECT_EQ(reader.read(100), bytes(5));
  EXPECT_EQ(reader.text, "hello");
  EXPECT_EQ(reader.read(100, kAgain), number(Errno::again));

  sockets.writer = UniqueFd{};
  EXPECT_EQ(reader.read(100), bytes(0));
}

TEST(InputTest, WaitsForTheFirstByte) {
  for (const auto& ends : {Connected::pipe(), Connected::sockets()}) {
    Reader reader{of(ends.reader)};
    const std::jthread writer{[&] { ends.put("x"); }};

    EXPECT_EQ(reader.read(100), bytes(1));
  }
}

TEST(InputTest, LeavesTheStateOfTheProgramsDescriptorAsItIs) {
  for (const int flags : {0, O_NONBLOCK}) {
    const auto pipe = Connected::pipe();
    ASSERT_EQ(::fcntl(pipe.reader.get(), F_SETFL, flags), 0);
    const auto before = ::fcntl(pipe.reader.get(), F_GETFL);
    Reader reader{of(pipe.reader)};

    EXPECT_EQ(reader.read(100, kWaits, until_soon()), ending(Errc::deadline_exceeded));
    EXPECT_EQ(::fcntl(pipe.reader.get(), F_GETFL), before);
  }
}

TEST(InputTest, StopsWaitingWhenTheBudgetIsSpent) {
  const auto pipe = Connected::pipe();
  Reader reader{of(pipe.reader)};
  std::stop_source stop;
  const std::jthread stopper{[&] { stop.request_stop(); }};

  EXPECT_EQ(reader.read(1, kWaits, {.stop = stop.get_token()}), ending(Errc::cancelled));
  EXPECT_EQ(reader.read(1, kWaits, until_soon()), ending(Errc::deadline_exceeded));
  EXPECT_EQ(reader.read(1, kAgain, cancelled()), ending(Errc::cancelled));
}

TEST(InputTest, StopsWaitingWhenTheGuestHasSleptTooLong) {
  const auto pipe = Connected::pipe();
  Reader reader{of(pipe.reader)};
  reader.waiting = Waiting{milliseconds{1}};

  EXPECT_EQ(reader.read(1), ending(Errc::limit_exceeded));
}

TEST(InputTest, ReadsAFileFromWhereItStands) {
  const TemporaryTree tree;
  const auto path = (tree.path() / "file").string();
  {
    const auto fd = opened(path, O_WRONLY | O_CREAT);
    ASSERT_EQ(::write(fd.get(), "0123456789", 10), 10);
  }
  const auto file = opened(path, O_RDONLY);
  ASSERT_EQ(::lseek(file.get(), 4, SEEK_SET), 4);
  Reader reader{of(file)};

  EXPECT_EQ(reader.input.awaited(), std::nullopt);
  EXPECT_EQ(reader.input.available(), 6U);
  EXPECT_EQ(reader.read(100, kAgain), bytes(6));
  EXPECT_EQ(reader.text, "456789");
  EXPECT_EQ(reader.read(100), bytes(0));
  EXPECT_EQ(reader.input.available(), 0U);
  ASSERT_EQ(::lseek(file.get(), 100, SEEK_SET), 100);
  EXPECT_EQ(reader.input.available(), 0U);
}

TEST(InputTest, ReadsDevices) {
  const auto null = opened("/dev/null", O_RDONLY);
  const auto zero = opened("/dev/zero", O_RDONLY);
  Reader empty{of(null)};
  Reader endless{of(zero)};

  EXPECT_EQ(empty.read(10), bytes(0));
  EXPECT_EQ(endless.read(10), bytes(10));
  EXPECT_EQ(endless.input.available(), 1U);  // Nobody knows.
}

TEST(InputTest, ReadsNoMoreThanAMebibyteAtOnce) {
  const auto zero = opened("/dev/zero", O_RDONLY);
  Reader host{of(zero)};
  Reader own{std::make_shared<const Bytes>(3U << 20U)};

  EXPECT_EQ(host.read(3U << 20U), bytes(1U << 20U));
  EXPECT_EQ(own.read(3U << 20U), bytes(1U << 20U));
}

TEST(InputTest, WaitsForNothingWhenNothingIsAskedFor) {
  const auto pipe = Connected::pipe();
  Reader reader{of(pipe.reader)};

  EXPECT_EQ(reader.read(0), bytes(0));
}

TEST(InputTest, FailsAsTheHostDoes) {
  const auto pipe = Connected::pipe();
  const auto directory = opened("/", O_RDONLY | O_DIRECTORY);
  UniqueFd gone{::dup(pipe.reader.get())};
  Reader of_directory{of(directory)};
  Reader of_writer{of(pipe.writer)};
  Reader of_closed{of(gone)};
  gone = UniqueFd{};

  EXPECT_EQ(of_directory.read(1), number(Errno::isdir));
  EXPECT_EQ(of_writer.read(1), number(Errno::badf));
  EXPECT_EQ(of_closed.read(1), number(Errno::badf));
}

/// The two ends of a terminal.
Connected terminal() {
  UniqueFd master{::posix_openpt(O_RDWR | O_NOCTTY)};
  EXPECT_TRUE(master);
  EXPECT_EQ(::grantpt(master.get()), 0);
  EXPECT_EQ(::unlockpt(master.get()), 0);
  auto slave = opened(::ptsname(master.get()), O_RDWR | O_NOCTTY);
  return {.reader = std::move(master), .writer = std::move(slave)};
}

TEST(InputTest, ReadsATerminalLineByLine) {
  const auto ends = terminal();
  Reader reader{of(ends.writer)};
  EXPECT_TRUE(reader.input.is_terminal());
  EXPECT_EQ(reader.read(10, kAgain), number(Errno::again));
  EXPECT_EQ(reader.read(10, kWaits, until_soon()), ending(Errc::deadline_exceeded));
  ASSERT_EQ(::write(ends.reader.get(), "one\ntwo\n", 8), 8);

  EXPECT_EQ(reader.read(10), bytes(4));
  EXPECT_EQ(reader.text, "one\n");
  EXPECT_EQ(reader.read(10), bytes(4));
}

TEST(InputTest, ReadsAFifo) {
  const TemporaryTree tree;
  const auto path = (tree.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto fifo = opened(path, O_RDWR);
  Reader reader{of(fifo)};
  EXPECT_EQ(reader.read(10, kAgain), number(Errno::again));
  EXPECT_EQ(reader.read(10, kWaits, until_soon()), ending(Errc::deadline_exceeded));
  ASSERT_EQ(::write(fifo.get(), "hello", 5), 5);

  EXPECT_EQ(reader.read(10), bytes(5));
  EXPECT_EQ(reader.text, "hello");
}

TEST(InputTest, SaysHowMuchIsLeftOfAFileOfMoreThanTwoGibibytes) {
  constexpr off_t kBytes = off_t{3} << 30U;
  const TemporaryTree tree;
  const auto file = opened((tree.path() / "file").string(), O_RDWR | O_CREAT);
  ASSERT_EQ(::ftruncate(file.get(), kBytes), 0);
  const Reader reader{of(file)};

  EXPECT_EQ(reader.input.available(), std::uint64_t{kBytes});
  ASSERT_EQ(::lseek(file.get(), 5, SEEK_SET), 5);
  EXPECT_EQ(reader.input.available(), std::uint64_t{kBytes - 5});
}

/// Two instances that read the same descriptor whenever a byte is put there: one of them gets it,
/// and neither waits for longer than its call may take.
void read_at_the_same_time(int fd, const Connected& ends) {
  constexpr std::size_t kTimes = 300;
  std::atomic<std::size_t> taken = 0;
  std::barrier together{3};
  const auto reads = [&] {
    Reader reader{HostDescriptor{fd}};
    for (std::size_t i = 0; i < kTimes; ++i) {
      together.arrive_and_wait();
      const auto came = reader.read(1, kWaits, until_soon());
      if (came.count) taken += *came.count;
      EXPECT_TRUE(came == bytes(1) || came == ending(Errc::deadline_exceeded));
      together.arrive_and_wait();
    }
  };
  {
    const std::jthread one{reads};
    const std::jthread other{reads};
    for (std::size_t i = 0; i < kTimes; ++i) {
      together.arrive_and_wait();
      ends.put("\n");
      together.arrive_and_wait();
    }
  }
  Reader reader{HostDescriptor{fd}};
  while (taken < kTimes && reader.read(1, kAgain).count) ++taken;
  EXPECT_EQ(taken, kTimes);
  EXPECT_EQ(reader.read(1, kAgain), number(Errno::again));
}

std::string fifo_path(const TemporaryTree& tree) {
  return (tree.path() / "fifo").string();
}

/// Makes a pipe that has a name, open at both ends, so that it has a reader and a writer.
UniqueFd fifo_in(const TemporaryTree& tree) {
  EXPECT_EQ(::mkfifo(fifo_path(tree).c_str(), 0600), 0);
  return opened(fifo_path(tree), O_RDWR);
}

TEST(InputTest, SharesAFifoWithoutWaitingForAnother) {
  const TemporaryTree tree;
  const Connected ends{.reader = {}, .writer = fifo_in(tree)};

  read_at_the_same_time(ends.writer.get(), ends);
}

TEST(InputTest, SharesAFifoWhenTheProcessCanOpenNoDescriptor) {
  if (testing::kNeedsDescriptors) GTEST_SKIP() << "the sanitizer opens descriptors";
  const TemporaryTree tree;
  const Connected ends{.reader = {}, .writer = fifo_in(tree)};
  const auto limit = LoweredLimit::to_open_descriptors();

  read_at_the_same_time(ends.writer.get(), ends);
}

TEST(InputTest, SharesATerminalWithoutWaitingForAnother) {
  const auto ends = terminal();
  termios settings{};
  ASSERT_EQ(::tcgetattr(ends.writer.get(), &settings), 0);
  ::cfmakeraw(&settings);
  ASSERT_EQ(::tcsetattr(ends.writer.get(), TCSANOW, &settings), 0);
  const Connected typed{.reader = {}, .writer = UniqueFd{::dup(ends.reader.get())}};

  read_at_the_same_time(ends.writer.get(), typed);  // It can be opened once more, and
  read_at_the_same_time(ends.reader.get(), ends);   // its other end cannot.
}

TEST(InputTest, ReadsNoFifoThatTheProgramMayOnlyWrite) {
  const TemporaryTree tree;
  const auto both = fifo_in(tree);
  const auto writer = opened(fifo_path(tree), O_WRONLY);
  ASSERT_EQ(::write(writer.get(), "hello", 5), 5);
  Reader reader{of(writer)};

  EXPECT_EQ(reader.read(1), number(Errno::badf));
#ifdef __linux__
  const auto named = opened(fifo_path(tree), O_PATH);
  EXPECT_EQ(Reader{of(named)}.read(1), number(Errno::badf));
#endif
}

// --- Output to the log ---------------------------------------------------------------------------

TEST(OutputTest, LogsLineByLineAndKeepsTheLastPartUntilItIsFlushed) {
  const auto log = std::make_shared<RecordingLog>();
  Writer writer{ToLog{}, log};

  EXPECT_EQ(writer.write("one\ntw"), bytes(6));
  EXPECT_EQ(writer.write_parts({"o", "\n\nth", "ree"}), bytes(8));

  EXPECT_THAT(log->lines, ElementsAre("stdout: one", "stdout: two", "stdout: "));
  writer.output.flush();
  writer.output.flush();
  EXPECT_THAT(log->lines, ElementsAre("stdout: one", "stdout: two", "stdout: ", "stdout: three"));
}

TEST(OutputTest, SaysWhoseLinesTheyAre) {
  std::vector<std::pair<std::uint64_t, LogSource>> seen;
  const auto sink =
      logging_to([&](const LogEntry& entry) { seen.emplace_back(entry.guest_id, entry.source); });
  Output output{ToLog{}, LogSource::standard_error, std::make_shared<GuestLog>(sink, 42)};
  std::string text = "x\n";
  const iovec part{.iov_base = text.data(), .iov_len = text.size()};
  Waiting waiting{nanoseconds{0}};

  EXPECT_EQ(Came::of(output.write({&part, 1}, kWaits, waiting, {})), bytes(2));

  EXPECT_THAT(seen, ElementsAre(std::pair{std::uint64_t{42}, LogSource::standard_error}));
}

TEST(OutputTest, EndsAGuestThatLogsTooMuch) {
  const auto log = std::make_shared<RecordingLog>();
  Writer writer{ToLog{}, log, {.bytes = 5, .lines = 3}};

  EXPECT_EQ(writer.write("one\n"), bytes(4));
  EXPECT_EQ(writer.write("two\n").end, Errc::limit_exceeded);  // 6 bytes in all.
  EXPECT_EQ(writer.write("\n\n"), bytes(2));
  EXPECT_EQ(writer.write("\n").end, Errc::limit_exceeded);  // A fourth line.

  EXPECT_THAT(log->lines, ElementsAre("stdout: one", "stdout: ", "stdout: "));
}

TEST(OutputTest, ReplacesInALineWhatIsNotUtf8) {
  const auto log = std::make_shared<RecordingLog>();
  Writer writer{ToLog{}, log};

  EXPECT_EQ(writer.write("a\xFFz\nb\xC3"), bytes(6));
  EXPECT_EQ(writer.write("\xA9\n"), bytes(2));

  EXPECT_THAT(log->lines, ElementsAre("stdout: a\uFFFDz", "stdout: b\u00e9"));
}

TEST(OutputTest, CutsALongLineBetweenCharacters) {
  const auto log = std::make_shared<RecordingLog>();
  Writer writer{ToLog{}, log};
  const auto text = std::string(65535, 'a') + "\u00e9\n";  // The last character is cut in two.

  EXPECT_EQ(writer.write(text.substr(0, 32768)), bytes(32768));
  EXPECT_EQ(writer.write(text.substr(32768)), bytes(32770));

  EXPECT_THAT(log->lines, ElementsAre("stdout: " + std::string(65535, 'a'), "stdout: \u00e9"));
}

TEST(OutputTest, LogsALineOfExactly64KiBAsOne) {
  const auto log = std::make_shared<RecordingLog>();
  Writer writer{ToLog{}, log};
  const std::string text(65536, 'a');

  EXPECT_EQ(writer.write(text), bytes(65536));
  EXPECT_EQ(writer.write("\n"), bytes(1));
  EXPECT_EQ(writer.write(text), bytes(65536));
  EXPECT_EQ(writer.write("b\n"), bytes(2));

  EXPECT_THAT(log->lines, ElementsAre("stdout: " + text, "stdout: " + text, "stdout: b"));
}

TEST(OutputTest, CutsALineWithoutEndThatIsNotUtf8) {
  const auto log = std::make_shared<RecordingLog>();
  Writer writer{ToLog{}, log};

  for (int i = 0; i < 3; ++i) EXPECT_EQ(writer.write(std::string(65536, '\x80')), bytes(65536));

  EXPECT_EQ(log->lines.size(), 2U);
}

TEST(OutputTest, LogsAndKeepsAtMost64KiBAtOnce) {
  const auto buffer = std::make_shared<OutputBuffer>();
  Writer to_log{ToLog{}, std::make_shared<RecordingLog>()};
  Writer to_buffer{buffer};

  for (auto* const writer : {&to_log, &to_buffer}) {
    EXPECT_EQ(writer->write_parts({std::string(65000, 'a'), std::string(65000, 'b')}),
              bytes(kWriteMax));
  }
  EXPECT_EQ(buffer->take().size(), kWriteMax);
}

TEST(OutputTest, WritesAllOfItToADescriptor) {
  const auto null = opened("/dev/null", O_WRONLY);
  Writer writer{of(null)};
  EXPECT_EQ(writer.write_parts({std::string(1'000'000, 'a'), std::string(65000, 'b')}),
            bytes(1'065'000));
}

TEST(OutputTest, WritesNothingWhenTheBudgetIsSpent) {
  const auto log = std::make_shared<RecordingLog>();
  const auto buffer = std::make_shared<OutputBuffer>();
  const auto pipe = Connected::pipe();
  Writer to_log{ToLog{}, log};
  Writer to_buffer{buffer};
  Writer to_host{of(pipe.writer)};

  for (auto* const writer : {&to_log, &to_buffer, &to_host}) {
    EXPECT_EQ(writer->write("line\n", kWaits, cancelled()), ending(Errc::cancelled));
  }

  EXPECT_THAT(log->lines, IsEmpty());
  EXPECT_THAT(buffer->take(), IsEmpty());
  EXPECT_EQ(Reader{of(pipe.reader)}.read(1, kAgain), number(Errno::again));
}

TEST(OutputTest, StopsBetweenLinesWhenTheBudgetIsSpent) {
  std::stop_source stop;
  std::vector<std::string> lines;
  Writer writer{ToLog{}, logging_to([&](const LogEntry& entry) {
                  lines.emplace_back(entry.text);
                  stop.request_stop();
                })};

  EXPECT_EQ(writer.write_parts({"one\ntwo\n", "three\n"}, kWaits, {.stop = stop.get_token()}),
            bytes(4));

  EXPECT_THAT(lines, ElementsAre("one"));
}

TEST(OutputTest, DropsWhatGoesToALogThatIsNotThere) {
  Writer writer{ToLog{}};

  EXPECT_EQ(writer.write("line\nrest"), bytes(9));

  writer.output.flush();
}

TEST(OutputTest, IsATerminalUnlessItIsADescriptorThatIsNone) {
  const auto pipe = Connected::pipe();
  const auto ends = terminal();

  EXPECT_TRUE(Writer{ToLog{}}.output.is_terminal());
  EXPECT_TRUE(Writer{std::make_shared<OutputBuffer>()}.output.is_terminal());
  EXPECT_TRUE(Writer{of(ends.writer)}.output.is_terminal());
  EXPECT_FALSE(Writer{of(pipe.writer)}.output.is_terminal());
}

TEST(OutputTest, CanBeAwaitedWhereItMayWait) {
  const TemporaryTree tree;
  const auto pipe = Connected::pipe();
  const auto file = opened((tree.path() / "file").string(), O_WRONLY | O_CREAT);

  EXPECT_EQ(Writer{ToLog{}}.output.awaited(), std::nullopt);
  EXPECT_EQ(Writer{std::make_shared<OutputBuffer>()}.output.awaited(), std::nullopt);
  EXPECT_EQ(Writer{of(file)}.output.awaited(), std::nullopt);
  EXPECT_EQ(Writer{of(pipe.writer)}.output.awaited(), pipe.writer.get());
}

// --- Output to a buffer --------------------------------------------------------------------------

TEST(OutputTest, FillsABufferAndThenFailsWithDquot) {
  const auto buffer = std::make_shared<OutputBuffer>(8);
  Writer writer{buffer};

  EXPECT_EQ(writer.write_parts({"hel", "lo"}), bytes(5));
  EXPECT_EQ(writer.write_parts({"12", "3456", "78"}), bytes(3));
  EXPECT_EQ(writer.write("x"), number(Errno::dquot));
  EXPECT_EQ(writer.write(""), bytes(0));

  EXPECT_EQ(as_text(buffer->take()), "hello123");
  EXPECT_EQ(writer.write("again"), bytes(5));
}

TEST(OutputBufferTest, TakesWhatThereIsRoomForAndHandsItOutOnce) {
  OutputBuffer buffer{4};

  EXPECT_EQ(buffer.write(as_bytes("abc")), 3U);
  EXPECT_EQ(buffer.write(as_bytes("def")), 1U);
  EXPECT_EQ(buffer.write(as_bytes("g")), 0U);

  EXPECT_EQ(as_text(buffer.take()), "abcd");
  EXPECT_THAT(buffer.take(), IsEmpty());
  EXPECT_EQ(buffer.write(as_bytes("defgh")), 4U);
}

TEST(OutputBufferTest, LosesNothingThatSeveralThreadsWrite) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kTimes = 1000;
  OutputBuffer buffer;
  std::size_t taken = 0;
  {
    std::vector<std::jthread> writers;
    for (std::size_t i = 0; i < kThreads; ++i) {
      writers.emplace_back([&] {
        for (std::size_t n = 0; n < kTimes; ++n) (void)buffer.write(as_bytes("abc"));
      });
    }
    for (int i = 0; i < 10; ++i) taken += buffer.take().size();
  }
  taken += buffer.take().size();

  EXPECT_EQ(taken, kThreads * kTimes * 3);
}

// --- Output to a descriptor ----------------------------------------------------------------------

TEST(OutputTest, WritesToPipesSocketsAndFiles) {
  const TemporaryTree tree;
  const auto path = (tree.path() / "file").string();
  const auto file = opened(path, O_WRONLY | O_CREAT);
  Connected of_file{.reader = opened(path, O_RDONLY), .writer = UniqueFd{::dup(file.get())}};
  for (const auto& ends : {Connected::pipe(), Connected::sockets(), std::move(of_file)}) {
    Writer writer{of(ends.writer)};

    EXPECT_EQ(writer.write_parts({"hello", ", ", "host"}), bytes(11));
    EXPECT_EQ(ends.take(100), "hello, host");
    EXPECT_EQ(writer.write("more", kAgain), bytes(4));
    EXPECT_EQ(ends.take(100), "more");
  }
}

TEST(OutputTest, WritesAllOfItWhileSomebodyReads) {
  std::string text;
  constexpr auto kLong = 5 * kWriteMax + 1;
  for (int i = 0; text.size() < kLong; ++i) text += std::to_string(i) + ' ';
  text.resize(kLong);
  for (const auto& ends : {Connected::pipe(), Connected::sockets()}) {
    Writer writer{of(ends.writer)};
    fill(writer);
    std::string read;
    {
      const std::jthread reader{[&] {
        while (!read.ends_with(text)) read += ends.take(4096);
      }};
      EXPECT_EQ(writer.write(text), bytes(kLong));
    }
    EXPECT_TRUE(read.ends_with(text));
  }
}

TEST(OutputTest, StopsWaitingForAReaderThatDoesNotRead) {
  for (const auto& ends : {Connected::pipe(), Connected::sockets()}) {
    Writer writer{of(ends.writer)};
    const auto before = ::fcntl(ends.writer.get(), F_GETFL);
    fill(writer);
    std::stop_source stop;
    const std::jthread stopper{[&] { stop.request_stop(); }};

    EXPECT_EQ(writer.write("x", kWaits, {.stop = stop.get_token()}), ending(Errc::cancelled));
    EXPECT_EQ(writer.write("x", kWaits, until_soon()), ending(Errc::deadline_exceeded));
    writer.waiting = Waiting{milliseconds{1}};
    EXPECT_EQ(writer.write("x"), ending(Errc::limit_exceeded));
    EXPECT_EQ(::fcntl(ends.writer.get(), F_GETFL), before);
  }
}

TEST(OutputTest, ReturnsWhatWasWrittenBeforeItHadToWaitInVain) {
  for (const auto& ends : {Connected::pipe(), Connected::sockets()}) {
    Writer writer{of(ends.writer)};
    fill(writer);
    pollfd polled{.fd = ends.writer.get(), .events = POLLOUT, .revents = 0};
    while (::poll(&polled, 1, 0) == 0) (void)ends.take(4096);

    const auto came = writer.write(std::string(kWriteMax, 'y'), kWaits, until_soon());

    ASSERT_TRUE(came.count.has_value());
    EXPECT_GT(*came.count, 0U);
  }
}

/// Fills a terminal which makes more of what is written to it than that, until the deadline: room
/// for more may come from inside for a while.
Came fill_terminal(const Connected& ends) {
  termios settings{};
  EXPECT_EQ(::tcgetattr(ends.writer.get(), &settings), 0);
  settings.c_oflag |= OPOST | ONLCR | TAB3;  // Tabs become eight spaces.
  EXPECT_EQ(::tcsetattr(ends.writer.get(), TCSANOW, &settings), 0);
  Writer writer{of(ends.writer)};
  Came came = bytes(1);
  while (came.count) came = writer.write("\t\t\n\t" + std::string(999, '\t'), kWaits, until_soon());
  return came;
}

TEST(OutputTest, StopsWaitingForATerminalThatStandsStill) {
  const auto ends = terminal();
  const auto before = ::fcntl(ends.writer.get(), F_GETFL);

  EXPECT_EQ(fill_terminal(ends), ending(Errc::deadline_exceeded));

  EXPECT_EQ(::fcntl(ends.writer.get(), F_GETFL), before);
}

TEST(OutputTest, StopsWaitingForATerminalWhenTheProcessCanOpenNoDescriptor) {
  if (testing::kNeedsDescriptors) GTEST_SKIP() << "the sanitizer opens descriptors";
  const auto ends = terminal();
  const auto limit = LoweredLimit::to_open_descriptors();

  EXPECT_EQ(fill_terminal(ends), ending(Errc::deadline_exceeded));
}

TEST(OutputTest, WritesToBothEndsOfATerminal) {
  const auto ends = terminal();
  Writer to_terminal{of(ends.writer)};
  Writer to_master{of(ends.reader)};

  EXPECT_EQ(to_terminal.write("hello"), bytes(5));
  EXPECT_EQ(ends.take(100), "hello");
  EXPECT_EQ(to_master.write("typed\n"), bytes(6));
  EXPECT_EQ(Reader{of(ends.writer)}.read(100), bytes(6));
}

TEST(OutputTest, WritesToAFifo) {
  const TemporaryTree tree;
  const auto path = (tree.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Connected ends{.reader = opened(path, O_RDWR), .writer = opened(path, O_WRONLY)};
  Writer writer{of(ends.writer)};

  EXPECT_EQ(writer.write("hello"), bytes(5));
  EXPECT_EQ(ends.take(100), "hello");
  fill(writer);
  EXPECT_EQ(writer.write("x", kWaits, until_soon()), ending(Errc::deadline_exceeded));
}

/// Two instances that write a page each to a full pipe in which there is room for one.
void write_at_the_same_time(const Connected& fifo) {
  constexpr std::size_t kTimes = 300;
  constexpr std::size_t kPage = 4096;
  Writer first{of(fifo.writer)};
  fill(first);
  std::barrier together{3};
  const auto writes = [&] {
    Writer writer{of(fifo.writer)};
    for (std::size_t i = 0; i < kTimes; ++i) {
      together.arrive_and_wait();
      const auto came = writer.write(std::string(kPage, 'y'), kWaits, until_soon());
      EXPECT_TRUE(came.count || came == ending(Errc::deadline_exceeded));
      together.arrive_and_wait();
    }
  };
  const std::jthread one{writes};
  const std::jthread other{writes};
  for (std::size_t i = 0; i < kTimes; ++i) {
    together.arrive_and_wait();
    (void)fifo.take(kPage);
    together.arrive_and_wait();
  }
}

TEST(OutputTest, SharesAFifoWithoutWaitingForAnother) {
  const TemporaryTree tree;
  const Connected fifo{.reader = fifo_in(tree), .writer = opened(fifo_path(tree), O_WRONLY)};

  write_at_the_same_time(fifo);
}

TEST(OutputTest, SharesAFifoWhenTheProcessCanOpenNoDescriptor) {
  if (testing::kNeedsDescriptors) GTEST_SKIP() << "the sanitizer opens descriptors";
  const TemporaryTree tree;
  const Connected fifo{.reader = fifo_in(tree), .writer = opened(fifo_path(tree), O_WRONLY)};
  const auto limit = LoweredLimit::to_open_descriptors();

  write_at_the_same_time(fifo);
}

TEST(OutputTest, FailsWithPipeAndNoSignalWhenNobodyReadsAFifoAnyMore) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  const TemporaryTree tree;
  auto both = fifo_in(tree);
  const auto fifo = opened(fifo_path(tree), O_WRONLY);
  Writer before{of(fifo)};
  Writer after{of(fifo)};
  EXPECT_EQ(before.write("hello"), bytes(5));
  both = UniqueFd{};

  EXPECT_EQ(before.write("hello"), number(Errno::pipe));
  EXPECT_EQ(after.write("hello"), number(Errno::pipe));
}

TEST(OutputTest, FailsWithPipeAndNoSignalWhenNobodyReadsAnyMore) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  for (auto ends : {&Connected::pipe, &Connected::sockets}) {
    auto both = ends();
    Writer writer{of(both.writer)};
    both.reader = UniqueFd{};

    EXPECT_EQ(writer.write("hello"), number(Errno::pipe));
    EXPECT_EQ(writer.write("hello", kAgain), number(Errno::pipe));
  }
}

TEST(OutputTest, NoticesThatTheReaderGoesAwayWhileItWaits) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  for (auto ends : {&Connected::pipe, &Connected::sockets}) {
    auto both = ends();
    Writer writer{of(both.writer)};
    fill(writer);
    const std::jthread leaver{[&] { const UniqueFd closed{std::move(both.reader)}; }};

    EXPECT_EQ(writer.write("hello"), number(Errno::pipe));
  }
}

TEST(OutputTest, WritesAFileUpToTheLimitOfTheProcessAndThenFailsWithoutASignal) {
  ASSERT_NE(::signal(SIGXFSZ, SIG_DFL), SIG_ERR);
  const TemporaryTree tree;
  const auto file = opened((tree.path() / "file").string(), O_WRONLY | O_CREAT);
  Writer writer{of(file)};
  const LoweredLimit limit{RLIMIT_FSIZE, 10};

  EXPECT_EQ(writer.write("123456"), bytes(6));
  EXPECT_EQ(writer.write("789012"), bytes(4));
  EXPECT_EQ(writer.write("x"), number(Errno::fbig));
}

TEST(OutputTest, FailsAsTheHostDoes) {
  const auto pipe = Connected::pipe();
  UniqueFd gone{::dup(pipe.writer.get())};
  Writer to_reader{of(pipe.reader)};
  Writer to_closed{of(gone)};
  gone = UniqueFd{};

  EXPECT_EQ(to_reader.write("x"), number(Errno::badf));
  EXPECT_EQ(to_closed.write("x"), number(Errno::badf));
#ifdef __linux__
  const auto full = opened("/dev/full", O_WRONLY);
  Writer to_full{of(full)};
  EXPECT_EQ(to_full.write("x"), number(Errno::nospc));
#endif
}

// --- Signals -------------------------------------------------------------------------------------

bool is_pending(int signal) {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, signal) == 1;
}

TEST(HeldSignalsTest, DropsWhatIsRaisedMeanwhileAndLeavesErrnoAlone) {
  ASSERT_NE(::signal(SIGPIPE, SIG_DFL), SIG_ERR);
  ASSERT_NE(::signal(SIGXFSZ, SIG_DFL), SIG_ERR);
  {
    const HeldSignals held;
    ::pthread_kill(::pthread_self(), SIGPIPE);
    ::pthread_kill(::pthread_self(), SIGXFSZ);
    errno = EDOM;
  }

  EXPECT_EQ(errno, EDOM);
  EXPECT_FALSE(is_pending(SIGPIPE));
  EXPECT_FALSE(is_pending(SIGXFSZ));
}

TEST(HeldSignalsTest, KeepsWhatWasPendingBeforeAndTheMask) {
  sigset_t pipe;
  sigset_t before;
  ::sigemptyset(&pipe);
  ::sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ::pthread_kill(::pthread_self(), SIGPIPE);

  {
    const HeldSignals held;
  }

  EXPECT_TRUE(is_pending(SIGPIPE));
  sigset_t after;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
  EXPECT_EQ(::sigismember(&after, SIGPIPE), 1);
  EXPECT_EQ(::sigismember(&after, SIGXFSZ), 0);

  int taken = 0;
  ASSERT_EQ(::sigwait(&pipe, &taken), 0);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace wapc::wasi
