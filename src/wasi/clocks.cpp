// Telling the time and waiting for it.

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/try.hpp"
#include "wapc/wasi/wasi.hpp"

namespace wapc {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint32_t kRealtime = 0;  // witx: clockid.
constexpr std::uint32_t kMonotonic = 1;

enum EventType : std::uint8_t { clock_event = 0, read_event = 1, write_event = 2 };  // witx.

/// Waits until `end`, or less if the budget is spent first, which is the error then.
Result<> wait_until(Budget::Clock::time_point end, const Budget& budget) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  never.wait_until(lock, budget.stop, std::min(end, budget.deadline), [] { return false; });
  return budget.check();
}

}  // namespace

/// One thing that a guest waits for: a clock, or a descriptor that can be read or written.
struct Wasi::Subscription {
  std::uint64_t user_data;
  std::uint8_t type;
  std::uint32_t clock_or_fd;
  nanoseconds timeout;  // Of a clock.
  bool absolute;

  /// Reads one. A clock has an identifier of 8 bytes before it in wasi_unstable.
  static Subscription read(BytesView bytes, Edition edition) {
    constexpr auto kForever = static_cast<std::uint64_t>(nanoseconds::max().count());
    const auto type = load<std::uint8_t>(bytes, 8);
    const std::size_t body = type == clock_event && edition == Edition::unstable ? 24 : 16;
    const auto timeout = std::min(load<std::uint64_t>(bytes, body + 8), kForever);
    return {.user_data = load<std::uint64_t>(bytes, 0),
            .type = type,
            .clock_or_fd = load<std::uint32_t>(bytes, body),
            .timeout = nanoseconds{static_cast<std::int64_t>(timeout)},
            .absolute = (load<std::uint16_t>(bytes, body + 24) & 1U) != 0};
  }
};

std::optional<nanoseconds> Wasi::now(std::uint32_t clock) const {
  if (clock == kRealtime) {
    return config_.realtime_clock ? config_.realtime_clock()
                                  : std::chrono::system_clock::now().time_since_epoch();
  }
  if (clock == kMonotonic) {
    return config_.monotonic_clock ? config_.monotonic_clock()
                                   : std::chrono::steady_clock::now().time_since_epoch();
  }
  return std::nullopt;
}

Wasi::Answer Wasi::clock_res_get(Caller& caller, std::uint32_t clock, std::uint32_t resolution) {
  if (clock != kRealtime && clock != kMonotonic) return answer(Errno::inval);
  const auto bytes = slice(caller.memory(), resolution, 8);
  if (!bytes) return answer(Errno::fault);
  store<std::uint64_t>(*bytes, 0, 1);  // Both count nanoseconds.
  return answer(Errno::success);
}

Wasi::Answer Wasi::clock_time_get(Caller& caller, std::uint32_t clock, std::uint64_t /*precision*/,
                                  std::uint32_t time) {
  const auto value = now(clock);
  if (!value) return answer(Errno::inval);
  const auto bytes = slice(caller.memory(), time, 8);
  if (!bytes) return answer(Errno::fault);
  store(*bytes, 0, static_cast<std::uint64_t>(value->count()));
  return answer(Errno::success);
}

// Nothing for a descriptor, whose answer is known, and for a clock that there is not.
nanoseconds Wasi::time_left(const Subscription& waited) const {
  if (waited.type != clock_event) return nanoseconds{0};
  const auto time = now(waited.clock_or_fd);
  if (!time) return nanoseconds{0};
  if (!waited.absolute) return waited.timeout;
  return std::max(waited.timeout - std::max(*time, nanoseconds{0}), nanoseconds{0});
}

std::optional<Wasi::Errno> Wasi::outcome(const Subscription& waited, nanoseconds waited_for) const {
  if (waited.type == clock_event) {
    if (!now(waited.clock_or_fd)) return Errno::inval;
    const auto left = waited.absolute ? time_left(waited) : waited.timeout - waited_for;
    if (left > nanoseconds{0}) return std::nullopt;
    return Errno::success;
  }
  constexpr std::uint32_t kInput = 0;
  const bool reads = waited.type == read_event;
  return is_open(waited.clock_or_fd) && reads == (waited.clock_or_fd == kInput) ? Errno::success
                                                                                : Errno::badf;
}

template <Wasi::Edition Of>
Wasi::Answer Wasi::poll_oneoff(Caller& caller, std::uint32_t subscriptions, std::uint32_t events,
                               std::uint32_t count, std::uint32_t events_written) {
  constexpr std::size_t kSubscriptionBytes = Of == Edition::unstable ? 56 : 48;
  constexpr std::size_t kEventBytes = 32;
  constexpr std::uint32_t kBetweenLooks = 1024;  // Subscriptions: a fraction of a millisecond.
  if (count == 0) return answer(Errno::inval);
  const auto memory = caller.memory();
  const auto in = slice(memory, subscriptions, count * kSubscriptionBytes);
  const auto out = slice(memory, events, count * kEventBytes);
  const auto written = slice(memory, events_written, 4);
  if (!in || !out || !written) return answer(Errno::fault);
  const auto subscription = [bytes = *in](std::size_t i) {
    return Subscription::read(bytes.subspan(i * kSubscriptionBytes, kSubscriptionBytes), Of);
  };

  auto wait = nanoseconds::max();
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto waited = subscription(i);
    if (waited.type > write_event) return answer(Errno::inval);
    if (i % kBetweenLooks == 0) WAPC_CHECK(caller.budget().check());
    wait = std::min(wait, time_left(waited));
  }
  if (wait > nanoseconds{0}) {
    WAPC_CHECK(wait_until(Budget::end_of(wait, Budget::Clock::now()), caller.budget()));
  }

  std::uint32_t happened = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto waited = subscription(i);
    if (i % kBetweenLooks == 0) WAPC_CHECK(caller.budget().check());
    const auto error = outcome(waited, wait);
    if (!error) continue;
    const auto event = out->subspan(happened * kEventBytes, kEventBytes);
    std::ranges::fill(event, std::byte{0});
    store(event, 0, waited.user_data);
    store(event, 8, static_cast<std::uint16_t>(*error));
    event[10] = std::byte{waited.type};
    ++happened;
  }
  store(*written, 0, happened);
  return answer(Errno::success);
}

template Wasi::Answer Wasi::poll_oneoff<Wasi::Edition::unstable>(Caller&, std::uint32_t,
                                                                 std::uint32_t, std::uint32_t,
                                                                 std::uint32_t);
template Wasi::Answer Wasi::poll_oneoff<Wasi::Edition::preview1>(Caller&, std::uint32_t,
                                                                 std::uint32_t, std::uint32_t,
                                                                 std::uint32_t);

}  // namespace wapc
