#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "providers/wasmtime/handles.hpp"
#include "wapc/providers/wasmtime.hpp"

// What the tests of this provider share: guests in the text format, and functions they may call.

namespace wapc::wasmtime {

/// What the guests of these tests may call.
class Probe final : public HostState {
 public:
  // Each argument in another digit, so that one out of place shows.
  Result<std::uint64_t> mix(Caller& /*caller*/, std::uint32_t a, std::uint64_t b, std::uint32_t c) {
    return std::uint64_t{a} + b * 3 + std::uint64_t{c} * 5;
  }

  Result<std::uint32_t> minus(Caller& /*caller*/, std::uint32_t a) { return 0U - a; }

  Result<> fail(Caller& /*caller*/) { return std::unexpected{error}; }

  Result<> stop_call(Caller& /*caller*/) {
    stop.request_stop();
    return {};
  }

  Result<std::uint32_t> memory_size(Caller& caller) {
    return static_cast<std::uint32_t>(caller.memory().size());
  }

  Result<std::uint64_t> time_left(Caller& caller) {
    return caller.budget().deadline == Budget::Clock::time_point::max() ? 0 : 1;
  }

  std::stop_source stop;
  Error error{Errc::denied, "the very error"};
};

inline constexpr std::array kFunctions{
    offer<&Probe::mix>("env", "mix"),          offer<&Probe::minus>("env", "minus"),
    offer<&Probe::fail>("env", "fail"),        offer<&Probe::stop_call>("env", "stop"),
    offer<&Probe::memory_size>("env", "size"), offer<&Probe::time_left>("env", "time_left"),
};
inline const ImportTable kTable{kFunctions, &typeid(Probe)};

inline Bytes from_text(std::string_view wat) {
  wasm_byte_vec_t binary{};
  const ErrorHandle error{wasmtime_wat2wasm(wat.data(), wat.size(), &binary)};
  if (error) {
    ADD_FAILURE() << message_of(*error);
    return {};
  }
  const auto view = as_bytes({binary.data, binary.size});
  Bytes bytes{view.begin(), view.end()};
  wasm_byte_vec_delete(&binary);
  return bytes;
}

/// The first export of `module` that is a function.
inline ExportIndex function(const Module& module, std::string_view name) {
  const auto index = find_function(module, name);
  EXPECT_TRUE(index) << name;
  return index.value_or(ExportIndex{});
}

/// A test with an engine.
class WasmtimeFixture : public ::testing::Test {
 protected:
  explicit WasmtimeFixture(const WasmtimeOptions& options)
      : engine_{make_wasmtime_engine(options).value()} {}

  std::shared_ptr<const Module> compile(std::string_view wat) {
    auto module = engine_->compile(from_text(wat));
    EXPECT_TRUE(module) << module.error().message();
    return *module;
  }

  Result<std::unique_ptr<Instance>> instantiate(std::string_view wat, const Budget& budget = {},
                                                const InstanceLimits& limits = {}) {
    module_ = compile(wat);
    auto linked = module_->link(std::span{&kTable, 1});
    if (!linked) return std::unexpected{linked.error()};
    std::array<HostState*, 1> states{&probe_};
    return (*linked)->instantiate(states, limits, budget);
  }

  /// Calls the export `run` of a fresh instance.
  Result<std::uint64_t> run(std::string_view wat, std::vector<std::uint64_t> arguments = {},
                            const Budget& budget = {}, const InstanceLimits& limits = {}) {
    auto instance = instantiate(wat, {}, limits);
    if (!instance) return std::unexpected{instance.error()};
    return (*instance)->call(function(*module_, "run"), arguments, budget);
  }

  Probe probe_;
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<const Module> module_;
};

inline Budget within(std::chrono::nanoseconds time) {
  Budget budget;
  budget.deadline = Budget::Clock::now() + time;
  return budget;
}

}  // namespace wapc::wasmtime
