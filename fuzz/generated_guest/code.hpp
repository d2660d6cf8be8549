#pragma once

#include <cstddef>

#include "choices.hpp"
#include "generated_guest/shape.hpp"
#include "generated_guest/writer.hpp"

namespace wapc::fuzzing {

/// The body of the function `index` of a guest of that shape: its locals and its code.
[[nodiscard]] Writer generate_body(const Shape& shape, std::size_t index, Choices& choices);

}  // namespace wapc::fuzzing
