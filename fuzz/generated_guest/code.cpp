#include "generated_guest/code.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

// Code is made of expressions, which leave one value of a given type, and statements, which leave
// none; both may be anything that the stack allows. What has more results than are wanted keeps the
// rest in locals. So every choice gives valid code.

namespace wapc::fuzzing {
namespace {

constexpr std::size_t kRoom = 200;  // Expressions and statements of one function.
constexpr std::size_t kDepthMax = 12;

/// An instruction that takes some values and gives one.
struct Operation {
  Type result;
  std::uint16_t first;  // Opcodes; from 0xFC00 on those behind the prefix 0xFC.
  std::uint16_t last;
  std::array<Type, 2> operands;
  std::size_t operand_count;
  bool may_give_nan = false;
};

constexpr auto kI32 = Type::i32;
constexpr auto kI64 = Type::i64;
constexpr auto kF32 = Type::f32;
constexpr auto kF64 = Type::f64;

constexpr std::array kOperations{
    Operation{kI32, 0x6A, 0x78, {kI32, kI32}, 2},
    Operation{kI64, 0x7C, 0x8A, {kI64, kI64}, 2},
    Operation{kF32, 0x92, 0x97, {kF32, kF32}, 2, true},
    Operation{kF64, 0xA0, 0xA5, {kF64, kF64}, 2, true},
    Operation{kI32, 0x45, 0x45, {kI32}, 1},
    Operation{kI32, 0x46, 0x4F, {kI32, kI32}, 2},
    Operation{kI32, 0x50, 0x50, {kI64}, 1},
    Operation{kI32, 0x51, 0x5A, {kI64, kI64}, 2},
    Operation{kI32, 0x5B, 0x60, {kF32, kF32}, 2},
    Operation{kI32, 0x61, 0x66, {kF64, kF64}, 2},
    Operation{kI32, 0x67, 0x69, {kI32}, 1},
    Operation{kI64, 0x79, 0x7B, {kI64}, 1},
    Operation{kF32, 0x8B, 0x8C, {kF32}, 1},  // Absolute value and sign: bits as they are.
    Operation{kF32, 0x8D, 0x91, {kF32}, 1, true},
    Operation{kF32, 0x98, 0x98, {kF32, kF32}, 2},
    Operation{kF64, 0x99, 0x9A, {kF64}, 1},
    Operation{kF64, 0x9B, 0x9F, {kF64}, 1, true},
    Operation{kF64, 0xA6, 0xA6, {kF64, kF64}, 2},
    Operation{kI32, 0xA7, 0xA7, {kI64}, 1},
    Operation{kI32, 0xA8, 0xA9, {kF32}, 1},
    Operation{kI32, 0xAA, 0xAB, {kF64}, 1},
    Operation{kI64, 0xAC, 0xAD, {kI32}, 1},
    Operation{kI64, 0xAE, 0xAF, {kF32}, 1},
    Operation{kI64, 0xB0, 0xB1, {kF64}, 1},
    Operation{kF32, 0xB2, 0xB3, {kI32}, 1},
    Operation{kF32, 0xB4, 0xB5, {kI64}, 1},
    Operation{kF32, 0xB6, 0xB6, {kF64}, 1, true},
    Operation{kF64, 0xB7, 0xB8, {kI32}, 1},
    Operation{kF64, 0xB9, 0xBA, {kI64}, 1},
    Operation{kF64, 0xBB, 0xBB, {kF32}, 1, true},
    Operation{kI32, 0xBC, 0xBC, {kF32}, 1},
    Operation{kI64, 0xBD, 0xBD, {kF64}, 1},
    Operation{kF32, 0xBE, 0xBE, {kI32}, 1},
    Operation{kF64, 0xBF, 0xBF, {kI64}, 1},
    Operation{kI32, 0xC0, 0xC1, {kI32}, 1},
    Operation{kI64, 0xC2, 0xC4, {kI64}, 1},
    Operation{kI32, 0xFC00, 0xFC01, {kF32}, 1},
    Operation{kI32, 0xFC02, 0xFC03, {kF64}, 1},
    Operation{kI64, 0xFC04, 0xFC05, {kF32}, 1},
    Operation{kI64, 0xFC06, 0xFC07, {kF64}, 1},
};

/// An access to memory: what it loads or stores, and the largest alignment it may state.
struct Access {
  Type type;
  std::uint8_t opcode;
  std::uint8_t alignment_max;
};

constexpr std::array kLoads{
    Access{kI32, 0x28, 2}, Access{kI32, 0x2C, 0}, Access{kI32, 0x2D, 0}, Access{kI32, 0x2E, 1},
    Access{kI32, 0x2F, 1}, Access{kI64, 0x29, 3}, Access{kI64, 0x30, 0}, Access{kI64, 0x31, 0},
    Access{kI64, 0x32, 1}, Access{kI64, 0x33, 1}, Access{kI64, 0x34, 2}, Access{kI64, 0x35, 2},
    Access{kF32, 0x2A, 2}, Access{kF64, 0x2B, 3},
};

constexpr std::array kStores{
    Access{kI32, 0x36, 2}, Access{kI64, 0x37, 3}, Access{kF32, 0x38, 2},
    Access{kF64, 0x39, 3}, Access{kI32, 0x3A, 0}, Access{kI32, 0x3B, 1},
    Access{kI64, 0x3C, 0}, Access{kI64, 0x3D, 1}, Access{kI64, 0x3E, 2},
};

enum Opcode : std::uint8_t {
  kUnreachable = 0x00,
  kNop = 0x01,
  kBlock = 0x02,
  kLoop = 0x03,
  kIf = 0x04,
  kElse = 0x05,
  kEnd = 0x0B,
  kBr = 0x0C,
  kBrIf = 0x0D,
  kBrTable = 0x0E,
  kReturn = 0x0F,
  kCall = 0x10,
  kCallIndirect = 0x11,
  kReturnCall = 0x12,
  kReturnCallIndirect = 0x13,
  kDrop = 0x1A,
  kSelect = 0x1B,
  kSelectTyped = 0x1C,
  kLocalGet = 0x20,
  kLocalSet = 0x21,
  kLocalTee = 0x22,
  kGlobalGet = 0x23,
  kGlobalSet = 0x24,
  kTableGet = 0x25,
  kTableSet = 0x26,
  kMemorySize = 0x3F,
  kMemoryGrow = 0x40,
  kI32Const = 0x41,
  kI64Const = 0x42,
  kF32Const = 0x43,
  kF64Const = 0x44,
  kI32Eqz = 0x45,
  kF32Eq = 0x5B,
  kF64Eq = 0x61,
  kI32Sub = 0x6B,
  kI32And = 0x71,
  kRefNull = 0xD0,
  kRefIsNull = 0xD1,
  kRefFunc = 0xD2,
  kBulk = 0xFC,
};

enum Bulk : std::uint8_t {
  kMemoryInit = 8,
  kDataDrop,
  kMemoryCopy,
  kMemoryFill,
  kTableInit,
  kElemDrop,
  kTableCopy,
  kTableGrow,
  kTableSize,
  kTableFill,
};

class Body {
 public:
  Body(const Shape& shape, std::size_t index, Choices& choices)
      : shape_{shape},
        index_{index},
        choices_{choices},
        type_{shape.type_of(index)},
        computes_{choices.rarely(3)} {
    locals_ = type_.parameters;
    scratch_ = locals_.size();
    for (const auto type : {kF32, kF64, kI32, kI64, Type::funcref, Type::externref}) {
      locals_.push_back(shape.fitting(type));
    }
    for (auto more = choices.below(6); more > 0; --more) {
      constexpr std::array kTypes{kI32, kI64, kF32, kF64, kI32, Type::funcref};
      locals_.push_back(choices.one_of(kTypes));
    }
  }

