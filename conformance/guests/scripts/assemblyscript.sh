#!/bin/sh
# assemblyscript.sh <packages> <sources> <entry> <downloads> <output> <compiler option>...
# Compiles <sources>/<entry> with the compiler and the SDK that <packages>/package-lock.json pins. They are
# installed by npm below <downloads>, once for each lock file. The last option names the output's kind.
set -eu
. "$(dirname "$0")/shared.sh"

packages=$1 sources=$2 entry=$3 downloads=$4 output=$5
shift 5

home=$downloads/npm-$(digest_of "$packages/package-lock.json")
exclusively "$home"
if [ ! -f "$home/.installed" ]; then
  cp "$packages/package.json" "$packages/package-lock.json" "$home"
  (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  touch "$home/.installed"
fi

# The compiler looks for packages below its working directory, and for sources as well.
rm -rf "$home/assembly"
cp -R "$sources" "$home/assembly"
cd "$home"
node_modules/.bin/asc "assembly/$entry" "$@" guest.wasm
publish guest.wasm "$output"
