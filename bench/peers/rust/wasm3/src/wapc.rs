//! Crates `wapc` 1.1 and `wasm3-provider`. A module belongs to one instance there, so there is no
//! loading apart from it.

use protocol::{Arguments, Guest, Peer};
use wapc::WapcHost;
use wasm3_provider::Wasm3EngineProvider;

struct Wasm3 {
    guest: Vec<u8>,
}

struct Instance(WapcHost);

impl Guest for Instance {
    fn call(&mut self, operation: &str, payload: &[u8]) -> impl AsRef<[u8]> {
        self.0.call(operation, payload).expect("a response")
    }
}

impl Peer for Wasm3 {
    type Guest = Instance;

    fn instance(&self) -> Instance {
        let engine = Wasm3EngineProvider::new(&self.guest);
        let echo = |_, _: &str, _: &str, _: &str, payload: &[u8]| Ok(payload.to_vec());
        Instance(WapcHost::new(Box::new(engine), Some(Box::new(echo))).expect("an instance"))
    }
}

fn main() {
    protocol::serve(Wasm3 { guest: Arguments::of_program().guest });
}
