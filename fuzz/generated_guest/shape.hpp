#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "choices.hpp"
#include "generated_guest/writer.hpp"

namespace wapc::fuzzing {

/// What is wanted of a generated guest.
enum class Conduct : std::uint8_t {
  any,  ///< It may loop and recurse without end.
  /// It ends by itself, soon and without running out of stack, and does the same wherever it runs:
  /// loops and calls are counted, and no float that was computed is a NaN.
  repeatable,
};

struct FunctionShape {
  Types parameters;
  Types results;

  friend bool operator==(const FunctionShape&, const FunctionShape&) = default;
};

struct ImportShape {
  std::string_view module;
  std::string_view name;
  std::size_t type;
};

struct GlobalShape {
  Type type;
  bool writable;
};

struct TableShape {
  Type type;
  std::uint32_t elements_min;
  bool has_max;
};

struct SegmentShape {
  enum class Mode : std::uint8_t { active, passive, declared };
  Mode mode;
  Type type;
  std::size_t table;
};

/// All of a module that its functions refer to.
struct Shape {
  Conduct conduct;
  std::vector<FunctionShape> types;
  std::vector<ImportShape> imports;
  std::vector<std::size_t> functions;  // Their types. The last is `__guest_call`.
  std::vector<GlobalShape> globals;    // The first are the two below.
  std::vector<TableShape> tables;      // The first is of functions.
  std::vector<SegmentShape> elements;
  std::size_t data = 0;  // Segments.

  /// Whether nothing is in it that Winch lacks: no tail calls, and no `externref`.
  bool for_winch = false;

  /// `type`, or what stands in its place.
  [[nodiscard]] Type fitting(Type type) const {
    return for_winch && type == Type::externref ? Type::funcref : type;
  }

  /// The globals that count what is left of loops' turns and of calls.
  static constexpr std::size_t kTurnsLeft = 0;
  static constexpr std::size_t kCallsLeft = 1;

  /// The types of which each guest has one.
  static constexpr std::size_t kNothing = 0;    // () -> ()
  static constexpr std::size_t kGuestCall = 1;  // (i32, i32) -> i32

  /// Index of the function that is exported as `__guest_call`; nothing else calls it.
  [[nodiscard]] std::size_t guest_call() const { return imports.size() + functions.size() - 1; }

  /// Index of the import `name`, which each guest has.
  [[nodiscard]] std::size_t import(std::string_view name) const;

  [[nodiscard]] const FunctionShape& type_of(std::size_t function) const {
    return types[function < imports.size() ? imports[function].type
                                           : functions[function - imports.size()]];
  }
};

[[nodiscard]] Shape some_shape(Conduct conduct, Choices& choices);

}  // namespace wapc::fuzzing
