// Waiting for several things at once: clocks, and descriptors that can be read or written.

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <poll.h>

#include "base/try.hpp"
#include "wasi/state.hpp"

namespace wapc::wasi {
namespace {

using std::chrono::nanoseconds;

/// More than any guest waits for, and little enough that a copy of them is no burden.
constexpr std::uint32_t kCountMax = 4096;

constexpr std::size_t kEventBytes = 32;

enum class EventType : std::uint8_t { clock, fd_read, fd_write };  // witx: `eventtype`.

/// witx: `subscription`.
struct Subscription {
  std::uint64_t user_data;
  EventType type;
  std::uint32_t clock_or_fd;
  nanoseconds timeout{};  // The rest is a clock's.
  bool absolute = false;

  static constexpr std::size_t bytes(Edition edition) {
    return edition == Edition::unstable ? 56 : 48;
  }

  /// Fails with `inval` for a type or flags that there are not.
  static Outcome<Subscription> read(BytesView bytes, Edition edition) {
    constexpr auto kForever = static_cast<std::uint64_t>(nanoseconds::max().count());
    constexpr std::uint16_t kAbsolute = 1;  // witx: `subclockflags`.
    const auto type = load<std::uint8_t>(bytes, 8);
    if (type > std::to_underlying(EventType::fd_write)) return failing(Errno::inval);
    Subscription read{.user_data = load<std::uint64_t>(bytes, 0),
                      .type = EventType{type},
                      .clock_or_fd = load<std::uint32_t>(bytes, 16)};
    if (read.type != EventType::clock) return read;
    // In wasi_unstable a clock has an identifier of 8 bytes before it.
    const std::size_t clock = edition == Edition::unstable ? 24 : 16;
    const auto flags = load<std::uint16_t>(bytes, clock + 24);
    if ((flags & ~kAbsolute) != 0) return failing(Errno::inval);
    const auto timeout = std::min(load<std::uint64_t>(bytes, clock + 8), kForever);
    read.clock_or_fd = load<std::uint32_t>(bytes, clock);
    read.timeout = nanoseconds{static_cast<std::int64_t>(timeout)};
    read.absolute = flags == kAbsolute;
    return read;
  }
};

/// witx: `event`.
struct Event {
  static constexpr std::uint16_t kHangup = 1;  // witx: `eventrwflags`.

  Errno error = Errno::success;
  std::uint64_t bytes = 0;
  std::uint16_t flags = 0;

  /// Something that can be read, of which so much is there.
  static Event readable(std::uint64_t bytes) {
    return {
        .error = Errno::success, .bytes = bytes, .flags = bytes == 0 ? kHangup : std::uint16_t{0}};
  }

