#pragma once

#include "choices.hpp"
#include "generated_guest/shape.hpp"
#include "wapc/base/bytes.hpp"

namespace wapc::fuzzing {

/// A guest that is valid, imports what the stage offers (`stage.hpp`), and does what `choices` say.
/// When they are used up it is soon complete, so that any input gives a guest.
[[nodiscard]] Bytes generate_guest(Conduct conduct, Choices& choices);

}  // namespace wapc::fuzzing
