#include "wapc/cache/compile_cache.hpp"

#include <atomic>
#include <utility>

#include "base/try.hpp"
#include "cache/files.hpp"
#include "cache/kept.hpp"

namespace wapc {
namespace {

/// What an artefact depends on besides the module, as text that says where it ends. The limits are
/// of it because a module that was compiled is not held against them again.
std::string settings_of(const EngineInfo& engine, const ModuleLimits& limits) {
  std::string text = "wapc artefact 1";
  for (const auto& part : {engine.name, engine.version, engine.code_settings}) {
    text.append("\n").append(std::to_string(part.size())).append(" ").append(part);
  }
  for (const std::uint64_t number :
       {std::uint64_t{engine.features.bits()}, std::uint64_t{limits.bytes},
        std::uint64_t{limits.function_bytes}, std::uint64_t{limits.functions},
        std::uint64_t{limits.globals}, std::uint64_t{limits.imports}, std::uint64_t{limits.exports},
        std::uint64_t{limits.data_segments}, std::uint64_t{limits.element_segments},
        std::uint64_t{limits.locals}, std::uint64_t{limits.nesting}}) {
    text.append("\n").append(std::to_string(number));
  }
  return text.append("\n");
}

class CachingEngine final : public Engine {
 public:
  CachingEngine(std::unique_ptr<Engine> engine, std::shared_ptr<CompileCache> cache)
      : engine_{std::move(engine)}, cache_{std::move(cache)} {}

  [[nodiscard]] const EngineInfo& info() const noexcept override { return engine_->info(); }

  [[nodiscard]] Result<std::shared_ptr<const Module>> compile(
      BytesView wasm, const CompileOptions& options) const override {
    return cache_->compile(*engine_, wasm, options);
  }

  [[nodiscard]] Result<std::shared_ptr<const Module>> restore(
      const Artefact& artefact, BytesView wasm, const ModuleLimits& limits) const override {
    return engine_->restore(artefact, wasm, limits);
  }

 private:
  std::unique_ptr<Engine> engine_;
  std::shared_ptr<CompileCache> cache_;
};

}  // namespace

Result<std::shared_ptr<CompileCache>> CompileCache::open(CompileCacheOptions options) {
  WAPC_TRY(auto files, Files::open(options.directory, options.bytes_max));
  std::shared_ptr<CompileCache> cache{new CompileCache{std::move(options)}};
  cache->files_ = std::move(files);
  return cache;
}

CompileCache::CompileCache(CompileCacheOptions options)
    : options_{std::move(options)},
      kept_{std::make_shared<Kept>(options_.kept_bytes_max, options_.kept_max)} {}

CompileCache::~CompileCache() = default;

Result<std::shared_ptr<const Module>> CompileCache::compile(const Engine& engine, BytesView wasm,
                                                            const CompileOptions& options) {
  const auto& limits = options.limits;
  if (!engine.info().makes_artefacts || wasm.size() > limits.bytes) {
    return engine.compile(wasm, options);
  }
  const auto name = hash({as_bytes(settings_of(engine.info(), limits)), wasm});
  if (const auto artefact = kept_->find(name)) {
    if (auto module = engine.restore(*artefact, wasm, limits)) {
      kept_->count(&CompileCacheStats::kept);
      return module;
    }
  }
  const auto found = files_->find(name);
  if (!found && found.error().code() == Errc::denied) kept_->count(&CompileCacheStats::refused);
  if (const auto artefact = found ? *found : std::nullopt) {
    // It may have been made on another machine, for a processor that this one is not.
    if (auto module = engine.restore(*artefact, wasm, limits)) {
      kept_->count(&CompileCacheStats::read);
      kept_->add(name, *artefact);
      return module;
    }
  }
  // By whoever comes first: the engine when it has made the module, behind the caller perhaps; or
  // the caller, of an engine that tells nobody.
  const auto store_once = [files = files_, kept = kept_, name,
                           done = std::make_shared<std::atomic_flag>()](const Module& module) {
    if (done->test_and_set()) return;
    kept->count(&CompileCacheStats::compiled);
    const auto stored = [&]() -> Result<> {
      WAPC_TRY(const auto artefact, module.artefact());
      return files->store(name, artefact);
    }();
    if (stored) kept->count(&CompileCacheStats::stored);
    kept->set_trouble(stored ? "" : stored.error().message());
  };
  auto telling = options;
  telling.made = [store_once, made = options.made](const Module& module) {
    store_once(module);
    if (made) made(module);
  };
  auto module = engine.compile(wasm, telling);
  if (module) store_once(**module);
  return module;
}

CompileCacheStats CompileCache::stats() const {
  return kept_->stats();
}

Result<std::vector<CompileCacheEntry>> CompileCache::entries() const {
  return files_->entries();
}

Result<std::size_t> CompileCache::clear() {
  kept_->clear();
  return files_->clear();
}

const CompileCacheOptions& CompileCache::options() const noexcept {
  return options_;
}

std::unique_ptr<Engine> with_cache(std::unique_ptr<Engine> engine,
                                   std::shared_ptr<CompileCache> cache) {
  return std::make_unique<CachingEngine>(std::move(engine), std::move(cache));
}

}  // namespace wapc
