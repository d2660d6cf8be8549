#!/usr/bin/env bash
# Builds the fuzzers and runs each for so many seconds, 60 unless told; 0 runs just their corpora.
#   fuzz/run.sh [SECONDS] [FUZZER...]
# A fuzzer begins with fuzz/corpus/FUZZER, which is small and shows it the way, and with what it has
# learnt before, which it keeps in build/fuzz/corpus/FUZZER. What it finds fails this script, and is
# kept in build/fuzz/found; to see it again: build/fuzz/fuzz/FUZZER FILE. Once that is mended, FILE
# goes into fuzz/corpus/FUZZER.
#
# Takes what tools/install_dependencies.sh test installs. Builds no guests.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
fuzzers=("$@")
((${#fuzzers[@]})) || fuzzers=(
  module_fuzz source_lines_fuzz guest_fuzz providers_agree_fuzz protocol_fuzz wasi_fuzz msgpack_fuzz
  policy_fuzz)

mkdir -p build/fuzz/found
log=build/fuzz/build.log
{ cmake --preset fuzz && cmake --build --preset fuzz --target "${fuzzers[@]}"; } >"$log" 2>&1 || {
  tail -n 40 "$log" >&2
  exit 1
}

# Fuzzers work on files, by the thousand: in memory where there is such a place.
where=${TMPDIR:-/tmp}
[[ -d /dev/shm && -w /dev/shm ]] && where=/dev/shm
TMPDIR=$(mktemp -d "$where/wapc_fuzz_XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
export TMPDIR

symbolizer=$(command -v llvm-symbolizer-19 || command -v llvm-symbolizer || true)
[[ -z "$symbolizer" ]] || export ASAN_SYMBOLIZER_PATH=$symbolizer
length=(-max_total_time="$seconds")
((seconds > 0)) || length=(-runs=0)

# What a fuzzer tells of itself in its last words, in a line or two.
summary() {
  local edges
  edges=$(sed -n 's/^INFO: Loaded .* \(([0-9]*\) inline.*/\1/p' "$1" | tr -d '(')
  # With -runs=0 it says INITED rather than DONE.
  awk -v edges="$edges" '
    $2 == "DONE" || $2 == "INITED" { executed = substr($1, 2); for (i = 1; i < NF; ++i) if ($i == "cov:") covered = $(i + 1) }
    /^ended: / { ended = ended (ended ? ", " : "") substr($0, 8) }
    /^outcomes: / { ++functions; if (!$3) unmet = unmet " " $2; if (!$4) unfailing = unfailing " " $2 }
    END {
      print "  " executed " executions, " covered " of " edges " edges"
      if (ended) print "  calls of guests: " ended
      if (functions) print "  " functions " functions; never succeeded:" (unmet ? unmet : " none") "; never failed:" (unfailing ? unfailing : " none")
    }' "$1"
}

failed=0
for fuzzer in "${fuzzers[@]}"; do
  corpus=build/fuzz/corpus/$fuzzer
  mkdir -p "$corpus"
  seeds=(fuzz/corpus/"$fuzzer")
  [[ -d "${seeds[0]}" ]] || seeds=()
  log=build/fuzz/$fuzzer.log
  echo "$fuzzer"
  # The prefix is absolute because a fuzzer may be in another directory when it finds something.
  if WAPC_FUZZ_OUTCOMES=1 build/fuzz/fuzz/"$fuzzer" "${length[@]}" -max_len=2048 -timeout=20 \
    -rss_limit_mb=2048 -artifact_prefix="$PWD/build/fuzz/found/" "$corpus" "${seeds[@]}" \
    >"$log" 2>&1; then
    summary "$log"
  else
    grep -vE '^#|NEW_FUNC' "$log" | tail -n 60 >&2
    failed=1
  fi
done
exit $failed
