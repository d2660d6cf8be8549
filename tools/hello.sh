#!/usr/bin/env bash
# From a fresh checkout to an answer of a guest: installs what is missing, builds the program wapc
# and the guest hello (AssemblyScript, with its public waPC SDK), and calls it.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_dependencies.sh
cmake --preset release --log-level=ERROR
cmake --build --preset release --target wapc_cli wapc_libraries guest_hello

set -x
build/release/wapc call build/guests/hello.wasm 'wapc:sample!Hello' 'this is a test'
