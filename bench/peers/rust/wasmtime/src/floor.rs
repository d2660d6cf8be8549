//! The least that a careful program does to call one guest through the crate `wasmtime`: no host in
//! between, no more than this guest needs. Beside the floor on the C API (../../floor.cpp) it shows
//! what the language costs.

use protocol::{Arguments, Guest, Peer};
use wasmtime_provider::wasmtime::{
    Cache, CacheConfig, Caller, Config, Engine, InstancePre, Linker, Memory, Module, Result, Store,
    TypedFunc,
};

/// What the caller lends for the length of a call.
struct Lent(*const [u8]);

// Only looked at on the thread that lends it.
unsafe impl Send for Lent {}

impl Lent {
    fn bytes(&self) -> &[u8] {
        unsafe { &*self.0 }
    }
}

/// A call's part of the conversation.
struct Conversation {
    memory: Option<Memory>,
    operation: Lent,
    payload: Lent,
    response: Vec<u8>,
    reply: Vec<u8>,
}

type Of<'a> = Caller<'a, Conversation>;

/// The guest's memory beside what the conversation holds.
fn split<'a>(caller: &'a mut Of) -> (&'a mut [u8], &'a mut Conversation) {
    let memory = caller.data().memory.expect("a memory");
    memory.data_and_store_mut(caller)
}

fn part(memory: &[u8], start: i32, length: i32) -> &[u8] {
    &memory[start as u32 as usize..][..length as u32 as usize]
}

fn part_mut(memory: &mut [u8], start: i32, length: usize) -> &mut [u8] {
    &mut memory[start as u32 as usize..][..length]
}

fn link(engine: &Engine) -> Result<Linker<Conversation>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        "wapc",
        "__guest_request",
        |mut caller: Of, operation: i32, payload: i32| {
            let (memory, state) = split(&mut caller);
            for (start, lent) in
                [(operation, state.operation.bytes()), (payload, state.payload.bytes())]
            {
                part_mut(memory, start, lent.len()).copy_from_slice(lent);
            }
        },
    )?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Of, start: i32, length: i32| {
        let (memory, state) = split(&mut caller);
        state.response.clear();
        state.response.extend_from_slice(part(memory, start, length));
    })?;
    linker.func_wrap("wapc", "__guest_error", |_: i32, _: i32| {})?;
    linker.func_wrap(
        "wapc",
        "__host_call",
        |mut caller: Of,
         a: i32,
         a_n: i32,
         b: i32,
         b_n: i32,
         c: i32,
         c_n: i32,
         start: i32,
         length: i32| {
            let (memory, state) = split(&mut caller);
            for (name, length) in [(a, a_n), (b, b_n), (c, c_n)] {
                std::hint::black_box(part(memory, name, length));
            }
            state.reply.clear();
            state.reply.extend_from_slice(part(memory, start, length));
            1
        },
    )?;
    linker
        .func_wrap("wapc", "__host_response_len", |caller: Of| caller.data().reply.len() as i32)?;
    linker.func_wrap("wapc", "__host_response", |mut caller: Of, start: i32| {
        let (memory, state) = split(&mut caller);
        part_mut(memory, start, state.reply.len()).copy_from_slice(&state.reply);
    })?;
    Ok(linker)
}

struct Floor {
    engine: Engine,
    pre: InstancePre<Conversation>,
    large: Vec<u8>,
    with_cache: Engine,
}

struct Instance {
    store: Store<Conversation>,
    guest_call: TypedFunc<(i32, i32), i32>,
}

impl Guest for Instance {
    fn call(&mut self, operation: &str, payload: &[u8]) -> impl AsRef<[u8]> {
        let state = self.store.data_mut();
        (state.operation, state.payload) = (Lent(operation.as_bytes()), Lent(payload));
        let lengths = (operation.len() as i32, payload.len() as i32);
        assert_eq!(self.guest_call.call(&mut self.store, lengths).expect("no trap"), 1);
        &self.store.data().response
    }
}

impl Peer for Floor {
    type Guest = Instance;

    fn instance(&self) -> Instance {
        let mut store = Store::new(
            &self.engine,
            Conversation {
                memory: None,
                operation: Lent(&[]),
                payload: Lent(&[]),
                response: vec![],
                reply: vec![],
            },
        );
        store.set_epoch_deadline(1_000_000_000);
        let instance = self.pre.instantiate(&mut store).expect("an instance");
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        let guest_call = instance.get_typed_func(&mut store, "__guest_call").expect("__guest_call");
        Instance { store, guest_call }
    }

    fn load(&self) -> bool {
        Module::new(&self.engine, &self.large).is_ok()
    }

    fn load_cached(&self) -> bool {
        Module::new(&self.with_cache, &self.large).is_ok()
    }
}

fn main() {
    let arguments = Arguments::of_program();
    let mut config = Config::new();
    config.epoch_interruption(true);
    let engine = Engine::new(&config).expect("an engine");
    let mut cache = CacheConfig::new();
    cache.with_directory(arguments.cache);
    config.cache(Some(Cache::new(cache).expect("a cache")));
    let module = Module::new(&engine, &arguments.guest).expect("a module");
    protocol::serve(Floor {
        pre: link(&engine).expect("functions").instantiate_pre(&module).expect("a linked module"),
        engine,
        large: arguments.large,
        with_cache: Engine::new(&config).expect("an engine"),
    });
}