  Writer generate() {
    labels_.push_back(type_.results);
    count_call();
    statements();
    if (index_ == shape_.guest_call()) {
      tell_all();
      choices_.rarely(4) ? expression(kI32) : constant(1);
    } else {
      values(type_.results);
    }
    op(kEnd);

    Writer body;
    body.number(locals_.size() - type_.parameters.size());
    for (auto i = type_.parameters.size(); i < locals_.size(); ++i) {
      body.number(1);
      body.type(locals_[i]);
    }
    body.bytes(code_.written());
    return body;
  }

 private:
  // --- Counting, so that a repeatable guest ends -------------------------------------------------

  [[nodiscard]] bool repeatable() const { return shape_.conduct == Conduct::repeatable; }

  void set_global(std::size_t global, std::uint32_t value) {
    constant(value);
    op(kGlobalSet, global);
  }

  /// Takes one from a counter, and does `otherwise` (which leaves) when there is none left.
  template <typename Otherwise>
  void take_one(std::size_t counter, Otherwise otherwise) {
    op(kGlobalGet, counter);
    op(kI32Eqz);
    op(kIf);
    code_.byte(0x40);
    otherwise();
    op(kEnd);
    op(kGlobalGet, counter);
    constant(1);
    op(kI32Sub);
    op(kGlobalSet, counter);
  }

