#!/bin/sh
# go.sh <module> <go> <output>
# Compiles the module as a WASI reactor. Dates, paths and the state of the repository stay out of it.
set -eu
. "$(dirname "$0")/shared.sh"

module=$1 go=$2 output=$3

cd "$module"
GOOS=wasip1 GOARCH=wasm GOWORK=off "$go" build -buildmode=c-shared -trimpath -buildvcs=false \
  -ldflags='-s -w' -o "$output.built" .
publish "$output.built" "$output"
rm "$output.built"
