#include "cli/guest_engine.hpp"

#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/try.hpp"
#include "cli/engine_choice.hpp"
#include "cli/text.hpp"
#include "cli/user_cache.hpp"
#include "cli/wasi_options.hpp"

namespace wapc::cli {
namespace {

void note(std::string_view why, Streams& streams) {
  streams.error(fmt::format("wapc: note: compiled code is not kept: {}\n", printable(why)));
}

/// Compiles by way of a cache, and tells the user when a file of it could not be written.
class NotingEngine final : public Engine {
 public:
  NotingEngine(std::unique_ptr<Engine> engine, std::shared_ptr<CompileCache> cache,
               Streams& streams)
      : engine_{std::move(engine)}, cache_{std::move(cache)}, streams_{streams} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return engine_->info(); }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override {
    auto module = cache_->compile(*engine_, wasm, options);
    const auto trouble = cache_->stats().trouble;
    if (!trouble.empty()) {
      note(fmt::format("the cache {}: {}", cache_->options().directory.string(), trouble),
           streams_);
    }
    return module;
  }

  [[nodiscard]] Result<std::shared_ptr<const Module>> restore(
      const Artefact& artefact, BytesView wasm, const ModuleLimits& limits) const override {
    return engine_->restore(artefact, wasm, limits);
  }

 private:
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<CompileCache> cache_;
  Streams& streams_;
};

}  // namespace

Outcome<std::unique_ptr<Engine>> make_guest_engine(const GuestEngineOptions& options,
                                                   Streams& streams) {
  WAPC_TRY(auto made, make_engine(options.engine, options.built_in, options.option));
  if (options.built_in.perf_map) {
    streams.error(fmt::format("wapc: note: perf finds the guest's functions in /tmp/perf-{}.map\n",
                              ::getpid()));
  }
  auto engine = showing_on(streams, std::move(made), options.guest, options.begun);
  if (options.no_cache || !engine->info().makes_artefacts) return engine;
  const auto directory = cache_directory();
  if (!directory) return engine;
  auto cache = open_cache(*directory);
  if (!cache) {
    note(cache.error().message(), streams);
    return engine;
  }
  return std::make_unique<NotingEngine>(std::move(engine), *std::move(cache), streams);
}

std::unique_ptr<Engine> showing_on(Streams& streams, std::shared_ptr<const Engine> engine,
                                   const std::string& guest, std::function<void()> begun) {
  return showing(std::move(engine), {.guest = file_name(guest),
                                     .begun = std::move(begun),
                                     .line = {.write = terminal_of(streams)}});
}

std::function<void(std::string_view)> terminal_of(Streams& streams) {
  if (!streams.error_is_terminal()) return nullptr;
  return [&streams](std::string_view text) { streams.error(text); };
}

}  // namespace wapc::cli