  void count_call() {
    if (!repeatable()) return;
    if (index_ == shape_.guest_call()) {
      set_global(Shape::kTurnsLeft, 300);
      set_global(Shape::kCallsLeft, 60);
      return;
    }
    take_one(Shape::kCallsLeft, [this] {
      for (const auto type : type_.results) zero(type);
      op(kReturn);
    });
  }

  /// What a guest knows in the end, for the host to see.
  void tell_all() {
    op(kCall, shape_.import("look"));
    for (std::size_t i = 0; i < shape_.globals.size(); ++i) {
      const auto type = shape_.globals[i].type;
      op(kGlobalGet, i);
      if (is_reference(type)) op(kRefIsNull);
      if (type == kF32) op(0xBC);
      if (type == kF64) op(0xBD);
      if (type != kI64 && type != kF64) op(0xAD);
      constant(static_cast<std::uint32_t>(i));
      op(kCall, shape_.import("note"));
      op(kDrop);
    }
    if (choices_.rarely(4)) return;
    constant(choices_.byte());
    constant(choices_.byte());
    op(kCall, shape_.import("__guest_response"));
  }

  // --- Writing -----------------------------------------------------------------------------------

  void op(std::uint16_t opcode) {
    if (opcode >= 0xFC00) code_.byte(0xFC);
    code_.byte(static_cast<std::uint8_t>(opcode));
  }

  void op(std::uint16_t opcode, std::uint64_t immediate) {
    op(opcode);
    code_.number(immediate);
  }

  void bulk(Bulk operation) { op(kBulk, operation); }

  void constant(std::uint32_t value) {
    op(kI32Const);
    code_.signed_number(static_cast<std::int32_t>(value));
  }

  void zero(Type type) {
    switch (type) {
      case Type::i32: return constant(0);
      case Type::i64: op(kI64Const); return code_.signed_number(0);
      case Type::f32: op(kF32Const); return code_.raw<std::uint32_t>(0);
      case Type::f64: op(kF64Const); return code_.raw<std::uint64_t>(0);
      case Type::funcref:
      case Type::externref: op(kRefNull); return code_.type(type);
    }
  }

  // --- Choosing ----------------------------------------------------------------------------------

  /// Whether there is to be no more of anything but what must be.
  [[nodiscard]] bool at_end() const {
    return room_ == 0 || depth_ >= kDepthMax || choices_.used_up();
  }

