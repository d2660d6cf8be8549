#include "wasi/state.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/try.hpp"

namespace wapc {
namespace wasi {

State::State(std::shared_ptr<const Grants> grants, const std::shared_ptr<GuestLog>& log)
    : grants_{std::move(grants)},
      descriptors_{grants_->config.limits.descriptors},
      waiting_{grants_->config.limits.time_slept},
      random_{grants_->config.random ? &grants_->config.random : nullptr} {
  const auto& config = grants_->config;
  // There is room: `WasiGrants::open` has made sure of it. So they get the numbers from 0 on.
  const auto add = [this](Descriptor descriptor) {
    [[maybe_unused]] const auto added = descriptors_.add(std::move(descriptor));
    assert(added);
  };
  add({.object = Input{config.standard_input}, .base = rights::input});
  add({.object = Output{config.standard_output, LogSource::standard_output, log},
       .base = rights::output});
  add({.object = Output{config.standard_error, LogSource::standard_error, log},
       .base = rights::output});
  for (const auto& granted : grants_->directories) {
    add({.object = Directory{.directory = granted.directory, .preopened_as = granted.guest_path},
         .base = rights::directory,
         .inheriting = rights::directory | rights::file});
  }
}

void State::begin_call() noexcept {
  waiting_.begin_call();
  bytes_written_ = 0;
  entries_created_ = 0;
}

void State::flush() {
  descriptors_.for_each([](Descriptor& descriptor) {
    if (auto* const output = std::get_if<Output>(&descriptor.object)) output->flush();
  });
}

Outcome<GuestMemory> State::at(Caller& caller, Number pointer, std::size_t length) {
  const auto bytes = slice(caller.memory(), pointer, length);
  if (!bytes) return failing(Errno::fault);
  return *bytes;
}

Outcome<const HostDirectory*> State::directory(Number fd, Rights needed) {
  WAPC_TRY(auto* const descriptor, descriptors_.find(fd));
  const auto* const found = std::get_if<Directory>(&descriptor->object);
  if (found == nullptr) {
    return failing(std::holds_alternative<File>(descriptor->object) ? Errno::notdir : Errno::badf);
  }
  WAPC_CHECK(descriptors_.find(fd, needed));
  return found->directory.get();
}

Outcome<File*> State::file(Number fd, Rights needed, Errno of_stream) {
  WAPC_TRY(auto* const descriptor, descriptors_.find(fd));
  if (auto* const found = std::get_if<File>(&descriptor->object)) {
    WAPC_CHECK(descriptors_.find(fd, needed));
    return found;
  }
  return failing(std::holds_alternative<Directory>(descriptor->object) ? Errno::badf : of_stream);
}

Outcome<File*> State::changeable_file(Number fd, Rights needed) {
  WAPC_TRY(auto* const found, file(fd, needed));
  if (found->access == DirectoryAccess::read_only) return failing(Errno::perm);
  if (!found->writable) return failing(Errno::inval);  // As POSIX has it for ftruncate.
  return found;
}

Outcome<std::uint64_t> State::writable_bytes(std::uint64_t wanted) const {
  const auto left = grants_->config.limits.bytes_written - bytes_written_;
  if (left == 0 && wanted > 0) return failing(Errno::dquot);
  return std::min(left, wanted);
}

Outcome<> State::check_entries() const {
  if (entries_created_ >= grants_->config.limits.entries_created) return failing(Errno::dquot);
  return {};
}

}  // namespace wasi

std::unique_ptr<Wasi> Wasi::make(std::shared_ptr<const WasiGrants> grants,
                                 const std::shared_ptr<GuestLog>& log) {
  return std::make_unique<wasi::State>(
      std::static_pointer_cast<const wasi::Grants>(std::move(grants)), log);
}

}  // namespace wapc
