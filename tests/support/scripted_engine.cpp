#include "support/scripted_engine.hpp"

#include <algorithm>
#include <cassert>

#include "wapc/engine/link.hpp"

namespace wapc::testing {
namespace {

class Linked final : public LinkedModule {
 public:
  Linked(ScriptedModule module, std::span<const ImportTable> tables)
      : module_{std::move(module)}, tables_{tables.begin(), tables.end()} {}

  Result<std::unique_ptr<Instance>> instantiate(std::span<HostState* const> states,
                                                const InstanceLimits& /*limits*/,
                                                const Budget& budget) const override {
    ++*module_.instances;
    auto guest = std::make_unique<ScriptedGuest>(module_, tables_, states);
    if (auto started = guest->start(budget); !started) {
      return std::unexpected{std::move(started).error()};
    }
    return guest;
  }

 private:
  ScriptedModule module_;
  std::vector<ImportTable> tables_;
};

class Compiled final : public Module {
 public:
  explicit Compiled(ScriptedModule module) : module_{std::move(module)} {
    for (const auto& function : module_.functions) {
      exports_.push_back({function.name, ExternKind::function, function.type});
    }
    if (!module_.memory.empty()) exports_.push_back({module_.memory, ExternKind::memory, {}});
  }

  std::span<const Import> imports() const noexcept override { return module_.imports; }

  std::span<const Export> exports() const noexcept override { return exports_; }

  std::size_t code_bytes() const noexcept override { return module_.code_bytes; }

  std::size_t instance_bytes() const noexcept override { return module_.instance_bytes; }

  Result<std::shared_ptr<const LinkedModule>> link(
      std::span<const ImportTable> tables) const override {
    if (auto resolved = resolve_imports(module_.imports, tables); !resolved) {
      return std::unexpected{std::move(resolved).error()};
    }
    return std::make_shared<const Linked>(module_, tables);
  }

 private:
  ScriptedModule module_;
  std::vector<Export> exports_;
};

}  // namespace

Result<std::shared_ptr<const Module>> ScriptedEngine::compile(
    BytesView /*wasm*/, const CompileOptions& /*options*/) const {
  return std::make_shared<const Compiled>(module_);
}

ScriptedGuest::ScriptedGuest(ScriptedModule module, std::vector<ImportTable> tables,
                             std::span<HostState* const> states)
    : module_{std::move(module)},
      tables_{std::move(tables)},
      states_{states.begin(), states.end()},
      memory_(65536) {
  assert(std::ranges::equal(states_, tables_, [](const HostState* state, const auto& table) {
    return typeid(*state) == *table.state_type;
  }));
}

Result<std::uint64_t> ScriptedGuest::call(ExportIndex function,
                                          std::span<const std::uint64_t> arguments,
                                          const Budget& budget) {
  budget_ = &budget;
  arguments_.assign(arguments.begin(), arguments.end());
  return module_.functions.at(std::to_underlying(function)).script(*this);
}

Result<> ScriptedGuest::start(const Budget& budget) {
  if (!module_.start) return {};
  budget_ = &budget;
  auto started = module_.start(*this);
  if (!started) return std::unexpected{std::move(started).error()};
  return {};
}

Result<std::uint64_t> ScriptedGuest::host(std::string_view function,
                                          std::initializer_list<std::uint64_t> arguments) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    for (const auto& offered : tables_[i].functions) {
      if (offered.name == function)
        return offered.body(*states_[i], *this, std::span{arguments.begin(), arguments.size()});
    }
  }
  return failure(Errc::internal, "the script calls what is not offered");
}

std::uint64_t ScriptedGuest::put(std::uint32_t pointer, std::string_view text) {
  std::ranges::copy(as_bytes(text), memory_.begin() + pointer);
  return text.size();
}

}  // namespace wapc::testing
