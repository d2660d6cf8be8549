#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wapc/wapc.hpp"

// An engine whose guests are not WebAssembly but C++ functions, linked into the program: for
// plug-ins that are trusted, for devices where no engine fits, and for tests. Whoever calls a guest
// through waPC cannot tell: it has its own memory, its limits and its deadline, and it fails as
// others do.
//
// Since nothing can stop a C++ function from outside, such a guest works along: it asks `go_on` in
// its loops, passes errors on, and holds a `Frame` where it recurses.

namespace native {

class Guest;

/// An exported function: its result (0 when it has none), or the error that ends the guest's call.
using Function = std::function<wapc::Result<std::uint64_t>(Guest&, std::span<const std::uint64_t>)>;

struct Export {
  wapc::Export what;
  Function function = nullptr;  ///< Of what is a function.
};

/// What a WebAssembly file is to other engines: a guest as it was written. A value.
struct GuestCode {
  std::vector<wapc::Import> imports = {};
  std::vector<Export> exports = {};
  std::size_t memory_pages = 1;  ///< Of 64 KiB.
  std::string data = {};         ///< What stands in the memory from kDataAt on.
  Function start = nullptr;      ///< Runs before anything else, as a start section does.
};

inline constexpr std::size_t kPageBytes = 65536;
inline constexpr std::uint32_t kDataAt = 8;

/// The guests that a program has, by name.
using GuestTable = std::map<std::string, GuestCode, std::less<>>;

/// A running guest, and what its functions work with. They fail by returning an error, which goes
/// up to the caller of the guest as it is; `trap` makes one.
class Guest final : public wapc::Instance {
 public:
  Guest(std::shared_ptr<const GuestCode> code, std::vector<wapc::ResolvedImport> imports,
        std::span<wapc::HostState* const> states, const wapc::InstanceLimits& limits);

  [[nodiscard]] wapc::GuestMemory memory() override { return memory_; }

  [[nodiscard]] const wapc::Budget& budget() const override { return *budget_; }

  [[nodiscard]] wapc::Result<std::uint64_t> call(wapc::ExportIndex function,
                                                 std::span<const std::uint64_t> arguments,
                                                 const wapc::Budget& budget) override;
  [[nodiscard]] wapc::Result<> start(const wapc::Budget& budget);

  /// Calls what the guest imports under that name.
  [[nodiscard]] wapc::Result<std::uint64_t> import(std::string_view name,
                                                   std::initializer_list<std::uint64_t> arguments);

  /// As `memory.grow`: the size before, in pages, or -1 when that is too much.
  std::uint32_t grow(std::uint32_t pages);

  /// To be asked in every loop; fails when the call must end.
  [[nodiscard]] wapc::Result<> go_on() const { return budget_->check(); }

  /// The error of a guest that stops itself; the backtrace is what it exports and what it runs.
  [[nodiscard]] std::unexpected<wapc::Error> trap(wapc::Trap why) const;

  /// A recursive function holds one while it runs, and stops when there is no more room for it.
  class Frame {
   public:
    explicit Frame(Guest& guest) : guest_{guest} { ++guest_.depth_; }

    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    ~Frame() { --guest_.depth_; }

    [[nodiscard]] wapc::Result<> has_room() const;

   private:
    Guest& guest_;
  };

  std::uint32_t calls = 0;  ///< The one global variable that guests have; theirs to use.

 private:
  [[nodiscard]] wapc::Result<std::uint64_t> run(std::string_view name, const Function& function,
                                                std::span<const std::uint64_t> arguments,
                                                const wapc::Budget& budget);

  std::shared_ptr<const GuestCode> code_;
  std::vector<wapc::ResolvedImport> imports_;  // In the order of the code's imports.
  std::vector<wapc::HostState*> states_;
  std::size_t memory_max_;
  wapc::Bytes memory_;
  std::size_t depth_ = 0;
  std::string_view running_;              // The exported function, for the backtrace.
  const wapc::Budget* budget_ = nullptr;  // Of the call in progress.
};

/// The engine: what it "compiles" are names of guests in its table.
class Engine final : public wapc::Engine {
 public:
  explicit Engine(GuestTable guests);

  [[nodiscard]] const wapc::EngineInfo& info() const noexcept override { return info_; }

  [[nodiscard]] wapc::Result<std::shared_ptr<const wapc::Module>> compile(
      wapc::BytesView name, const wapc::CompileOptions& options) const override;

 private:
  // No feature of WebAssembly's: it runs none.
  wapc::EngineInfo info_{
      .name = "native", .version = "1", .execution = wapc::Execution::native, .features = {}};
  std::map<std::string, std::shared_ptr<const GuestCode>, std::less<>> guests_;
};

}  // namespace native
