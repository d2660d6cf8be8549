#!/bin/sh
# zig.sh <source> <requirements> <downloads> <python> <output> <compiler option>...
# Compiles the source with the compiler that the requirements pin, installed by pip below <downloads>.
set -eu
. "$(dirname "$0")/shared.sh"

source=$1 requirements=$2 downloads=$3 python=$4 output=$5
shift 5

home=$downloads/zig-$(digest_of "$requirements")
exclusively "$home"
if [ ! -f "$home/.installed" ]; then
  PIP_ROOT_USER_ACTION=ignore "$python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --require-hashes --upgrade --requirement "$requirements" --target "$home/packages"
  touch "$home/.installed"
fi

cd "$home"
PYTHONPATH=$home/packages "$python" -m ziglang build-exe "$source" "$@" -O ReleaseSmall \
  --cache-dir cache --global-cache-dir cache -femit-bin=guest.wasm
publish guest.wasm "$output"
