#pragma once

#include "native_engine.hpp"

namespace native {

/// The guests of the conformance suite, in the form that this engine runs: the puppet and its
/// variants (see wapc/conformance/puppet.hpp), and guests that lack something or have too much of
/// it.
[[nodiscard]] GuestTable suite_guests();

}  // namespace native
