//! The hash behind `src/wasm/hash.hpp`: BLAKE3.

use crate::Text;

/// Puts 32 bytes at `digest`: the hash of the `count` texts at `parts`, one after the other; under
/// the 32 bytes at `key`, if it is not null.
///
/// # Safety
/// What is pointed to is as large as it is said to be, and does not overlap with `digest`.
#[no_mangle]
pub unsafe extern "C" fn wapc_reader_hash(
    key: *const [u8; 32],
    parts: *const Text,
    count: usize,
    digest: *mut [u8; 32],
) {
    let mut hasher = match key.as_ref() {
        Some(key) => blake3::Hasher::new_keyed(key),
        None => blake3::Hasher::new(),
    };
    for part in std::slice::from_raw_parts(parts, count) {
        hasher.update(part.bytes());
    }
    *digest = *hasher.finalize().as_bytes();
}
