#include "cli/compile_progress.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "cli/text.hpp"

namespace wapc::cli {
namespace {

constexpr std::string_view kWipe = "\r\x1b[K";  // To the begin of the line, and all of it away.

/// Of the guest's name: the line has to fit into the terminal's, or it would not be wiped whole.
constexpr std::size_t kNameBytesMax = 40;

std::string shortened(std::string_view name) {
  auto text = printable(name);
  if (text.size() <= kNameBytesMax) return text;
  auto kept = kNameBytesMax;
  // Not in the middle of a character.
  while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U) --kept;
  return text.substr(0, kept).append("...");
}

void show_until(const std::stop_token& stop, const CompileProgress& progress) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  const auto name = shortened(progress.guest);
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  bool shown = false;
  for (auto next = begun + progress.first;; next += progress.step) {
    never.wait_until(lock, stop, next, [] { return false; });
    if (stop.stop_requested()) break;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(Clock::now() - begun);
    progress.write(fmt::format("{}wapc: compiling {} ({} s)", kWipe, name, seconds.count()));
    shown = true;
  }
  if (shown) progress.write(kWipe);
}

class ShowingEngine final : public Engine {
 public:
  ShowingEngine(std::shared_ptr<const Engine> engine, CompileProgress progress)
      : engine_{std::move(engine)}, progress_{std::move(progress)} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return engine_->info(); }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override {
    const auto thread = progress_.write ? start() : std::jthread{};
    return engine_->compile(wasm, options);
  }

  [[nodiscard]] Result<std::shared_ptr<const Module>> restore(
      const Artefact& artefact, BytesView wasm, const ModuleLimits& limits) const override {
    return engine_->restore(artefact, wasm, limits);
  }

 private:
  [[nodiscard]] std::jthread start() const {
    try {
      return std::jthread{[this](const std::stop_token& stop) { show_until(stop, progress_); }};
    } catch (const std::system_error&) {
      return {};  // No thread is left for this: it compiles all the same.
    }
  }

  std::shared_ptr<const Engine> engine_;
  CompileProgress progress_;
};

}  // namespace

std::unique_ptr<Engine> showing(std::shared_ptr<const Engine> engine, CompileProgress progress) {
  return std::make_unique<ShowingEngine>(std::move(engine), std::move(progress));
}

}  // namespace wapc::cli
