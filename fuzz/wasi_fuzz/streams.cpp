#include "wasi_fuzz/streams.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wapc::fuzzing {
namespace {

/// First what is for the guest, then the other end.
using Ends = std::pair<UniqueFd, UniqueFd>;

UniqueFd checked(int fd) {
  if (fd < 0) throw std::runtime_error{"cannot open a stream"};
  return UniqueFd{fd};
}

enum class Guest { reads, writes };

Ends pipe(Guest guest) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error{"cannot open a pipe"};
#ifdef F_SETPIPE_SZ
  (void)::fcntl(ends[1], F_SETPIPE_SZ, 4096);  // Soon full.
#endif
  Ends both{checked(ends[0]), checked(ends[1])};
  if (guest == Guest::writes) std::swap(both.first, both.second);
  return both;
}

Ends sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) {
    throw std::runtime_error{"cannot open a socket"};
  }
  return {checked(ends[0]), checked(ends[1])};
}

/// A pipe where there are no terminals.
Ends terminal(Guest guest) {
  UniqueFd master{::posix_openpt(O_RDWR | O_NOCTTY)};
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) return pipe(guest);
  const auto* const name = ::ptsname(master.get());  // NOLINT(concurrency-mt-unsafe): one thread.
  UniqueFd slave{name != nullptr ? ::open(name, O_RDWR | O_NOCTTY) : -1};
  if (!slave) return pipe(guest);
  return {std::move(slave), std::move(master)};
}

/// A file that has no name.
UniqueFd file(std::string_view text) {
  auto name = (std::filesystem::temp_directory_path() / "wapc_fuzz_XXXXXX").string();
  auto opened = checked(::mkstemp(name.data()));
  ::unlink(name.c_str());
  (void)!::pwrite(opened.get(), text.data(), text.size(), 0);
  return opened;
}

/// Writes some, if there is room.
void feed(int fd, std::string_view text) {
  const int flags = ::fcntl(fd, F_GETFL);
  (void)::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  (void)!::write(fd, text.data(), text.size());
}

/// Reads what there is.
void drain(int fd) {
  std::array<char, 4096> bytes{};
  const int flags = ::fcntl(fd, F_GETFL);
  (void)::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  (void)!::read(fd, bytes.data(), bytes.size());
}

}  // namespace

Streams::Streams(Choices& choices) {
  switch (choices.below(4)) {
    case 0: input_ = std::make_shared<const Bytes>(100, std::byte{'i'}); break;
    case 1: input_ = NoInput{}; break;
    default: input_ = lend_input(choices);
  }
  output_ = some_output(choices);
  error_ = some_output(choices);
}

StandardOutput Streams::some_output(Choices& choices) {
  switch (choices.below(4)) {
    case 0: return ToLog{};
    case 1: return std::make_shared<OutputBuffer>(1000);
    default: return lend_output(choices);
  }
}

HostDescriptor Streams::lend(UniqueFd fd) {
  const int number = fd.get();
  lent_.push_back({number, ::fcntl(number, F_GETFL)});
  opened_.push_back(std::move(fd));
  return {number};
}

HostDescriptor Streams::lend_input(Choices& choices) {
  Ends ends;
  switch (choices.below(6)) {
    case 0: ends = pipe(Guest::reads); break;
    case 1: return lend(std::move(pipe(Guest::reads).first));  // At its end.
    case 2: ends = sockets(); break;
    case 3: ends = terminal(Guest::reads); break;
    case 4: return lend(file("what is in a file"));
    default: return lend(std::move(pipe(Guest::reads).second));  // Cannot be read.
  }
  if (choices.rarely(2)) feed(ends.second.get(), "what is said\n");
  other_ends_.push_back(ends.second.get());
  opened_.push_back(std::move(ends.second));
  return lend(std::move(ends.first));
}

HostDescriptor Streams::lend_output(Choices& choices) {
  Ends ends;
  switch (choices.below(7)) {
    case 0: ends = pipe(Guest::writes); break;
    case 1: return lend(std::move(pipe(Guest::writes).first));  // Nobody reads.
    case 2: ends = sockets(); break;
    case 3: ends = terminal(Guest::writes); break;
    case 4: return lend(file(""));
    case 5:  // From the side of who shows a terminal.
      ends = terminal(Guest::writes);
      std::swap(ends.first, ends.second);
      break;
    default: return lend(std::move(pipe(Guest::writes).second));  // Cannot be written.
  }
  other_ends_.push_back(ends.second.get());
  opened_.push_back(std::move(ends.second));
  return lend(std::move(ends.first));
}

void Streams::stir(Choices& choices) {
  for (const int fd : other_ends_) {
    if (choices.rarely(2)) {
      feed(fd, "more is said\n");
    } else {
      drain(fd);
    }
  }
}

bool Streams::are_unchanged() const {
  return std::ranges::all_of(
      lent_, [](const Lent& lent) { return ::fcntl(lent.fd, F_GETFL) == lent.flags; });
}

}  // namespace wapc::fuzzing
