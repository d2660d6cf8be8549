#!/bin/sh
# go.sh <module> <package> <go> <output> [<build option>...]
# Compiles a package of the module for WASI. Dates, paths and the state of the repository stay out of it.
set -eu
. "$(dirname "$0")/shared.sh"

module=$1 package=$2 go=$3 output=$4
shift 4

cd "$module"
GOOS=wasip1 GOARCH=wasm GOWORK=off "$go" build "$@" -trimpath -buildvcs=false -ldflags='-s -w' \
  -o "$output.built" "$package"
publish "$output.built" "$output"
rm "$output.built"
