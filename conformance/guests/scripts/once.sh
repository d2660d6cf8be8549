#!/bin/sh
# once.sh <output> <input>... -- <command>...
# Runs the command that makes `output`, unless the file at hand was made by the same command from the
# same inputs. So build trees that share a folder of guests build each of them once.
set -eu

output=$1
shift
digest=$(
  {
    printf '%s\n' "$@"
    for argument in "$@"; do
      [ "$argument" = -- ] && break
      cat -- "$argument"
    done
  } | cksum
)
while [ "$1" != -- ]; do
  shift
done
shift

mkdir -p "$(dirname "$output")"
if [ -f "$output" ] && [ "$(cat "$output.key" 2>/dev/null)" = "$digest" ]; then
  touch -c "$output"
  exit 0
fi
rm -f "$output.key"
"$@"
printf '%s\n' "$digest" >"$output.key"
