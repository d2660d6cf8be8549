#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wapc::conformance {

/// A guest that CMake built from conformance/guests/wat and wrote into the library.
struct EmbeddedGuest {
  std::string_view name;
  std::span<const std::uint8_t> bytes;
};

[[nodiscard]] std::span<const EmbeddedGuest> all_embedded_guests();

}  // namespace wapc::conformance
