#!/bin/sh
# rust.sh <workspace> <package> <target> <target folder> <output> [<rustc option>...]
# Compiles one package of the workspace for the target. The environment says with what:
#   CARGO, RUSTC          the programs
#   WAPC_RUST_BUILD_STD   1 to compile the standard library too, from its sources: Debian has no other
#   CARGO_TARGET_<TARGET>_LINKER   where the compiler brings no linker of its own
set -eu
. "$(dirname "$0")/shared.sh"

workspace=$1 package=$2 target=$3 folder=$4 output=$5
shift 5

if [ "${WAPC_RUST_BUILD_STD:-0}" = 1 ]; then
  set -- -Zbuild-std=std,panic_abort -- "$@"
  export RUSTC_BOOTSTRAP=1
else
  set -- -- "$@"
fi
"$CARGO" rustc --quiet --release --locked --target "$target" --package "$package" \
  --manifest-path "$workspace/Cargo.toml" --target-dir "$folder" "$@"
publish "$folder/$target/release/$(echo "$package" | tr - _).wasm" "$output"
