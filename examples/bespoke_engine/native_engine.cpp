#include "native_engine.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace native {
namespace {

using wapc::Errc;
using wapc::failure;
using wapc::Result;

std::size_t memory_bytes(const GuestCode& code) {
  return code.memory_pages * kPageBytes;
}

/// A guest with its imports found: makes instances.
class LinkedModule final : public wapc::LinkedModule {
 public:
  LinkedModule(std::shared_ptr<const GuestCode> code, std::vector<wapc::ResolvedImport> imports)
      : code_{std::move(code)}, imports_{std::move(imports)} {}

  Result<std::unique_ptr<wapc::Instance>> instantiate(std::span<wapc::HostState* const> states,
                                                      const wapc::InstanceLimits& limits,
                                                      const wapc::Budget& budget) const override {
    if (memory_bytes(*code_) > limits.memory_bytes) {
      return failure(Errc::limit_exceeded, "the guest wants more memory than its limit");
    }
    auto guest = std::make_unique<Guest>(code_, imports_, states, limits);
    if (auto started = guest->start(budget); !started) {
      return std::unexpected{std::move(started).error()};
    }
    return guest;
  }

 private:
  std::shared_ptr<const GuestCode> code_;
  std::vector<wapc::ResolvedImport> imports_;
};

/// A guest, to be looked at and linked.
class Module final : public wapc::Module {
 public:
  explicit Module(std::shared_ptr<const GuestCode> code) : code_{std::move(code)} {
    for (const auto& one : code_->exports) exports_.push_back(one.what);
  }

  std::span<const wapc::Import> imports() const noexcept override { return code_->imports; }

  std::span<const wapc::Export> exports() const noexcept override { return exports_; }

  Result<std::shared_ptr<const wapc::LinkedModule>> link(
      std::span<const wapc::ImportTable> tables) const override {
    auto imports = wapc::resolve_imports(code_->imports, tables);
    if (!imports) return std::unexpected{std::move(imports).error()};
    return std::make_shared<const LinkedModule>(code_, *std::move(imports));
  }

 private:
  std::shared_ptr<const GuestCode> code_;
  std::vector<wapc::Export> exports_;
};

}  // namespace

Engine::Engine(GuestTable guests) {
  for (auto& [name, code] : guests) {
    guests_.emplace(name, std::make_shared<const GuestCode>(std::move(code)));
  }
}

Result<std::shared_ptr<const wapc::Module>> Engine::compile(
    wapc::BytesView name, const wapc::CompileOptions& /*options*/) const {
  const auto found = guests_.find(wapc::as_text(name));
  if (found == guests_.end()) {
    return failure(Errc::invalid_module, "these bytes are not the name of a native guest");
  }
  return std::make_shared<const Module>(found->second);
}

Guest::Guest(std::shared_ptr<const GuestCode> code, std::vector<wapc::ResolvedImport> imports,
             std::span<wapc::HostState* const> states, const wapc::InstanceLimits& limits)
    : code_{std::move(code)},
      imports_{std::move(imports)},
      states_{states.begin(), states.end()},
      memory_max_{limits.memory_bytes},
      memory_(memory_bytes(*code_)) {
  // A guest without memory has no data either.
  static_cast<void>(wapc::write(memory_, kDataAt, wapc::as_bytes(code_->data)));
}

Result<> Guest::start(const wapc::Budget& budget) {
  if (!code_->start) return {};
  if (auto ran = run("the start section", code_->start, {}, budget); !ran) {
    return std::unexpected{std::move(ran).error()};
  }
  return {};
}

Result<std::uint64_t> Guest::call(wapc::ExportIndex function,
                                  std::span<const std::uint64_t> arguments,
                                  const wapc::Budget& budget) {
  const auto& exported = code_->exports.at(static_cast<std::size_t>(function));
  return run(exported.what.name, exported.function, arguments, budget);
}

Result<std::uint64_t> Guest::run(std::string_view name, const Function& function,
                                 std::span<const std::uint64_t> arguments,
                                 const wapc::Budget& budget) {
  running_ = name;
  budget_ = &budget;
  try {
    auto returned = function(*this, arguments);
    // What a host function ended says where the guest was, as a trap of the guest's own does.
    const bool wants_frames = !returned && returned.error().code() == Errc::trapped &&
                              returned.error().backtrace().empty();
    if (!wants_frames) return returned;
    return std::unexpected{returned.error().with_backtrace(std::string{running_})};
  } catch (const std::exception& e) {  // A native guest may throw; the library is not to notice.
    return failure(Errc::trapped, e.what());
  } catch (...) {
    return failure(Errc::trapped, "the guest threw");
  }
}

Result<std::uint64_t> Guest::import(std::string_view name,
                                    std::initializer_list<std::uint64_t> arguments) {
  const auto found = std::ranges::find(code_->imports, name, &wapc::Import::name);
  if (found == code_->imports.end()) {
    return failure(Errc::internal, "the guest does not import " + std::string{name});
  }
  const auto& import = imports_[static_cast<std::size_t>(found - code_->imports.begin())];
  return import.function->body(*states_[import.table], *this,
                               std::span{arguments.begin(), arguments.size()});
}

std::uint32_t Guest::grow(std::uint32_t pages) {
  const auto before = memory_.size();
  if (pages > (memory_max_ - before) / kPageBytes) return static_cast<std::uint32_t>(-1);
  try {
    memory_.resize(before + pages * kPageBytes);
  } catch (const std::bad_alloc&) {
    return static_cast<std::uint32_t>(-1);
  }
  return static_cast<std::uint32_t>(before / kPageBytes);
}

std::unexpected<wapc::Error> Guest::trap(wapc::Trap why) const {
  return std::unexpected{wapc::trapped(why, std::string{running_})};
}

Result<> Guest::Frame::has_room() const {
  constexpr std::size_t kDepthMax = 1000;  // Of frames of up to a hundred bytes or so.
  if (guest_.depth_ > kDepthMax) return guest_.trap(wapc::Trap::stack_exhausted);
  return guest_.go_on();
}

}  // namespace native
