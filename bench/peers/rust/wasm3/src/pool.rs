//! Crate `wapc-pool` over `wasm3-provider`: as many workers as there are threads that call, one of
//! them when nothing is said. Its newest release fits `wapc` 1.1, so it gets that one's engine.

use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use protocol::{Arguments, Guest, Peer};
use wapc::WapcHost;
use wapc_pool::{HostPool, HostPoolBuilder};
use wasm3_provider::Wasm3EngineProvider;

fn pool_of(workers: usize, guest: &Arc<Vec<u8>>) -> Arc<HostPool> {
    let guest = Arc::clone(guest);
    let start = move || {
        let engine = Wasm3EngineProvider::new(&guest);
        let echo = |_, _: &str, _: &str, _: &str, payload: &[u8]| Ok(payload.to_vec());
        WapcHost::new(Box::new(engine), Some(Box::new(echo))).expect("an instance")
    };
    let pool = HostPoolBuilder::new()
        .name("peer")
        .factory(start)
        .min_threads(workers)
        .max_threads(workers)
        .max_wait(Duration::from_secs(10))
        .build();
    Arc::new(pool)
}

struct Pool {
    guest: Arc<Vec<u8>>,
    pool: Arc<HostPool>,
    workers: usize,
}

struct Caller(Arc<HostPool>);

impl Guest for Caller {
    fn call(&mut self, operation: &str, payload: &[u8]) -> impl AsRef<[u8]> {
        block_on(self.0.call(operation, payload.to_vec())).expect("a response")
    }
}

impl Peer for Pool {
    type Guest = Caller;

    const MAKES_INSTANCES: bool = false;

    fn instance(&self) -> Caller {
        Caller(Arc::clone(&self.pool))
    }

    fn expect_threads(&mut self, count: usize) {
        if self.workers != count {
            self.pool = pool_of(count, &self.guest);
            self.workers = count;
        }
    }
}

fn main() {
    let guest = Arc::new(Arguments::of_program().guest);
    protocol::serve(Pool { pool: pool_of(1, &guest), guest, workers: 1 });
}
