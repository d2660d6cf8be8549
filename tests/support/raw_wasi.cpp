#include "support/raw_wasi.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace wapc::testing {

RawWasi RawWasi::start(const Engine& engine, WasiConfig config, std::string_view edition,
                       std::shared_ptr<LogSink> log) {
  return start(engine.compile(raw_module(Wasi::imports(), edition)).value(), std::move(config),
               std::move(log));
}

RawWasi RawWasi::start(std::shared_ptr<const Module> module, WasiConfig config,
                       std::shared_ptr<LogSink> log) {
  return start(std::move(module), WasiGrants::open(std::move(config)).value(), log);
}

RawWasi RawWasi::start(std::shared_ptr<const Module> module,
                       std::shared_ptr<const WasiGrants> grants,
                       const std::shared_ptr<LogSink>& log) {
  auto wasi = Wasi::make(std::move(grants), std::make_shared<GuestLog>(log, 1));
  const auto linked = module->link(std::array{Wasi::imports()}).value();
  auto instance = linked->instantiate(std::array<HostState*, 1>{wasi.get()}, {}, {}).value();
  return {std::move(module), std::move(wasi), std::move(instance)};
}

RawWasi::RawWasi(std::shared_ptr<const Module> module, std::unique_ptr<Wasi> wasi,
                 std::unique_ptr<Instance> instance)
    : module_{std::move(module)}, wasi_{std::move(wasi)}, instance_{std::move(instance)} {}

Result<std::uint32_t> RawWasi::try_call(std::string_view function,
                                        std::span<const std::uint64_t> arguments,
                                        const Budget& budget) {
  const auto index = find_function(*module_, function).value();
  const auto returned = instance_->call(index, arguments, budget);
  if (!returned) return std::unexpected{returned.error()};
  return static_cast<std::uint32_t>(*returned);
}

std::uint32_t RawWasi::call(std::string_view function,
                            std::initializer_list<std::uint64_t> arguments) {
  return try_call(function, arguments).value();
}

std::uint32_t RawWasi::put(std::uint32_t pointer, std::string_view text) {
  std::ranges::copy(as_bytes(text), memory().subspan(pointer, text.size()).begin());
  return static_cast<std::uint32_t>(text.size());
}

std::string RawWasi::text(std::uint32_t pointer, std::size_t length) {
  return std::string{as_text(memory().subspan(pointer, length))};
}

}  // namespace wapc::testing
