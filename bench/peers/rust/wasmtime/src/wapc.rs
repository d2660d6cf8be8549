//! Crates `wapc` 2 and `wasmtime-provider`, with instances from a module compiled once
//! (`build_pre` and `rehydrate`), which is their quickest way.

use protocol::{Arguments, Guest, Peer};
use wapc::WapcHost;
use wasmtime_provider::wasmtime::{Cache, CacheConfig, Config, Engine, Module};
use wasmtime_provider::{WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

struct Wasmtime {
    pre: WasmtimeEngineProviderPre,
    large: Vec<u8>,
    without_cache: Engine,
    with_cache: Engine,
}

struct Instance(WapcHost);

impl Guest for Instance {
    fn call(&mut self, operation: &str, payload: &[u8]) -> impl AsRef<[u8]> {
        self.0.call(operation, payload).expect("a response")
    }
}

impl Peer for Wasmtime {
    type Guest = Instance;

    fn instance(&self) -> Instance {
        let engine = self.pre.rehydrate(None).expect("an engine");
        let echo = |_, _: &str, _: &str, _: &str, payload: &[u8]| Ok(payload.to_vec());
        Instance(WapcHost::new(Box::new(engine), Some(Box::new(echo))).expect("an instance"))
    }

    // What its builder does with a module; linking needs WASI for the large one, and takes no time.
    fn load(&self) -> bool {
        Module::new(&self.without_cache, &self.large).is_ok()
    }

    fn load_cached(&self) -> bool {
        Module::new(&self.with_cache, &self.large).is_ok()
    }
}

fn main() {
    let arguments = Arguments::of_program();
    let mut cache = CacheConfig::new();
    cache.with_directory(arguments.cache);
    let mut config = Config::new();
    config.cache(Some(Cache::new(cache).expect("a cache")));
    protocol::serve(Wasmtime {
        pre: WasmtimeEngineProviderBuilder::new()
            .module_bytes(&arguments.guest)
            .build_pre()
            .expect("a module"),
        large: arguments.large,
        without_cache: Engine::default(),
        with_cache: Engine::new(&config).expect("an engine"),
    });
}
