// Telling the time.

#include "base/try.hpp"
#include "wasi/state.hpp"

namespace wapc::wasi {

Outcome<> State::clock_res_get(Caller& caller, Number clock, Number resolution) {
  WAPC_TRY(const auto bytes, at(caller, resolution, 8));
  if (!grants_->now(clock)) return failing(Errno::inval);
  store(bytes, 0, static_cast<std::uint64_t>(grants_->config.clock_resolution.count()));
  return {};
}

Outcome<> State::clock_time_get(Caller& caller, Number clock, Long /*precision*/, Number time) {
  WAPC_TRY(const auto bytes, at(caller, time, 8));
  const auto now = grants_->now(clock);
  if (!now) return failing(Errno::inval);
  store(bytes, 0, static_cast<std::uint64_t>(now->count()));
  return {};
}

}  // namespace wapc::wasi
