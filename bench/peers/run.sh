#!/usr/bin/env bash
# Builds the hosts to compare with, into build/peers, and measures them beside ours in one interleaved run
# (run.py, which says what its options are: --quick, --only PEER,...). The first time takes a quarter of an
# hour on 2 cores, nearly all of it wasmtime's crates. What cannot be built is named, and left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/bench/peers
out=$PWD/build/peers
mkdir -p "$out"/{js,extism}

only=
for ((i = 1; i <= $#; ++i)); do
  [[ ${!i} == --only ]] && { next=$((i + 1)); only=,${!next},; }
  [[ ${!i} == --only=* ]] && { only=${!i}; only=,${only#*=},; }
done

# build FUNCTION PEER...: unless none of these peers is asked for.
build() {
  local wanted=${only:-all}
  for peer in "${@:2}"; do
    [[ $wanted == all || $wanted == *,$peer,* ]] || continue
    (set -e; "$1") >"$out/$1.log" 2>&1 || echo "$1 failed: see build/peers/$1.log"
    return 0
  done
}

ours() {
  cmake --preset bench
  cmake --build --preset bench --target wapc_cpp wasmtime_c_floor bench_guests
}

cargo_release() {
  CARGO_TARGET_DIR=$out/rust nice cargo build --release --locked \
    --manifest-path "$here/rust/Cargo.toml" --package "$1"
}

rust_wasmtime() { cargo_release peer-wasmtime; }

rust_wasm3() {
  # Its bindings are made by libclang, which knows what it reads up to version 14.
  [[ -e /usr/lib/llvm-14/lib/libclang-14.so.1 ]] ||
    { apt-get update -q && apt-get install -y libclang1-14; }
  LIBCLANG_PATH=/usr/lib/llvm-14/lib cargo_release peer-wasm3
}

go_wazero() { go build -C "$here/go" -o "$out/go_peer" .; }

js_node() {
  cp "$here"/js/* "$out/js"
  npm ci --prefix "$out/js" --no-audit --no-fund
}

extism() {
  python3 -m pip install --quiet --no-deps --target "$out/extism/wheel" --upgrade extism-sys==1.41.0
  wat2wasm "$here/extism/guest.wat" -o "$out/extism/guest.wasm"
  local library=$out/extism/wheel/extism_sys
  g++ -std=c++23 -O3 -Ibench bench/peers/peer.cpp "$here/extism/peer.cpp" \
    -L"$library" -lextism_sys -Wl,-rpath,"$library" -o "$out/extism/peer"
}

build ours floor-c floor-c-slots cpp-wasmtime cpp-slots cpp-wasm3
build extism extism extism-in-place
build js_node js
build go_wazero go
build rust_wasm3 rust-wasm3 rust-pool
build rust_wasmtime floor-rust rust-wasmtime
python3 "$here/run.py" "$@"
