#include "wasi/grants.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>

#include "base/try.hpp"

namespace wapc {
namespace wasi {
namespace {

using std::chrono::nanoseconds;

StringList list_of(const std::vector<std::string>& strings) {
  StringList list;
  for (const auto& text : strings) {
    list.starts.push_back(static_cast<std::uint32_t>(list.bytes.size()));
    list.bytes.append(text).push_back('\0');
  }
  return list;
}

std::unexpected<Error> invalid(std::string message) {
  return failure(Errc::invalid_options, "wasi: " + std::move(message));
}

Result<> check_strings(const std::vector<std::string>& strings, std::string_view what) {
  constexpr std::size_t kBytesMax = std::size_t{1} << 30U;  // A guest's pointers have 32 bits.
  std::size_t bytes = 0;
  for (const auto& text : strings) {
    if (text.find('\0') != std::string::npos) {
      return invalid("an " + std::string{what} + " holds a NUL byte");
    }
    bytes += text.size() + 1;
  }
  if (bytes > kBytesMax) return invalid(std::string{what} + "s of more than 1 GiB together");
  return {};
}

Result<> check_environment(const std::vector<std::string>& environment) {
  WAPC_CHECK(check_strings(environment, "environment variable"));
  for (const auto& variable : environment) {
    const auto name = variable.find('=');
    if (name == std::string::npos || name == 0) {
      return invalid("the environment variable \"" + variable + "\" is not of the form NAME=value");
    }
  }
  return {};
}

Result<> check_stream(const HostDescriptor* stream, std::string_view name) {
  if (stream == nullptr || ::fcntl(stream->fd, F_GETFD) != -1) return {};
  return invalid(std::string{name} + " is descriptor " + std::to_string(stream->fd) +
                 ", which is not open");
}

template <typename Buffer, typename Stream>
Result<> check_buffer(const Stream& stream, std::string_view name) {
  const auto* const buffer = std::get_if<Buffer>(&stream);
  if (buffer == nullptr || *buffer != nullptr) return {};
  return invalid(std::string{name} + " is a null pointer");
}

Result<> check_streams(const WasiConfig& config) {
  using InputBytes = std::shared_ptr<const Bytes>;
  using OutputBytes = std::shared_ptr<OutputBuffer>;
  WAPC_CHECK(check_stream(std::get_if<HostDescriptor>(&config.standard_input), "standard_input"));
  WAPC_CHECK(check_stream(std::get_if<HostDescriptor>(&config.standard_output), "standard_output"));
  WAPC_CHECK(check_stream(std::get_if<HostDescriptor>(&config.standard_error), "standard_error"));
  WAPC_CHECK(check_buffer<InputBytes>(config.standard_input, "standard_input"));
  WAPC_CHECK(check_buffer<OutputBytes>(config.standard_output, "standard_output"));
  return check_buffer<OutputBytes>(config.standard_error, "standard_error");
}

Result<> check_numbers(const WasiConfig& config) {
  constexpr std::size_t kStreams = 3;
  constexpr std::size_t kDescriptorsMax = 1U << 20U;
  const auto held = kStreams + config.directories.size();
  if (config.limits.descriptors < held || config.limits.descriptors > kDescriptorsMax) {
    return invalid("limits.descriptors is " + std::to_string(config.limits.descriptors) +
                   ", and must be from " + std::to_string(held) +
                   ", what the guest has from the start, to " + std::to_string(kDescriptorsMax));
  }
  if (config.limits.time_slept < nanoseconds{0}) return invalid("limits.time_slept is negative");
  if (config.clock_resolution < nanoseconds{1}) {
    return invalid("clock_resolution is less than a nanosecond");
  }
  return {};
}

Result<std::vector<GrantedDirectory>> open_directories(
    const std::vector<PreopenedDirectory>& directories) {
  std::vector<GrantedDirectory> opened;
  for (const auto& directory : directories) {
    const auto& name = directory.guest_path;
    if (name.empty()) {
      return invalid("the directory " + directory.host_path + " has no name for the guest");
    }
    if (name.find('\0') != std::string::npos) {
      return invalid("the guest's name of the directory " + directory.host_path +
                     " holds a NUL byte");
    }
    if (std::ranges::find(opened, name, &GrantedDirectory::guest_path) != opened.end()) {
      return invalid("two directories have the name " + name + " for the guest");
    }
    auto handle = HostDirectory::grant(directory);
    if (!handle) return std::unexpected{handle.error().within("wasi")};
    opened.push_back({name, *std::move(handle)});
  }
  return opened;
}

}  // namespace

Grants::Grants(WasiConfig given, std::vector<GrantedDirectory> opened)
    : config{std::move(given)},
      arguments{list_of(config.arguments)},
      environment{list_of(config.environment)},
      directories{std::move(opened)} {}

std::optional<nanoseconds> Grants::now(std::uint32_t clock) const {
  nanoseconds time{};
  if (clock == kRealtime) {
    time = config.realtime_clock ? config.realtime_clock()
                                 : std::chrono::system_clock::now().time_since_epoch();
  } else if (clock == kMonotonic) {
    time = config.monotonic_clock ? config.monotonic_clock()
                                  : std::chrono::steady_clock::now() - opened_at_;
  } else {
    return std::nullopt;
  }
  if (config.clock_resolution > nanoseconds{1}) time -= time % config.clock_resolution;
  return std::max(time, nanoseconds{0});
}

}  // namespace wasi

Result<std::shared_ptr<const WasiGrants>> WasiGrants::open(WasiConfig config) {
  WAPC_CHECK(wasi::check_strings(config.arguments, "argument"));
  WAPC_CHECK(wasi::check_environment(config.environment));
  WAPC_CHECK(wasi::check_streams(config));
  WAPC_CHECK(wasi::check_numbers(config));
  WAPC_TRY(auto directories, wasi::open_directories(config.directories));
  return std::make_shared<wasi::Grants>(std::move(config), std::move(directories));
}

}  // namespace wapc