  void store_in(GuestMemory memory, const Subscription& of) const {
    std::ranges::fill(memory, std::byte{0});
    store(memory, 0, of.user_data);
    store(memory, 8, std::to_underlying(error));
    store(memory, 10, std::to_underlying(of.type));
    store(memory, 16, bytes);
    store(memory, 24, flags);
  }
};

/// A descriptor of the host's, and what is wanted of it.
struct Awaited {
  int fd;
  short events;
};

/// What came of a subscription without waiting, or what to wait for.
struct Looked {
  std::optional<Event> event = std::nullopt;
  std::optional<Awaited> awaited = std::nullopt;
  nanoseconds wait = nanoseconds::max();
};

/// One subscription, on its way to become an event.
struct Waiter {
  Subscription subscription;
  Looked looked;
};

Looked now_with(Errno error) {
  return {.event = Event{.error = error}};
}

/// A file is always ready.
Event file_event(const File& file, EventType type) {
  if (type == EventType::fd_write) return {.error = Errno::success, .bytes = 1};
  const auto left = bytes_left(file.fd.get());
  if (!left) return {.error = errno_of(errno)};
  return Event::readable(*left);
}

Looked look_at(const Descriptor& descriptor, EventType type) {
  const bool reads = type == EventType::fd_read;
  if (const auto* const file = std::get_if<File>(&descriptor.object)) {
    if (!(reads ? file->readable : file->writable)) return now_with(Errno::badf);
    return {.event = file_event(*file, type)};
  }
  if (reads) {
    const auto& input = std::get<Input>(descriptor.object);
    if (const auto fd = input.awaited()) return {.awaited = Awaited{*fd, POLLIN}};
    return {.event = Event::readable(input.available())};
  }
  const auto& output = std::get<Output>(descriptor.object);
  if (const auto fd = output.awaited()) return {.awaited = Awaited{*fd, POLLOUT}};
  return {.event = Event{.error = Errno::success, .bytes = 1}};
}

Looked look_at(DescriptorTable& descriptors, const Subscription& subscription) {
  const bool reads = subscription.type == EventType::fd_read;
  const auto found = descriptors.find(subscription.clock_or_fd);
  if (!found) return now_with(Errno::badf);
  const auto& object = (*found)->object;
  const bool fits =
      std::holds_alternative<File>(object) ||
      (reads ? std::holds_alternative<Input>(object) : std::holds_alternative<Output>(object));
  if (!fits) return now_with(Errno::badf);
  const auto needed = rights::poll_fd_readwrite | (reads ? rights::fd_read : rights::fd_write);
  if (((*found)->base & needed) != needed) return now_with(Errno::notcapable);
  return look_at(**found, subscription.type);
}

/// How long it is until a clock shows `time`, which it does at a multiple of its resolution.
nanoseconds until(nanoseconds time, nanoseconds now, nanoseconds resolution) {
  const auto rest = time % resolution;
  if (rest > nanoseconds{0} && time < nanoseconds::max() - resolution) time += resolution - rest;
  return std::max(time - now, nanoseconds{0});
}

Looked look_at(const Grants& grants, const Subscription& subscription) {
  const auto now = grants.now(subscription.clock_or_fd);
  if (!now) return now_with(Errno::inval);
  const auto wait = subscription.absolute
                        ? until(subscription.timeout, *now, grants.config.clock_resolution)
                        : subscription.timeout;
  if (wait <= nanoseconds{0}) return {.event = Event{}};
  return {.wait = wait};
}

/// The host's descriptors to poll, each once: there are as many as standard streams at most,
/// however often a guest asks for them.
std::vector<pollfd> to_poll(const std::vector<Waiter>& waiters) {
  std::vector<pollfd> polled;
  for (const auto& waiter : waiters) {
    const auto& awaited = waiter.looked.awaited;
    if (!awaited) continue;
    auto found = std::ranges::find(polled, awaited->fd, &pollfd::fd);
    if (found == polled.end()) found = polled.insert(found, {awaited->fd, 0, 0});
    found->events = static_cast<short>(found->events | awaited->events);
  }
  return polled;
}

/// What a descriptor that was polled has become ready for; nothing when it is not what was wanted.
std::optional<Event> polled_event(const Awaited& awaited, const std::vector<pollfd>& polled,
                                  DescriptorTable& descriptors, std::uint32_t fd) {
  constexpr short kEnded = POLLHUP | POLLERR;
  const auto ready = std::ranges::find(polled, awaited.fd, &pollfd::fd)->revents;
  if ((ready & POLLNVAL) != 0) return Event{.error = Errno::badf};
  if ((ready & (awaited.events | kEnded)) == 0) return std::nullopt;
  Event event{.error = Errno::success, .bytes = 1};
  if (awaited.events == POLLIN) {
    // It was found before the wait, during which the guest could close nothing.
    event = Event::readable(std::get<Input>((*descriptors.find(fd))->object).available());
  }
  if ((ready & kEnded) != 0) event.flags = Event::kHangup;
  return event;
}

}  // namespace

// A guest waits in real time, whatever clocks it is shown. So a clock's subscription has happened
// when its wait is over in real time, and when the clock says so, whichever comes first: a clock of
// the program's own may stand still, and may leap.
template <Edition Of>
Outcome<> State::poll_oneoff(Caller& caller, Number subscriptions, Number events, Number count,
                             Number events_written) {
  constexpr auto kSubscriptionBytes = Subscription::bytes(Of);
  if (count == 0) return failing(Errno::inval);
  WAPC_TRY(const auto in, at(caller, subscriptions, count * kSubscriptionBytes));
  WAPC_TRY(const auto out, at(caller, events, count * kEventBytes));
  WAPC_TRY(const auto written, at(caller, events_written, 4));
  if (count > kCountMax) return failing(Errno::inval);

  // All are read before the first event is written: they may share their memory.
  std::vector<Waiter> waiters;
  waiters.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    WAPC_TRY(const auto subscription,
             Subscription::read(in.subspan(i * kSubscriptionBytes, kSubscriptionBytes), Of));
    waiters.push_back({.subscription = subscription, .looked = {}});
  }

  const auto start = Budget::Clock::now();
  auto wait = nanoseconds::max();
  for (auto& [subscription, looked] : waiters) {
    looked = subscription.type == EventType::clock ? look_at(*grants_, subscription)
                                                   : look_at(descriptors_, subscription);
    wait = std::min(wait, looked.event ? nanoseconds{0} : looked.wait);
  }
  auto polled = to_poll(waiters);
  WAPC_CHECK(waiting_.wait(polled, wait, caller.budget()));
  const nanoseconds waited = Budget::Clock::now() - start;

  std::uint32_t happened = 0;
  for (auto& [subscription, looked] : waiters) {
    if (looked.awaited) {
      looked.event = polled_event(*looked.awaited, polled, descriptors_, subscription.clock_or_fd);
    } else if (!looked.event) {
      const bool over = waited >= looked.wait || look_at(*grants_, subscription).event.has_value();
      if (over) looked.event = Event{};
    }
    if (!looked.event) continue;
    looked.event->store_in(out.subspan(happened * kEventBytes, kEventBytes), subscription);
    ++happened;
  }
  assert(happened > 0);
  store(written, 0, happened);
  return {};
}

template Outcome<> State::poll_oneoff<Edition::unstable>(Caller&, Number, Number, Number, Number);
template Outcome<> State::poll_oneoff<Edition::preview1>(Caller&, Number, Number, Number, Number);

}  // namespace wapc::wasi
