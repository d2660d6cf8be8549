#!/usr/bin/env bash
# Builds the benchmarks and prints what calls, instances, loading and WASI cost, as ratios to the floor,
# each table from one run with its parts interleaved, and how late waits end. The tables are also in
# build/bench/results.json, and drawn in results.svg beside it. --quick takes a minute or two and shows
# little more than that it runs; else some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

# CPU time would be blind to waiting, so the wall clock counts; the best of many short repetitions is
# what a noisy machine leaves comparable.
options=(--benchmark_enable_random_interleaving=true --benchmark_repetitions=50
         --benchmark_min_time=0.02)
if [[ "${1:-}" == --quick ]]; then
  options=(--benchmark_enable_random_interleaving=true --benchmark_repetitions=3
           --benchmark_min_time=0.01)
fi
programs=build/bench/bench
cmake --preset bench --log-level=WARNING >/dev/null
cmake --build --preset bench --target call_bench load_bench idle_memory wasi_bench wait_overshoot deadline_overshoot \
  soak pool_bench swap_soak tier_bench tenants_bench bench_guests >/dev/null
rm -f build/bench/results.json

# measure TABLE PROGRAM ARGUMENT...
measure() {
  "$2" "${options[@]}" --benchmark_format=json "${@:3}" 2>/dev/null | python3 bench/report.py table "$1"
}

echo "Calls and instances; a floor is a program written for one guest on that engine's own interface; of rows"
echo "with all on (a policy of 100 rules, an audit that is dropped) it is the same call without"
measure calls $programs/call_bench $programs/guest.wasm
echo
echo "Loading a guest written in Rust, 105 KB"
loaded=build/guests/rust-wasi.wasm
if [[ -e $loaded ]]; then
  measure loads $programs/load_bench $loaded
else
  echo "missing: $loaded, which the target guests builds"
fi
echo
echo "What each of 1,000 idle instances takes beyond what the guest has touched"
for who in wasmtime{,\ floor} slots{,\ floor} wasm3{,\ floor}; do
  $programs/idle_memory $programs/guest.wasm "$who"
done | python3 bench/report.py table memory
python3 bench/report.py draw
echo
echo "WASI; the floor is wasmtime's own WASI, or the same instance without WASI"
measure wasi $programs/wasi_bench $programs/wasi_guest.wasm $programs/instance.wasm \
  $programs/instance_with_wasi.wasm
echo
echo "Calls that a deadline or a stop token ends, with two threads busy"
$programs/deadline_overshoot --load 2 $programs/safety_guest.wasm $programs/safety_starts.wasm ||
  echo "more than 1 of 100 calls ended over 10 ms late; is the machine busy?"
echo
echo "What the process holds, over calls of which 1 in 100 fails, loads and replacements"
soak=(1000000 2000 5000)
[[ "${1:-}" == --quick ]] && soak=(50000 100 500)
$programs/soak $programs/safety_guest.wasm "${soak[@]}" || echo "grown; a short run may"
echo
echo "A call through an idle pool, and what a second thread brings, beside hosts of its own for each thread"
$programs/pool_bench $programs/guest.wasm
echo
echo "A pool called from 8 threads, with a new version every 100 ms"
swaps=(10000000 100)
[[ "${1:-}" == --quick ]] && swaps=(2000000 5)
$programs/swap_soak $programs/pool_versions.wasm "${swaps[@]}" || echo "grown; a short run may"
echo
echo "When a guest of 3 MB first answers, on one engine, or on both one after the other"
rounds=5
[[ "${1:-}" == --quick ]] && rounds=1
if [[ -e build/guests/go.wasm ]]; then
  $programs/tier_bench build/guests/go.wasm echo $rounds
else
  echo "missing: build/guests/go.wasm, which the target guests builds"
fi
echo
echo "Thousands of tenants, of which few fit into memory, called by two threads"
many=(4000 40000)
[[ "${1:-}" == --quick ]] && many=(500 5000 16)
$programs/tenants_bench $programs/pool_versions.wasm "${many[@]}" || echo "grown beyond its bound"
echo
echo "Waits that a deadline or a stop token ends"
$programs/wait_overshoot $programs/wasi_guest.wasm ||
  echo "more than 1 of 100 waits ended over 10 ms late; is the machine busy?"
