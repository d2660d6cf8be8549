// How do I give guests functions of my own?    own_imports ENGINE dice.wasm

#include <array>
#include <random>

#include "example.hpp"

namespace {

/// What the functions work on: each instance of a guest has its own.
class Dice final : public wapc::HostState {
 public:
  /// What guests import as `game.roll`: its WebAssembly type is read off the parameters.
  wapc::Result<std::uint32_t> roll(wapc::Caller& /*caller*/, std::uint32_t sides) {
    if (sides == 0) return wapc::failure(wapc::Errc::trapped, "game.roll: a die without sides");
    return std::uniform_int_distribution<std::uint32_t>{1, sides}(random_);
  }

  /// `game.name`: writes the name of the game to the pointer that the guest gives, which is not to
  /// be trusted: `write` is the way to it.
  wapc::Result<std::uint32_t> name(wapc::Caller& caller, std::uint32_t pointer) {
    constexpr std::string_view kName = "the guest rolled ";
    if (!wapc::write(caller.memory(), pointer, wapc::as_bytes(kName))) {
      return wapc::failure(wapc::Errc::trapped, "game.name: a pointer outside the memory");
    }
    return static_cast<std::uint32_t>(kName.size());
  }

 private:
  std::mt19937 random_{std::random_device{}()};
};

constexpr std::array kFunctions{wapc::offer<&Dice::roll>("game", "roll"),
                                wapc::offer<&Dice::name>("game", "name")};

}  // namespace

int main(int /*argc*/, char** argv) {
  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const wapc::OwnImports game{.table = {kFunctions, &typeid(Dice)},
                              .make_state = [] { return std::make_unique<Dice>(); }};
  const auto host = must(wapc::Host::start(load(*engine, argv[2], {.imports = {game}})));
  std::cout << wapc::as_text(must(host->invoke({.operation = "roll"}))) << "\n";
}
