#!/bin/sh
# rust.sh <workspace> <package> <target folder> <output>
# Compiles one package of the workspace for wasm32-unknown-unknown. The environment says with what:
#   CARGO, RUSTC          the programs
#   WAPC_RUST_BUILD_STD   1 to compile the standard library too, from its sources: Debian has no other
#   CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER   where the compiler brings no linker of its own
set -eu
. "$(dirname "$0")/shared.sh"

workspace=$1 package=$2 target=$3 output=$4

set -- --release --locked --target wasm32-unknown-unknown
if [ "${WAPC_RUST_BUILD_STD:-0}" = 1 ]; then
  set -- "$@" -Zbuild-std=std,panic_abort
  export RUSTC_BOOTSTRAP=1
fi
"$CARGO" build --quiet "$@" --package "$package" --manifest-path "$workspace/Cargo.toml" \
  --target-dir "$target"
publish "$target/wasm32-unknown-unknown/release/$(echo "$package" | tr - _).wasm" "$output"
