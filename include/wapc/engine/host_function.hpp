#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "wapc/base/budget.hpp"
#include "wapc/base/error.hpp"
#include "wapc/engine/function_type.hpp"
#include "wapc/engine/guest_memory.hpp"

namespace wapc {

/// What host functions work on: one object for each instance, such as its waPC conversation or its
/// WASI. Knows nothing of engines; engines know nothing of what derives from it.
class HostState {
 public:
  virtual ~HostState() = default;
};

/// The running instance that called a host function.
class Caller {
 public:
  virtual ~Caller() = default;

  [[nodiscard]] virtual GuestMemory memory() = 0;

  /// The same for who wants only what stands before `end`: shorter than the memory maybe, but never
  /// than `end` when the memory is not. What an engine knows of a memory that only grows is enough
  /// then, and costs less.
  [[nodiscard]] virtual GuestMemory memory_before(std::uint64_t end) {
    static_cast<void>(end);
    return memory();
  }

  /// What is left for the call in progress; a function that waits heeds it.
  [[nodiscard]] virtual const Budget& budget() const = 0;
};

/// How many parameters a host function may have.
inline constexpr std::size_t kHostParametersMax = 32;

/// The arguments of a host function as raw bits, where the engine has them: each at the start of
/// `stride` numbers. Small enough to be passed in registers.
class RawArguments {
 public:
  RawArguments(std::span<const std::uint64_t> numbers) noexcept  // NOLINT(*-explicit-*)
      : RawArguments{numbers.data(), static_cast<std::uint32_t>(numbers.size()), 1} {}

  RawArguments(const std::uint64_t* first, std::uint32_t count, std::uint32_t stride) noexcept
      : first_{first}, count_{count}, stride_{stride} {}

  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  /// The argument, of as many bits as `T` has. No more are read: where a guest has just written an
  /// i32, a processor has to wait before it can read 64 bits, which costs 3 of 55 ns a call.
  template <std::integral T>
  [[nodiscard]] T get(std::size_t index) const noexcept {
    static_assert(std::endian::native == std::endian::little, "the low half comes first");
    assert(index < count_);
    T value;
    std::memcpy(&value, first_ + index * std::size_t{stride_}, sizeof value);
    return value;
  }

 private:
  const std::uint64_t* first_;
  std::uint32_t count_;
  std::uint32_t stride_;
};

/// A function that the host offers to guests: up to `kHostParametersMax` whole numbers in, and at
/// most one out. Arguments arrive as raw bits, an i32 in the low half (what is in the other half
/// means nothing), and the result goes back the same way. An error ends the guest's call with that
/// error.
struct HostFunction {
  using Body = Result<std::uint64_t> (*)(HostState&, Caller&, RawArguments) noexcept;

  std::string_view module;
  std::string_view name;
  Signature signature;
  Body body;
};

/// Functions that all work on one type of state. The functions are constants that outlive whatever
/// is linked with them.
struct ImportTable {
  std::span<const HostFunction> functions;
  const std::type_info* state_type;
};

/// A whole number of 32 or 64 bits: what a parameter or a result may be.
template <typename T>
concept WasmInteger = std::integral<T> && (sizeof(T) == 4 || sizeof(T) == 8);

namespace host_function_impl {

template <WasmInteger T>
inline constexpr ValueType kValueType = sizeof(T) == 8 ? ValueType::i64 : ValueType::i32;

template <typename... T>
inline constexpr std::array<ValueType, sizeof...(T)> kValueTypes{kValueType<T>...};

template <auto Method>
struct Binding;

template <typename State, typename Value, WasmInteger... Parameters,
          Result<Value> (State::*Method)(Caller&, Parameters...)>
struct Binding<Method> {
  static_assert(sizeof...(Parameters) <= kHostParametersMax);

  static constexpr Signature signature() {
    if constexpr (std::is_void_v<Value>) {
      return {kValueTypes<Parameters...>, {}};
    } else {
      return {kValueTypes<Parameters...>, kValueTypes<Value>};
    }
  }

  static Result<std::uint64_t> body(HostState& state, Caller& caller,
                                    RawArguments arguments) noexcept {
    assert(arguments.size() == sizeof...(Parameters));
    constexpr std::index_sequence_for<Parameters...> kPositions{};
#ifdef __cpp_exceptions
    try {
      return call(static_cast<State&>(state), caller, arguments, kPositions);
    } catch (const std::bad_alloc&) {
      return failure(Errc::limit_exceeded, "out of memory in a host function");
    } catch (const std::exception& e) {
      return failure(Errc::internal, e.what());
    } catch (...) {
      return failure(Errc::internal, "a host function threw");
    }
#else
    return call(static_cast<State&>(state), caller, arguments, kPositions);
#endif
  }

 private:
  template <std::size_t... I>
  static Result<std::uint64_t> call(State& state, Caller& caller,
                                    [[maybe_unused]] RawArguments arguments,
                                    std::index_sequence<I...> /*positions*/) {
    auto result = (state.*Method)(caller, arguments.get<Parameters>(I)...);
    if (!result) return std::unexpected{std::move(result).error()};
    if constexpr (std::is_void_v<Value>) {
      return 0;
    } else {
      return static_cast<std::make_unsigned_t<Value>>(*result);
    }
  }
};

}  // namespace host_function_impl

/// Offers a member function of a `HostState`, so that a name, its type and its code cannot
/// disagree: `offer<&Conversation::guest_request>("wapc", "__guest_request")`. What it throws
/// becomes an error: nothing unwinds through an engine.
template <auto Method>
[[nodiscard]] constexpr HostFunction offer(std::string_view module, std::string_view name) {
  using Binding = host_function_impl::Binding<Method>;
  return {module, name, Binding::signature(), &Binding::body};
}

}  // namespace wapc
