#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "support/raw_wasi_module.hpp"
#include "wapc/base/log.hpp"
#include "wapc/engine/engine.hpp"
#include "wapc/wasi/wasi.hpp"

namespace wapc::testing {

/// A guest that calls WASI with whatever a test tells it to, and its memory. Made by `start` on any
/// engine with our WASI.
class RawWasi {
 public:
  /// Aborts the test program when the guest cannot be made.
  [[nodiscard]] static RawWasi start(const Engine& engine, WasiConfig config = {},
                                     std::string_view edition = kPreview1,
                                     std::shared_ptr<LogSink> log = nullptr);

  /// The same of a module that was compiled before: a `raw_module` of `Wasi::imports()`.
  [[nodiscard]] static RawWasi start(std::shared_ptr<const Module> module, WasiConfig config,
                                     std::shared_ptr<LogSink> log = nullptr);

  /// The same with grants that several guests share.
  [[nodiscard]] static RawWasi start(std::shared_ptr<const Module> module,
                                     std::shared_ptr<const WasiGrants> grants,
                                     const std::shared_ptr<LogSink>& log = nullptr);

  /// Calls a function of WASI; the error number that the guest gets, or the error that ended the
  /// guest's call, after which the guest is not called again.
  [[nodiscard]] Result<std::uint32_t> try_call(std::string_view function,
                                               std::span<const std::uint64_t> arguments,
                                               const Budget& budget = {});

  [[nodiscard]] Result<std::uint32_t> try_call(std::string_view function,
                                               std::initializer_list<std::uint64_t> arguments,
                                               const Budget& budget = {}) {
    return try_call(function, std::span{arguments.begin(), arguments.size()}, budget);
  }

  /// The same for a call that does not end in an error.
  [[nodiscard]] std::uint32_t call(std::string_view function,
                                   std::initializer_list<std::uint64_t> arguments);

  [[nodiscard]] GuestMemory memory() { return instance_->memory(); }

  template <typename T>
  [[nodiscard]] T at(std::uint32_t pointer) {
    return load<T>(memory(), pointer);
  }

  template <typename T>
  void set(std::uint32_t pointer, T value) {
    store(memory(), pointer, value);
  }

  /// Writes text at `pointer` and returns its length.
  std::uint32_t put(std::uint32_t pointer, std::string_view text);

  [[nodiscard]] std::string text(std::uint32_t pointer, std::size_t length);

  [[nodiscard]] Wasi& wasi() { return *wasi_; }

 private:
  RawWasi(std::shared_ptr<const Module> module, std::unique_ptr<Wasi> wasi,
          std::unique_ptr<Instance> instance);

  std::shared_ptr<const Module> module_;
  std::unique_ptr<Wasi> wasi_;
  std::unique_ptr<Instance> instance_;
};

}  // namespace wapc::testing
