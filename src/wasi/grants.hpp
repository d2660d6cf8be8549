#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "wapc/wasi/wasi.hpp"
#include "wasi/host_directory.hpp"

namespace wapc::wasi {

inline constexpr std::uint32_t kRealtime = 0;  ///< witx: `clockid`.
inline constexpr std::uint32_t kMonotonic = 1;

/// Strings as a guest gets them: one after the other, each with a NUL at its end.
struct StringList {
  std::string bytes;
  std::vector<std::uint32_t> starts;  ///< Of each string, in `bytes`.
};

/// A directory under the name that the guest knows it by.
struct GrantedDirectory {
  std::string guest_path;
  std::shared_ptr<const HostDirectory> directory;
};

/// What `WasiGrants::open` makes of a config.
class Grants final : public WasiGrants {
 public:
  explicit Grants(WasiConfig given, std::vector<GrantedDirectory> opened);

  /// The time of a clock (witx: `clockid`), as coarse as configured; nothing when there is no such
  /// clock.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> now(std::uint32_t clock) const;

  const WasiConfig config;
  const StringList arguments;
  const StringList environment;
  const std::vector<GrantedDirectory> directories;

 private:
  const std::chrono::steady_clock::time_point opened_at_ = std::chrono::steady_clock::now();
};

}  // namespace wapc::wasi