  template <typename Wanted>
  std::optional<std::size_t> some_of(std::size_t count, Wanted wanted) {
    if (count == 0) return std::nullopt;
    const auto first = choices_.below(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (wanted((first + i) % count)) return (first + i) % count;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> some_local(Type type) {
    return some_of(locals_.size(), [&](std::size_t i) {
      return locals_[i] == type && (i < scratch_ || i >= scratch_ + 2);
    });
  }

  std::optional<std::size_t> some_global(Type type) {
    return some_of(shape_.globals.size(),
                   [&](std::size_t i) { return shape_.globals[i].type == type; });
  }

  std::optional<std::size_t> some_table(Type type) {
    return some_of(shape_.tables.size(),
                   [&](std::size_t i) { return shape_.tables[i].type == type; });
  }

  Type some_type() {
    constexpr std::array kTypes{kI32, kI64, kF32, kF64, Type::funcref, Type::externref};
    return shape_.fitting(choices_.one_of(kTypes));
  }

  /// Any function but `__guest_call`, which starts the counting anew; mostly one of the guest's
  /// own.
  std::size_t some_function() {
    const auto own = shape_.functions.size() - 1;
    if (choices_.rarely(4)) return choices_.below(shape_.imports.size());
    return shape_.imports.size() + choices_.below(own);
  }

  // --- Expressions -------------------------------------------------------------------------------

  void values(const Types& types) {
    for (const auto type : types) expression(type);
  }

  void literal(Type type) {
    const auto how = choices_.below(4);
    switch (type) {
      case Type::i32: return constant(how == 3 ? choices_.number<std::uint32_t>() : small());
      case Type::i64:
        op(kI64Const);
        return code_.signed_number(how == 3 ? choices_.number<std::int64_t>()
                                            : static_cast<std::int32_t>(small()));
      case Type::f32:
        op(kF32Const);
        return code_.raw(how == 3 ? choices_.number<std::uint32_t>() : choices_.one_of(kFloats));
      case Type::f64:
        op(kF64Const);
        return code_.raw(how == 3 ? choices_.number<std::uint64_t>() : choices_.one_of(kDoubles));
      case Type::funcref:
        if (how == 0) break;
        return op(kRefFunc, some_function());
      case Type::externref: break;
    }
    zero(type);
  }

  static constexpr std::array<std::uint32_t, 12> kFloats{
      0,           0x3F800000U, 0xBF800000U, 0x80000000U, 0x7F800000U, 0xFF800000U,
      0x7FC00000U, 0x4F000000U, 0xCF000000U, 0x5F000000U, 0x00000001U, 0x3F000000U};
  static constexpr std::array<std::uint64_t, 12> kDoubles{0,
                                                          0x3FF0000000000000U,
                                                          0xBFF0000000000000U,
                                                          0x8000000000000000U,
                                                          0x7FF0000000000000U,
                                                          0xFFF0000000000000U,
                                                          0x7FF8000000000000U,
                                                          0x41E0000000000000U,
                                                          0xC1E0000000200000U,
                                                          0x43E0000000000000U,
                                                          0x0000000000000001U,
                                                          0x3FE0000000000000U};

  std::uint32_t small() {
    constexpr std::array<std::uint32_t, 8> kNumbers{0xFFFF'FFFFU, 0x7FFF'FFFFU, 0x8000'0000U, 65535,
                                                    65536,        31,           32,           255};
    const auto byte = choices_.byte();
    return byte < 240 ? byte : kNumbers.at(byte % kNumbers.size());
  }

  void expression(Type type) {
    if (at_end()) return literal(type);
    --room_;
    ++depth_;
    some_expression(type);
    --depth_;
  }

  void some_expression(Type type) {
    if (computes_ && !choices_.rarely(3)) return operate(type);
    switch (choices_.below(24)) {
      case 1:
      case 2: return local_get(type);
      case 3: return global_get(type);
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
      case 9: return operate(type);
      case 10: return load(type);
      case 11: return tee(type);
      case 12: return select(type);
      case 13:
      case 14: return block({{}, {type}});
      case 15: return call_for(type);
      case 16: return choices_.rarely(4) ? call_indirectly_for(type) : call_for(type);
      case 17:  // What lies on the stack meanwhile.
        expression(type);
        return statement();
      case 18: return branch_with(type);
      case 19: return special(type);
      case 20: return block_of_some_type(type);
      case 21:
        // What never gives a value gives one of any type.
        if (choices_.rarely(4)) return leave();
        return operate(type);
      default: return literal(type);
    }
  }

  void local_get(Type type) {
    const auto local = some_local(type);
    local ? op(kLocalGet, *local) : literal(type);
  }

  void global_get(Type type) {
    const auto global = some_global(type);
    global ? op(kGlobalGet, *global) : literal(type);
  }

  void operate(Type type) {
    const auto which = some_of(kOperations.size(),
                               [&](std::size_t i) { return kOperations.at(i).result == type; });
    if (!which) return table_get(type);
    const auto& operation = kOperations.at(*which);
    for (std::size_t i = 0; i < operation.operand_count; ++i) expression(operation.operands.at(i));
    const auto count = static_cast<std::size_t>(operation.last - operation.first) + 1;
    op(static_cast<std::uint16_t>(operation.first + choices_.below(count)));
    if (operation.may_give_nan && repeatable()) replace_nan(type);
  }

  /// The bits of a NaN that was computed are for the engine to choose.
  void replace_nan(Type type) {
    const auto local = scratch_ + (type == kF32 ? 0 : 1);
    op(kLocalTee, local);
    zero(type);
    op(kLocalGet, local);
    op(kLocalGet, local);
    op(type == kF32 ? kF32Eq : kF64Eq);
    op(kSelect);
  }

  void table_get(Type type) {
    const auto table = some_table(type);
    if (!table) return literal(type);
    index_expression();
    op(kTableGet, *table);
  }

  void tee(Type type) {
    expression(type);
    if (const auto local = some_local(type)) op(kLocalTee, *local);
  }

  void select(Type type) {
    expression(type);
    expression(type);
    expression(kI32);
    if (!is_reference(type) && !choices_.rarely(2)) return op(kSelect);
    op(kSelectTyped, 1);
    code_.type(type);
  }

  /// A small number, more often than not: to count or index with.
  void index_expression() {
    switch (choices_.below(4)) {
      case 0:
      case 1: return constant(choices_.byte() % 10U);
      case 2:
        expression(kI32);
        constant(7);
        return op(kI32And);
      default: return expression(kI32);
    }
  }

  /// An address, in memory more often than not.
  void address() {
    switch (choices_.below(10)) {
      case 0:
      case 1:
      case 2: return constant(choices_.byte());
      case 3: return constant(choices_.number<std::uint16_t>());
      case 9: return expression(kI32);
      default:
        expression(kI32);
        constant(0x3FFF);
        return op(kI32And);
    }
  }

  void access(const Access& access) {
    op(access.opcode, choices_.below(access.alignment_max + 1U));
    switch (choices_.below(8)) {
      case 0: return code_.number(choices_.number<std::uint16_t>());
      case 1: return code_.number(choices_.number<std::uint32_t>());
      default: return code_.number(choices_.byte());
    }
  }

  void load(Type type) {
    const auto which =
        some_of(kLoads.size(), [&](std::size_t i) { return kLoads.at(i).type == type; });
    if (!which) return table_get(type);
    address();
    access(kLoads.at(*which));
  }

  void special(Type type) {
    if (type != kI32) return operate(type);
    const auto table = choices_.below(shape_.tables.size());
    switch (choices_.below(6)) {
      case 0: return op(kMemorySize, 0);
      case 1: index_expression(); return op(kMemoryGrow, 0);
      case 2: bulk(kTableSize); return code_.number(table);
      case 3:
        expression(shape_.tables[table].type);
        index_expression();
        bulk(kTableGrow);
        return code_.number(table);
      case 4:
        expression(shape_.fitting(choices_.rarely(2) ? Type::externref : Type::funcref));
        return op(kRefIsNull);
      default: return host_call();
    }
  }

  void host_call() { call(shape_.import("__host_call")); }

  // --- Calls and branches ------------------------------------------------------------------------

  /// Takes the value on top of the stack.
  void put_away(Type type) {
    const auto local = some_local(type);
    local&& choices_.rarely(2) ? op(kLocalSet, *local) : op(kDrop);
  }

  /// Of values on top of the stack leaves one of type `wanted`, which there is.
  void keep_one(const Types& types, Type wanted) {
    auto rest = types;
    while (rest.back() != wanted) {
      put_away(rest.back());
      rest.pop_back();
    }
    if (rest.size() == 1) return;
    // Another value may come to lie there meanwhile, which is as good.
    const auto local = scratch_of(wanted);
    op(kLocalSet, local);
    rest.pop_back();
    put_all_away(rest);
    op(kLocalGet, local);
  }

  std::size_t scratch_of(Type type) const {
    constexpr std::array kOrder{kF32, kF64, kI32, kI64, Type::funcref, Type::externref};
    return scratch_ + static_cast<std::size_t>(std::ranges::find(kOrder, type) - kOrder.begin());
  }

  void put_all_away(Types types) {
    for (; !types.empty(); types.pop_back()) put_away(types.back());
  }

  static bool gives(const FunctionShape& type, Type wanted) {
    return std::ranges::find(type.results, wanted) != type.results.end();
  }

  void call_for(Type type) {
    const auto function =
        some_of(shape_.guest_call(), [&](std::size_t i) { return gives(shape_.type_of(i), type); });
    if (!function) return operate(type);
    call(*function);
    keep_one(shape_.type_of(*function).results, type);
  }

  void call(std::size_t function) {
    arguments(shape_.type_of(function).parameters);
    op(kCall, function);
  }

  /// Of functions of the host, whose parameters are all numbers, those are pointers and lengths.
  void arguments(const Types& types) {
    for (const auto type : types) {
      type == kI32&& choices_.rarely(2) ? address() : expression(type);
    }
  }

  void call_indirectly_for(Type type) {
    const auto which =
        some_of(shape_.types.size(), [&](std::size_t i) { return gives(shape_.types[i], type); });
    if (!which) return operate(type);
    call_indirectly(*which, kCallIndirect);
    keep_one(shape_.types[*which].results, type);
  }

  void call_indirectly(std::size_t type, Opcode opcode) {
    values(shape_.types[type].parameters);
    index_expression();
    const auto table = some_table(Type::funcref).value_or(0);
    op(opcode, type);
    code_.number(table);
  }

  void branch_with(Type type) {
    const auto label = some_of(labels_.size(), [&](std::size_t i) {
      return labels_[i].size() == 1 && labels_[i].front() == type;
    });
    if (!label) return operate(type);
    expression(type);
    expression(kI32);
    op(kBrIf, labels_.size() - 1 - *label);
  }

  /// Leaves by whatever way, and so leaves the stack in any state.
  void leave() {
    const auto label = choices_.below(labels_.size());
    switch (choices_.below(7)) {
      case 0:
      case 1: values(labels_[label]); return op(kBr, labels_.size() - 1 - label);
      case 2: values(type_.results); return op(kReturn);
      case 3: return branch_by_table(label);
      case 4: return return_call();
      case 5: return return_call_indirect();
      default: return op(kUnreachable);
    }
  }

  void branch_by_table(std::size_t label) {
    values(labels_[label]);
    index_expression();
    const auto count = choices_.below(5);
    op(kBrTable, count);
    for (std::size_t i = 0; i <= count; ++i) {
      const auto other =
          some_of(labels_.size(), [&](std::size_t k) { return labels_[k] == labels_[label]; });
      code_.number(labels_.size() - 1 - other.value_or(label));
    }
  }

  void return_call() {
    if (shape_.for_winch) return op(kUnreachable);
    const auto function = some_of(shape_.guest_call(), [&](std::size_t i) {
      return shape_.type_of(i).results == type_.results;
    });
    if (!function) return op(kUnreachable);
    values(shape_.type_of(*function).parameters);
    op(kReturnCall, *function);
  }

  void return_call_indirect() {
    if (shape_.for_winch) return op(kUnreachable);
    const auto type = some_of(shape_.types.size(), [&](std::size_t i) {
      return shape_.types[i].results == type_.results;
    });
    if (!type) return op(kUnreachable);
    call_indirectly(*type, kReturnCallIndirect);
  }

  // --- Blocks ------------------------------------------------------------------------------------

  /// `index` is that of the type where it is one of the module's.
  void block_type(const FunctionShape& type, std::optional<std::size_t> index) {
    if (index) return code_.signed_number(static_cast<std::int64_t>(*index));
    type.results.empty() ? code_.byte(0x40) : code_.type(type.results.front());
  }

  void block_of_some_type(Type wanted) {
    const auto which = some_of(shape_.types.size(), [&](std::size_t i) {
      const auto& type = shape_.types[i];
      return gives(type, wanted) && type.parameters.size() <= 4;
    });
    if (!which) return operate(wanted);
    const auto& type = shape_.types[*which];
    values(type.parameters);
    block(type, *which);
    keep_one(type.results, wanted);
  }

  /// Its parameters are on the stack.
  void block(const FunctionShape& type, std::optional<std::size_t> index = std::nullopt) {
    switch (choices_.below(3)) {
      case 0: return plain_block(type, index);
      case 1: return branching(type, index);
      default: return loop(type, index);
    }
  }

  void inside(const Types& label, const Types& parameters, const Types& results) {
    labels_.push_back(label);
    put_all_away(parameters);
    statements();
    values(results);
    labels_.pop_back();
  }

  void plain_block(const FunctionShape& type, std::optional<std::size_t> index) {
    op(kBlock);
    block_type(type, index);
    inside(type.results, type.parameters, type.results);
    op(kEnd);
  }

  void branching(const FunctionShape& type, std::optional<std::size_t> index) {
    expression(kI32);
    op(kIf);
    block_type(type, index);
    inside(type.results, type.parameters, type.results);
    if (type.parameters != type.results || choices_.rarely(2)) {
      op(kElse);
      inside(type.results, type.parameters, type.results);
    }
    op(kEnd);
  }

  void loop(const FunctionShape& type, std::optional<std::size_t> index) {
    if (repeatable()) {
      op(kBlock);
      block_type(type, index);
      labels_.push_back(type.results);
    }
    op(kLoop);
    block_type(type, index);
    if (repeatable()) {
      take_one(Shape::kTurnsLeft, [&] {
        for (const auto result : type.results) zero(result);
        op(kBr, 2);
      });
    }
    inside(type.parameters, type.parameters, type.results);
    op(kEnd);
    if (repeatable()) {
      labels_.pop_back();
      op(kEnd);
    }
  }

  // --- Statements --------------------------------------------------------------------------------

  void statements() {
    while (!at_end() && choices_.below(6) != 0) statement();
  }

  void statement() {
    if (at_end()) return;
    --room_;
    ++depth_;
    some_statement();
    --depth_;
  }

  void some_statement() {
    if (computes_ && !choices_.rarely(3)) return choices_.rarely(2) ? store() : local_set();
    switch (choices_.below(24)) {
      case 0: return op(kNop);
      case 1:
      case 2: return local_set();
      case 3: return global_set();
      case 4:
      case 5:
      case 6: return store();
      case 7: {
        const auto type = some_type();
        expression(type);
        return op(kDrop);
      }
      case 8:
      case 9: return call_any();
      case 10:
      case 11:
      case 12: return block({});
      case 13:
      case 14: return branch_if();
      case 15:
        if (choices_.rarely(4)) leave();
        return;
      case 16: return change_memory();
      case 17: return change_table();
      case 18: {
        const auto type = choices_.below(shape_.types.size());
        call_indirectly(type, kCallIndirect);
        return put_all_away(shape_.types[type].results);
      }
      case 19: {
        const auto index = choices_.below(shape_.types.size());
        values(shape_.types[index].parameters);
        block(shape_.types[index], index);
        return put_all_away(shape_.types[index].results);
      }
      case 20: host_call(); return op(kDrop);
      case 21: return say();
      case 22: return op(kCall, shape_.import("look"));
      default: return leave_if();
    }
  }

  void local_set() {
    const auto type = some_type();
    expression(type);
    const auto local = some_local(type);
    local ? op(kLocalSet, *local) : op(kDrop);
  }

  void global_set() {
    const auto global =
        some_of(shape_.globals.size(), [&](std::size_t i) { return shape_.globals[i].writable; });
    if (!global) return;
    expression(shape_.globals[*global].type);
    op(kGlobalSet, *global);
  }

  void store() {
    const auto& chosen = choices_.one_of(kStores);
    address();
    expression(chosen.type);
    access(chosen);
  }

  void call_any() {
    const auto function = some_function();
    call(function);
    put_all_away(shape_.type_of(function).results);
  }

  void branch_if() {
    const auto label = choices_.below(labels_.size());
    values(labels_[label]);
    expression(kI32);
    op(kBrIf, labels_.size() - 1 - label);
    put_all_away(labels_[label]);
  }

  void leave_if() {
    expression(kI32);
    op(kIf);
    code_.byte(0x40);
    labels_.emplace_back();
    leave();
    labels_.pop_back();
    op(kEnd);
  }

  void change_memory() {
    const auto segment = choices_.below(shape_.data);
    const auto what = choices_.below(4);
    if (what == 3) {
      bulk(kDataDrop);
      return code_.number(segment);
    }
    address();
    what == 1 ? expression(kI32) : address();
    choices_.rarely(8) ? address() : index_expression();
    if (what == 0) {
      bulk(kMemoryInit);
      code_.number(segment);
    } else {
      bulk(what == 1 ? kMemoryFill : kMemoryCopy);
      if (what == 2) code_.byte(0);
    }
    code_.byte(0);
  }

  void change_table() {
    const auto table = choices_.below(shape_.tables.size());
    const auto type = shape_.tables[table].type;
    const auto of_type = [&](std::size_t i) { return shape_.elements[i].type == type; };
    const auto what = choices_.below(5);
    if (what == 4) {
      bulk(kElemDrop);
      return code_.number(choices_.below(shape_.elements.size()));
    }
    index_expression();
    if (what == 0) {
      expression(type);
      return op(kTableSet, table);
    }
    what == 1 ? expression(type) : index_expression();
    index_expression();
    if (what == 1) {
      bulk(kTableFill);
    } else if (const auto segment = some_of(shape_.elements.size(), of_type);
               what == 2 && segment) {
      bulk(kTableInit);
      code_.number(*segment);
    } else {
      bulk(kTableCopy);
      code_.number(some_table(type).value_or(table));
    }
    code_.number(table);
  }

  /// Something that the host keeps, or gives back.
  void say() {
    constexpr std::array<std::string_view, 6> kSayings{"__guest_response", "__guest_error",
                                                       "__console_log",    "__guest_request",
                                                       "__host_response",  "__host_error"};
    call(shape_.import(choices_.one_of(kSayings)));
  }

  const Shape& shape_;
  const std::size_t index_;
  Choices& choices_;
  const FunctionShape& type_;
  Types locals_;
  std::size_t scratch_ = 0;    // The first of the locals that are one of each type.
  std::vector<Types> labels_;  // What a branch there takes, outermost first.
  const bool computes_;        // Whether it mostly does; else there is more of everything else.
  std::size_t room_ = kRoom;
  std::size_t depth_ = 0;
  Writer code_;
};

}  // namespace

Writer generate_body(const Shape& shape, std::size_t index, Choices& choices) {
  return Body{shape, index, choices}.generate();
}

}  // namespace wapc::fuzzing
