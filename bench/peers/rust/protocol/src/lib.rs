//! What the Rust peers do alike: answer the runner's requests (see ../../README.md) and repeat work
//! for a slice of time.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// A guest that can be called on the thread that made it.
pub trait Guest {
    fn call(&mut self, operation: &str, payload: &[u8]) -> impl AsRef<[u8]>;
}

/// A host under measurement.
pub trait Peer {
    type Guest: Guest;

    /// Whether `instance` makes one, instead of handing out another way to those that there are.
    const MAKES_INSTANCES: bool = true;

    /// A new instance.
    fn instance(&self) -> Self::Guest;

    /// Loads the large module from scratch; false when this host has no such step.
    fn load(&self) -> bool {
        false
    }

    /// Loads the large module where it was loaded before; false when this host keeps nothing.
    fn load_cached(&self) -> bool {
        false
    }

    /// So many threads are about to ask for an instance each.
    fn expect_threads(&mut self, _count: usize) {}
}

/// What the runner starts a peer with.
pub struct Arguments {
    pub guest: Vec<u8>,
    pub large: Vec<u8>,
    pub cache: PathBuf,
}

impl Arguments {
    pub fn of_program() -> Self {
        let [guest, large, cache] = std::env::args()
            .skip(1)
            .collect::<Vec<_>>()
            .try_into()
            .expect("arguments: GUEST.wasm LARGE.wasm CACHE_FOLDER");
        let bytes = |path: String| std::fs::read(Path::new(&path)).expect("a readable module");
        Self { guest: bytes(guest), large: bytes(large), cache: cache.into() }
    }
}

/// Does the work again and again for a slice of time: how often, and for how long.
fn repeat(slice: Duration, mut work: impl FnMut()) -> (u64, Duration) {
    let (mut done, mut batch) = (0, 1);
    let start = Instant::now();
    loop {
        for _ in 0..batch {
            work();
        }
        done += batch;
        let passed = start.elapsed();
        if passed >= slice {
            return (done, passed);
        }
        if passed * 16 < slice {
            batch *= 2; // So that looking at the clock costs nothing.
        }
    }
}

fn per_item((count, time): (u64, Duration)) -> f64 {
    time.as_nanos() as f64 / count as f64
}

fn call(guest: &mut impl Guest, operation: &str, payload: &[u8], response_length: usize) {
    let response = guest.call(operation, payload);
    assert_eq!(black_box(response.as_ref()).len(), response_length);
}

fn on_threads<P: Peer + Sync>(peer: &P, count: usize, slice: Duration) -> f64 {
    let payload = [b'x'; 64];
    let ready = Barrier::new(count);
    let worker = || {
        let mut guest = peer.instance();
        call(&mut guest, "echo", &payload, payload.len());
        ready.wait();
        per_item(repeat(slice, || call(&mut guest, "echo", &payload, payload.len())))
    };
    let rates: f64 = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| 1.0 / worker.join().expect("a worker")).sum()
    });
    1.0 / rates
}

/// Nanoseconds for one item of `row`; none when the peer has no such thing.
fn measure<P: Peer + Sync>(
    peer: &mut P,
    guest: &mut P::Guest,
    row: &str,
    size: usize,
    slice: Duration,
) -> Option<f64> {
    match row {
        "nop" => Some(per_item(repeat(slice, || call(guest, "nop", &[], 0)))),
        "echo" => {
            let payload = vec![b'x'; size];
            Some(per_item(repeat(slice, || call(guest, "echo", &payload, size))))
        }
        "host" => Some(per_item(repeat(slice, || call(guest, "host", &[], 0))) / 1000.0),
        "fresh" => P::MAKES_INSTANCES
            .then(|| per_item(repeat(slice, || call(&mut peer.instance(), "nop", &[], 0)))),
        "load" => {
            let mut can = false;
            let time = repeat(slice, || can = peer.load());
            can.then(|| per_item(time))
        }
        "cached" => {
            // The first one may be the one that fills the cache.
            peer.load_cached().then(|| per_item(repeat(slice, || assert!(peer.load_cached()))))
        }
        "threads" => {
            peer.expect_threads(size);
            Some(on_threads(peer, size, slice))
        }
        _ => None,
    }
}

/// Answers the runner until it closes standard input.
pub fn serve<P: Peer + Sync>(mut peer: P) {
    let mut guest = peer.instance();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let words: Vec<&str> = line.split_whitespace().collect();
        let [row, size, seconds] = words[..] else { panic!("requests are ROW SIZE SECONDS") };
        let size = size.parse().expect("a size");
        let slice = Duration::from_secs_f64(seconds.parse().expect("seconds"));
        match measure(&mut peer, &mut guest, row, size, slice) {
            Some(nanoseconds) => println!("{nanoseconds:.3}"),
            None => println!("-"),
        }
        std::io::stdout().flush().expect("somebody who reads");
    }
}
