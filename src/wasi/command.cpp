#include "wapc/wasi/command.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/try.hpp"
#include "wapc/wasi/wasi.hpp"

namespace wapc {
namespace {

/// What the log is told: a program is none of the process's guests, which are counted from 1.
constexpr std::uint64_t kGuestId = 0;

bool exports(const Module& module, std::string_view name) {
  return std::ranges::find(module.exports(), name, &Export::name) != module.exports().end();
}

std::unexpected<Error> no_program(const std::string& why) {
  return failure(Errc::invalid_module, "not a WASI program: " + why);
}

Result<ExportIndex> find_start(const Module& module) {
  const auto exported = module.exports();
  const auto start = std::ranges::find(exported, "_start", &Export::name);
  if (start == exported.end()) {
    return no_program(exports(module, "_initialize")
                          ? "it exports _initialize but no _start: a library, which others call"
                          : "no function is exported as _start");
  }
  if (start->kind != ExternKind::function) {
    return no_program("the export _start is a " + std::string{to_string(start->kind)} +
                      ", not a function");
  }
  if (start->type != FunctionType{}) {
    return no_program("_start is of type " + to_string(start->type.signature()) + ", not () -> ()");
  }
  return ExportIndex{static_cast<std::size_t>(start - exported.begin())};
}

/// Programs have none as a rule; one that has, expects it to be called.
std::optional<ExportIndex> find_initialize(const Module& module) {
  const auto index = find_function(module, "_initialize");
  if (!index) return std::nullopt;
  const auto& type = module.exports()[static_cast<std::size_t>(*index)].type;
  return type == FunctionType{} ? index : std::nullopt;
}

}  // namespace

Result<std::shared_ptr<const WasiCommand>> WasiCommand::load(const Engine& engine, BytesView wasm,
                                                             const CompileOptions& options) {
  WAPC_TRY(const auto module, engine.compile(wasm, options));
  std::shared_ptr<WasiCommand> command{new WasiCommand};
  WAPC_TRY(command->start_, find_start(*module));
  command->initialize_ = find_initialize(*module);
  const std::array tables{Wasi::imports()};
  WAPC_TRY(command->linked_, module->link(tables));
  return command;
}

Result<std::uint32_t> WasiCommand::run(WasiCommandOptions options, const Budget& budget) const {
  WAPC_TRY(auto grants, WasiGrants::open(std::move(options.wasi)));
  const auto wasi =
      Wasi::make(std::move(grants), std::make_shared<GuestLog>(options.log, kGuestId));
  const std::array<HostState*, 1> states{wasi.get()};
  const auto outcome = [&]() -> Result<> {
    WAPC_TRY(const auto instance, linked_->instantiate(states, options.limits, budget));
    if (initialize_) WAPC_CHECK(instance->call(*initialize_, {}, budget));
    WAPC_CHECK(instance->call(start_, {}, budget));
    return {};
  }();
  wasi->flush();
  if (outcome) return 0;
  if (const auto code = wasi->exit_code()) return *code;
  return std::unexpected{outcome.error()};
}

}  // namespace wapc
