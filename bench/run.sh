#!/usr/bin/env bash
# Builds the benchmarks and prints what a call costs, as ratios to the floor, all from one run with its
# parts interleaved. --quick takes seconds and shows little more than that it runs; else some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

# CPU time would be blind to waiting, so the wall clock counts; the best of many short repetitions is
# what a noisy machine leaves comparable.
options=(--benchmark_enable_random_interleaving=true --benchmark_repetitions=25
         --benchmark_min_time=0.05)
if [[ "${1:-}" == --quick ]]; then
  options=(--benchmark_enable_random_interleaving=true --benchmark_repetitions=3
           --benchmark_min_time=0.01)
fi
cmake --preset bench --log-level=WARNING >/dev/null
cmake --build --preset bench --target call_bench bench_guest >/dev/null
build/bench/bench/call_bench "${options[@]}" --benchmark_format=json build/bench/bench/guest.wasm \
  2>/dev/null | python3 bench/ratios.py
